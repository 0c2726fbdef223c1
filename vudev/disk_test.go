// SPDX-License-Identifier: Apache-2.0

package vudev_test

import (
	"bytes"
	"errors"
	"testing"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
	"vuos.dev/vudev"
	"vuos.dev/vudev/vudevtest"
)

// memory is a disk in memory that can shrink.
type memory struct{ data []byte }

func (m *memory) ReadAt(_ engine.Call, p []byte, off int64) (int, error) {
	return copy(p, m.data[min(off, int64(len(m.data))):]), nil
}

func (m *memory) WriteAt(_ engine.Call, p []byte, off int64) (int, error) {
	return copy(m.data[off:], p), nil
}
func (m *memory) Size(engine.Call) (int64, error) { return int64(len(m.data)), nil }
func (m *memory) Close(engine.Call)               {}

// erasable is one that can be discarded.
type erasable struct{ *memory }

func (e erasable) Discard(_ engine.Call, off, length int64) error {
	clear(e.data[off : off+length])
	return nil
}

// disk is the driver of a given device.
func disk(d vudev.Device) vudev.Submodule {
	return vudev.Submodule{
		Name: "test", Type: unix.S_IFBLK, Partitioned: true,
		Open: func(engine.Call, *vudev.Request) (vudev.Device, error) { return d, nil },
	}
}

// entry is one of an MBR.
type entry struct {
	typ           byte
	start, length uint32 // sectors
}

// partitioned is a disk of n sectors with an MBR.
func partitioned(n int, entries ...entry) erasable {
	m := &memory{make([]byte, n*512)}
	putMBR(m.data, entries...)
	return erasable{m}
}

func putMBR(b []byte, entries ...entry) {
	clear(b[446:510])
	for i, e := range entries {
		at := b[446+16*i:]
		at[4] = e.typ
		le := func(at []byte, n uint32) { at[0], at[1], at[2], at[3] = byte(n), byte(n>>8), byte(n>>16), byte(n>>24) }
		le(at[8:], e.start)
		le(at[12:], e.length)
	}
	b[510], b[511] = 0x55, 0xaa
}

// A partition is what its table says and nothing of what is around it.
func TestBounds(t *testing.T) {
	d := partitioned(4096, entry{0x83, 8, 16}, entry{0x83, 24, 16})
	m := vudevtest.Mount(t, disk(d), "none", "")
	f := m.Open("1", unix.O_RDWR)
	if size, err := f.Size(); size != 16*512 || err != nil {
		t.Fatalf("size %d, %v", size, err)
	}
	p := bytes.Repeat([]byte{0xa5}, 1024)
	for _, w := range []struct {
		off  int64
		want int
		err  error
	}{{0, 1024, nil}, {15 * 512, 512, nil}, {16*512 - 1, 1, nil}, {16 * 512, 0, unix.ENOSPC}, {1 << 40, 0, unix.ENOSPC}} {
		if n, err := f.Pwrite(p, w.off); n != w.want || err != w.err {
			t.Errorf("write at %d: %d, %v", w.off, n, err)
		}
		if n, err := f.Pread(make([]byte, 1024), w.off); n != w.want || err != nil {
			t.Errorf("read at %d: %d, %v", w.off, n, err)
		}
	}
	for i, b := range d.data[1024:] { // behind the table and the sector after it
		at := i + 1024
		if in := at >= 8*512 && at < 24*512; !in && b != 0 {
			t.Fatalf("byte %d outside was written", at)
		}
	}
}

// An image that shrinks while it is mounted: what is gone is an error, not zeros and not the end.
func TestShrinks(t *testing.T) {
	d := partitioned(4096, entry{0x83, 2048, 1024})
	m := vudevtest.Mount(t, disk(d), "none", "")
	f := m.Open("1", unix.O_RDWR)
	d.data = d.data[:2049*512]
	if n, err := f.Pread(make([]byte, 1024), 0); n != 512 || err != nil {
		t.Errorf("read across the new end: %d, %v", n, err)
	}
	if _, err := f.Pread(make([]byte, 512), 512); err != unix.EIO {
		t.Errorf("read behind the new end: %v", err)
	}
}

// Entries that lie outside the disk are cut or left out, as block/partitions does; those that overlap are both there.
func TestOddTables(t *testing.T) {
	d := partitioned(1000, entry{0x83, 10, 100}, entry{0x83, 50, 100}, entry{0x83, 900, 5000}, entry{0x83, 2000, 10})
	m := vudevtest.Mount(t, disk(d), "none", "")
	if got := m.Parts(); got != "1 2 3" {
		t.Fatalf("partitions %s", got)
	}
	for number, sectors := range map[string]int64{"1": 100, "2": 100, "3": 100} {
		if size, _ := m.Open(number, unix.O_RDONLY).Size(); size != sectors*512 {
			t.Errorf("partition %s has %d bytes", number, size)
		}
	}
}

// The rules of block/bdev.c:bd_may_claim(), and those of opening what is read-only.
func TestClaims(t *testing.T) {
	d := partitioned(4096, entry{0x83, 8, 16}, entry{0x83, 24, 16})
	m := vudevtest.Mount(t, disk(d), "none", "")
	whole := m.Open("", unix.O_RDONLY|unix.O_EXCL)
	for _, number := range []string{"", "1"} {
		if _, err := m.TryOpen(number, unix.O_RDONLY|unix.O_EXCL); err != unix.EBUSY {
			t.Errorf("%q is to be had twice: %v", number, err)
		}
		m.Open(number, unix.O_RDWR).Close() // without O_EXCL nobody is in the way
	}
	whole.Close()
	part := m.Open("1", unix.O_RDWR|unix.O_EXCL)
	if _, err := m.TryOpen("", unix.O_EXCL); err != unix.EBUSY {
		t.Errorf("the disk is to be had with a partition in use: %v", err)
	}
	m.Open("2", unix.O_EXCL).Close()
	if err := part.Ioctl(unix.BLKROSET, vudevtest.Memory{1, 0, 0, 0}); err != nil {
		t.Fatal(err)
	}
	if _, err := part.Pwrite([]byte{1}, 0); err != unix.EPERM {
		t.Errorf("write to what has become read-only: %v", err)
	}
	if _, err := m.TryOpen("1", unix.O_WRONLY); err != unix.EACCES {
		t.Errorf("open for writing of what is read-only: %v", err)
	}
}

// Options that a driver does not know are refused with a message, and nothing is left behind.
func TestOptions(t *testing.T) {
	for _, bad := range []string{"nonsense", "mode=9", "uid=x", "major=-1", "major=4096", "minor=1048576", "nonsense=1,mode=600"} {
		var me *engine.MountError
		if _, err := vudevtest.TryMount(t, disk(partitioned(64)), "none", bad); !errors.As(err, &me) || !errors.Is(me.Err, unix.EINVAL) {
			t.Errorf("%s: %v", bad, err)
		}
	}
	m := vudevtest.Mount(t, disk(partitioned(64)), "none", "mode=640,uid=5,gid=6,major=3,minor=64,devid,rw")
	var st unix.Statx_t
	if err := m.Node("").Stat(m.Host.Background(), &st); err != nil {
		t.Fatal(err)
	}
	if st.Mode != unix.S_IFBLK|0o640 || st.Uid != 5 || st.Gid != 6 || st.Rdev_major != 3 || st.Rdev_minor != 64 {
		t.Errorf("%#o %d %d %d:%d", st.Mode, st.Uid, st.Gid, st.Rdev_major, st.Rdev_minor)
	}
}
