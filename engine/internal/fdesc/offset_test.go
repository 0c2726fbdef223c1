// SPDX-License-Identifier: Apache-2.0

package fdesc

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
	"vuos.dev/engine/enginetest"
)

// The same calls on a host file and on a virtual one give the same results.
func TestOffsetsAsNative(t *testing.T) {
	s, c := newStore(t), enginetest.NewCall()
	data := []byte("0123456789")
	host := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(host, data, 0o600); err != nil {
		t.Fatal(err)
	}
	hfd, err := unix.Open(host, unix.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(hfd)
	o, fd := open(t, s, &fakeNode{data: data}, unix.O_RDWR)
	defer unix.Close(fd)
	type op struct {
		what   string
		a      int64
		whence int
	}
	for i, op := range []op{
		{"read", 4, 0}, {"seek", 2, unix.SEEK_CUR}, {"read", 100, 0}, {"read", 1, 0}, {"seek", -3, unix.SEEK_END},
		{"read", 2, 0}, {"seek", -100, unix.SEEK_CUR}, {"seek", 0, unix.SEEK_CUR}, {"seek", -1, unix.SEEK_SET},
		{"seek", 5, 99}, {"write", 3, 0}, {"seek", 0, unix.SEEK_CUR}, {"append", 0, 0}, {"seek", 1, unix.SEEK_SET},
		{"write", 2, 0}, {"seek", 0, unix.SEEK_CUR}, {"pwrite", 1, 0}, {"seek", 0, unix.SEEK_CUR}, {"noappend", 0, 0}, {"seek", 20, unix.SEEK_SET}, {"write", 1, 0},
		{"seek", 3, unix.SEEK_DATA}, {"seek", 100, unix.SEEK_DATA}, {"seek", 0, unix.SEEK_HOLE}, {"trunc", 5, 0}, {"read", 1, 0},
		{"seek", 0, unix.SEEK_SET}, {"read", 100, 0}, {"trunc", -1, 0}, {"seek", 1<<63 - 1, unix.SEEK_CUR},
	} {
		p, q := make([]byte, max(op.a&127, 0)), make([]byte, max(op.a&127, 0))
		var wn, gn int64
		var werr, gerr error
		num := func(n int, err error) (int64, error) { return int64(n), err }
		switch op.what {
		case "read":
			wn, werr = num(unix.Read(hfd, p))
			gn, gerr = num(o.Read(c, fd, q))
		case "write":
			wn, werr = num(unix.Write(hfd, p))
			gn, gerr = num(o.Write(c, fd, q, 0))
		case "pwrite":
			wn, werr = num(unix.Pwrite(hfd, p, 0))
			gn, gerr = num(o.Pwrite(c, fd, q, 0, 0))
		case "seek":
			wn, werr = unix.Seek(hfd, op.a, op.whence)
			gn, gerr = o.Seek(c, -1, op.a, op.whence)
		case "trunc":
			werr, gerr = unix.Ftruncate(hfd, op.a), o.Truncate(c, op.a)
		case "append", "noappend":
			fl := 0
			if op.what == "append" {
				fl = unix.O_APPEND
			}
			unix.FcntlInt(uintptr(hfd), unix.F_SETFL, fl)
			unix.FcntlInt(uintptr(fd), unix.F_SETFL, fl)
		}
		if werr != nil {
			wn, gn = 0, 0
		}
		if wn != gn || werr != gerr || string(p) != string(q) {
			t.Errorf("%d: %v: %d, %v, %q; natively %d, %v, %q", i, op, gn, gerr, q, wn, werr, p)
		}
	}
}

// fakeDir lists names from a slice.
type fakeDir struct {
	fakeNode
	names []string
	err   error
}

func (d *fakeDir) Release(engine.Call) {}
func (d *fakeDir) ReadDir(c engine.Call, pos int64, emit func(engine.Dirent) bool) error {
	for i := pos; i < int64(len(d.names)); i++ {
		if !emit(engine.Dirent{Ino: uint64(i + 1), Off: i + 1, Type: unix.DT_REG, Name: d.names[i]}) {
			return nil
		}
	}
	return d.err
}

func openDir(t testing.TB, s *Store, d *fakeDir) (*Open, int) {
	t.Helper()
	d.typ = unix.S_IFDIR
	o, fd, err := s.Open(enginetest.NewCall(), Spec{Node: &d.fakeNode, File: d, Flags: unix.O_DIRECTORY})
	if err != nil {
		t.Fatal(err)
	}
	return o, fd
}

func TestGetdents(t *testing.T) {
	s, c := newStore(t), enginetest.NewCall()
	d := &fakeDir{names: []string{"a", "bc", strings.Repeat("n", 255), "d"}}
	o, fd := openDir(t, s, d)
	defer unix.Close(fd)
	if _, err := o.Getdents(c, make([]byte, 23), false); err != unix.EINVAL {
		t.Errorf("too small a buffer: %v", err)
	}
	var names []string
	buf := make([]byte, 290)
	for range 9 {
		n, err := o.Getdents(c, buf, false)
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			break
		}
		_, _, names = unix.ParseDirent(buf[:n], -1, names)
	}
	if fmt.Sprint(names) != fmt.Sprint(d.names) {
		t.Errorf("got %v", names)
	}
	if pos, err := o.Seek(c, fd, 1, unix.SEEK_SET); pos != 1 || err != nil {
		t.Error(pos, err)
	}
	n, err := o.Getdents(c, buf[:24], true) // struct linux_dirent
	if n != 24 || err != nil || string(buf[18:21]) != "bc\x00" || buf[23] != unix.DT_REG || buf[16] != 24 || buf[0] != 2 || buf[8] != 2 {
		t.Errorf("linux_dirent: %d, %v, %q", n, err, buf[:24])
	}
	d.err = unix.ENOENT
	o.Seek(c, fd, 3, unix.SEEK_SET)
	if n, err := o.Getdents(c, buf, false); n != 24 || err != nil {
		t.Errorf("an error behind an entry: %d, %v", n, err)
	}
	if _, err := o.Getdents(c, buf, false); err != unix.ENOENT {
		t.Errorf("removed directory: %v", err)
	}
	d.err, d.names = nil, []string{"x/y"}
	o.Seek(c, fd, 0, unix.SEEK_SET)
	if _, err := o.Getdents(c, buf, false); err != unix.EIO {
		t.Errorf("impossible name: %v", err)
	}
	if _, err := o.Read(c, fd, buf); err != unix.EBADF && err != unix.EISDIR {
		t.Errorf("read of a directory: %v", err)
	}
}

// Any buffer size and names: what comes out is what went in, and records are whole and aligned.
func FuzzGetdents(f *testing.F) {
	f.Add("a,bb,ccc,dddd", uint16(48), false)
	f.Add("x,"+strings.Repeat("long", 60)+",y", uint16(280), true)
	f.Fuzz(func(t *testing.T, list string, size uint16, old bool) {
		s, c := newStore(t), enginetest.NewCall()
		d := &fakeDir{names: strings.Split(list, ",")}
		o, fd := openDir(t, s, d)
		defer unix.Close(fd)
		buf := make([]byte, size)
		count := 0
		for {
			n, err := o.Getdents(c, buf, old)
			if err != nil || n == 0 {
				if err == nil && count != len(d.names) {
					t.Fatalf("%d entries of %d", count, len(d.names))
				}
				return
			}
			for b := buf[:n]; len(b) > 0; count++ {
				l, at := int(b[16])|int(b[17])<<8, 19
				if old {
					at = 18
				}
				if l&7 != 0 || l > len(b) || !strings.HasPrefix(string(b[at:l]), d.names[count]+"\x00") {
					t.Fatalf("entry %d: %q", count, b[:min(l, len(b))])
				}
				b = b[l:]
			}
		}
	})
}
