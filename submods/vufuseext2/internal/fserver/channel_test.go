// SPDX-License-Identifier: Apache-2.0

package fserver_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/hanwen/go-fuse/v2/fuse"
	"golang.org/x/sys/unix"
	"vuos.dev/submods/vufuseext2/internal/e2test"
	"vuos.dev/submods/vufuseext2/internal/fserver"
	"vuos.dev/submods/vufuseext2/internal/volume"
)

// Opcodes of include/uapi/linux/fuse.h.
const (
	opLookup  = 1
	opForget  = 2
	opGetattr = 3
	opOpen    = 14
	opRead    = 15
	opWrite   = 16
	opRelease = 18
	opInit    = 26
	opOpendir = 27
	opReaddir = 28
	opCreate  = 35
	opDestroy = 38
	opPlus    = 44
)

// client is the kernel's part, by hand, on a SOCK_SEQPACKET socket as a view has instead of /dev/fuse.
type client struct {
	t      *testing.T
	fd     int
	unique uint64
	served chan struct{}
}

// dial serves a volume on one end of a socket pair and agrees on the protocol from the other.
func dial(t *testing.T, v *volume.Volume) *client {
	t.Helper()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, fd := range fds {
		if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_SNDBUF, 512<<10); err != nil {
			t.Fatal(err)
		}
	}
	c := &client{t: t, fd: fds[0], served: make(chan struct{})}
	started := make(chan error, 1)
	go func() {
		defer close(c.served)
		srv, err := fuse.NewServer(fserver.New(v, t.Logf), fmt.Sprintf("/dev/fd/%d", fds[1]),
			&fuse.MountOptions{MaxWrite: 128 << 10, DisableSplice: true, ExplicitDataCacheControl: true})
		started <- err
		if err == nil {
			srv.Serve()
		}
	}()
	out := c.must(opInit, 0, words(7, 38, 128<<10, ^uint32(0)&^(1<<30), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))
	if err := <-started; err != nil {
		t.Fatal(err)
	}
	if major, maxWrite := u32(out, 0), u32(out, 20); major != 7 || maxWrite > 128<<10 {
		t.Errorf("INIT: protocol %d, max_write %d", major, maxWrite)
	}
	t.Cleanup(c.hangUp)
	return c
}

// hangUp closes the channel; the server must end by itself.
func (c *client) hangUp() {
	if c.fd < 0 {
		return
	}
	unix.Close(c.fd)
	c.fd = -1
	<-c.served
}

func words(list ...uint32) []byte {
	var b []byte
	for _, w := range list {
		b = binary.LittleEndian.AppendUint32(b, w)
	}
	return b
}

func u32(b []byte, off int) uint32 { return binary.LittleEndian.Uint32(b[off:]) }
func u64(b []byte, off int) uint64 { return binary.LittleEndian.Uint64(b[off:]) }

// call sends one request as one message and reads its reply, one message too.
func (c *client) call(op uint32, node uint64, body []byte) ([]byte, unix.Errno) {
	c.t.Helper()
	c.send(op, node, body)
	buf := make([]byte, 256<<10)
	n, err := unix.Read(c.fd, buf)
	if err != nil {
		c.t.Fatalf("reply to %d: %v", op, err)
	}
	if n < 16 || u32(buf, 0) != uint32(n) || u64(buf, 8) != c.unique {
		c.t.Fatalf("reply to %d: % x", op, buf[:min(n, 32)])
	}
	return buf[16:n], unix.Errno(-int32(u32(buf, 4)))
}

func (c *client) send(op uint32, node uint64, body []byte) {
	c.t.Helper()
	c.unique += 2
	msg := words(uint32(40+len(body)), op)
	msg = binary.LittleEndian.AppendUint64(msg, c.unique)
	msg = binary.LittleEndian.AppendUint64(msg, node)
	msg = append(append(msg, words(0, 0, 1, 0)...), body...)
	if n, err := unix.Write(c.fd, msg); err != nil || n != len(msg) {
		c.t.Fatalf("request %d: %d, %v", op, n, err)
	}
}

func (c *client) must(op uint32, node uint64, body []byte) []byte {
	c.t.Helper()
	out, errno := c.call(op, node, body)
	if errno != 0 {
		c.t.Fatalf("request %d on node %d: %v", op, node, errno)
	}
	return out
}

func readBody(fh, off uint64, n uint32) []byte {
	b := binary.LittleEndian.AppendUint64(nil, fh)
	b = binary.LittleEndian.AppendUint64(b, off)
	return append(b, words(n, 0, 0, 0, 0, 0)...)
}

func name(s string) []byte { return append([]byte(s), 0) }

// TestChannelRead does what a client does to read a file, and gets the image's inode numbers and long timeouts.
func TestChannelRead(t *testing.T) {
	dir := e2test.Tree(t)
	v, err := volume.Open(e2test.Mkfs(t, "32M", dir, "-t", "ext4"), volume.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	c := dial(t, v)
	root := c.must(opGetattr, 1, make([]byte, 16))
	if ino, mode := u64(root, 16), u32(root, 16+60); ino != 2 || mode&unix.S_IFMT != unix.S_IFDIR {
		t.Errorf("root: inode %d, mode %o", ino, mode)
	}
	e := c.must(opLookup, 1, name("size300000"))
	node, valid := u64(e, 0), u64(e, 16)
	if node != u64(e, 40) || node < 11 || valid < 3600 || u64(e, 24) < 3600 {
		t.Errorf("node %d for inode %d, valid for %d s", node, u64(e, 40), valid)
	}
	if u64(e, 48) != 300000 {
		t.Errorf("size %d", u64(e, 48))
	}
	missing := c.must(opLookup, 1, name("none"))
	if u64(missing, 0) != 0 || u64(missing, 16) < 3600 {
		t.Errorf("a missing name: node %d for %d s", u64(missing, 0), u64(missing, 16))
	}
	if _, errno := c.call(opLookup, node, name("x")); errno != unix.ENOTDIR {
		t.Errorf("lookup in a file: %v", errno)
	}
	if _, errno := c.call(opGetattr, 2, make([]byte, 16)); errno == 0 {
		t.Error("the root has a second node id")
	}
	// Without OPEN the kernel keeps pages, and needs no RELEASE.
	if _, errno := c.call(opOpen, node, words(unix.O_RDONLY, 0)); errno != unix.ENOSYS {
		t.Errorf("open of a volume that is only read: %v", errno)
	}
	var got []byte
	for off := uint64(0); off < 300000; off += 128 << 10 {
		got = append(got, c.must(opRead, node, readBody(0, off, 128<<10))...)
	}
	want, _ := os.ReadFile(filepath.Join(dir, "size300000"))
	if !bytes.Equal(got, want) {
		t.Error("contents differ")
	}
	c.send(opForget, node, words(1, 0)) // has no reply
	c.must(opGetattr, node, make([]byte, 16))
}

// TestChannelList lists a directory with and without attributes in small pieces. Where nothing can change it is not opened for that.
func TestChannelList(t *testing.T) {
	img := e2test.Mkfs(t, "32M", e2test.Tree(t), "-t", "ext4")
	t.Run("ro", func(t *testing.T) { testChannelList(t, img, false) })
	t.Run("rw", func(t *testing.T) { testChannelList(t, img, true) })
}

func testChannelList(t *testing.T, img string, write bool) {
	v, err := volume.Open(img, volume.Options{Write: write})
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	c := dial(t, v)
	node := u64(c.must(opLookup, 1, name("many")), 0)
	for _, op := range []uint32{opReaddir, opPlus} {
		fh := uint64(0)
		if write {
			fh = u64(c.must(opOpendir, node, words(0, 0)), 0)
		} else if _, errno := c.call(opOpendir, node, words(0, 0)); errno != unix.ENOSYS {
			t.Errorf("opendir: %v, want ENOSYS", errno)
		}
		seen := map[string]bool{}
		for off := uint64(0); ; {
			out := c.must(op, node, readBody(fh, off, 1000))
			if len(out) == 0 {
				break
			}
			for len(out) > 0 {
				if op == opPlus {
					out = out[128:] // struct fuse_entry_out
				}
				n := int(u32(out, 16))
				off = u64(out, 8)
				seen[string(out[24:24+n])] = true
				out = out[min(len(out), (24+n+7)&^7):]
			}
		}
		if len(seen) != 402 {
			t.Errorf("%d entries, want 402", len(seen))
		}
	}
}

// TestChannelWrite writes 128 KiB in one message; closing the channel ends the server, with all of it on the image.
func TestChannelWrite(t *testing.T) {
	img := e2test.Mkfs(t, "8M", "", "-t", "ext4")
	v, err := volume.Open(img, volume.Options{Write: true})
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	c := dial(t, v)
	out := c.must(opCreate, 1, append(words(unix.O_RDWR, unix.S_IFREG|0o640, 0, 0), name("f")...))
	node := u64(out, 0)
	data := bytes.Repeat([]byte("0123456789abcdef"), 8<<10)
	body := append(readBody(u64(out, 128), 100, uint32(len(data))), data...)
	if got := u32(c.must(opWrite, node, body), 0); got != uint32(len(data)) {
		t.Errorf("wrote %d", got)
	}
	if got := c.must(opRead, node, readBody(0, 0, 200)); !bytes.Equal(got, append(make([]byte, 100), data[:100]...)) {
		t.Errorf("read %q", got)
	}
	c.hangUp()
	if err := v.Close(); err != nil {
		t.Fatal(err)
	}
	e2test.Fsck(t, img)
	v, err = volume.Open(img, volume.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	if a, err := v.Lookup(volume.Root, "f"); err != nil || a.Size != uint64(100+len(data)) {
		t.Errorf("afterwards: %d bytes, %v", a.Size, err)
	}
}
