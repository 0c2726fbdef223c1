// SPDX-License-Identifier: Apache-2.0

package volume_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"testing"

	"golang.org/x/sys/unix"
	"vuos.dev/submods/vufuseext2/internal/e2test"
	"vuos.dev/submods/vufuseext2/internal/volume"
)

// TestRandomWrites does the same writes, truncations, holes and preallocations to a file and to a slice.
func TestRandomWrites(t *testing.T) {
	for name, args := range e2test.Flavours {
		t.Run(name, func(t *testing.T) {
			img := e2test.Mkfs(t, "32M", "", args...)
			v := open(t, img, true)
			f := mkfile(t, v, volume.Root, "f")
			var want []byte
			rnd := rand.New(rand.NewPCG(1, 2))
			grow := func(n int) {
				if n > len(want) {
					want = append(want, make([]byte, n-len(want))...)
				}
			}
			for step := range 400 {
				off, n := rnd.IntN(600000), 1+rnd.IntN(1+rnd.IntN(60000))
				if step < 20 {
					off, n = rnd.IntN(200), 1+rnd.IntN(30) // inline data has its own way
				}
				switch rnd.IntN(8) {
				case 0:
					size := uint64(off)
					must[volume.Attr](t)(v.SetAttr(f.Ino, volume.SetAttr{Size: &size}, root))
					grow(off)
					want = want[:off]
				case 1:
					punch := uint32(unix.FALLOC_FL_PUNCH_HOLE | unix.FALLOC_FL_KEEP_SIZE)
					if err := v.Fallocate(f.Ino, punch, uint64(off), uint64(n), root); err != nil {
						t.Fatal(err)
					}
					clear(want[min(off, len(want)):min(off+n, len(want))])
				case 2:
					mode := []uint32{0, unix.FALLOC_FL_ZERO_RANGE}[rnd.IntN(2)]
					err := v.Fallocate(f.Ino, mode, uint64(off), uint64(n), root)
					if errors.Is(err, unix.EOPNOTSUPP) {
						continue // no extents
					} else if err != nil {
						t.Fatal(err)
					}
					grow(off + n)
					if mode != 0 {
						clear(want[off : off+n])
					}
				default:
					data := make([]byte, n)
					for i := range data {
						data[i] = byte(rnd.Uint32())
					}
					if got, err := v.Write(f.Ino, data, uint64(off), false, root); got != n || err != nil {
						t.Fatalf("wrote %d of %d: %v", got, n, err)
					}
					grow(off + n)
					copy(want[off:], data)
				}
				if step%20 == 0 {
					if got := readAll(t, v, f, 50000); !bytes.Equal(got, want) {
						t.Fatalf("step %d: %d bytes differ from %d", step, len(got), len(want))
					}
				}
			}
			finish(t, v, img)
			v = open(t, img, false)
			if got := readAll(t, v, f, 128<<10); !bytes.Equal(got, want) {
				t.Error("contents differ after closing")
			}
		})
	}
}

// TestSeek finds data and holes as lseek(2) in ext4.
func TestSeek(t *testing.T) {
	img := e2test.Mkfs(t, "16M", "", "-t", "ext4", "-b", "4096")
	v := open(t, img, true)
	f := mkfile(t, v, volume.Root, "f")
	for _, off := range []uint64{0x10000, 5 << 30} {
		if _, err := v.Write(f.Ino, []byte("data"), off, false, root); err != nil {
			t.Fatal(err)
		}
	}
	if err := v.Fallocate(f.Ino, 0, 0x20000, 0x8000, root); err != nil {
		t.Fatal(err)
	}
	end := uint64(5<<30 + 4)
	for _, c := range []struct {
		off    uint64
		whence uint32
		want   uint64
		err    error
	}{
		{0, unix.SEEK_DATA, 0x10000, nil},
		{0, unix.SEEK_HOLE, 0, nil},
		{0x10001, unix.SEEK_DATA, 0x10001, nil},
		{0x10001, unix.SEEK_HOLE, 0x11000, nil},
		{0x11000, unix.SEEK_DATA, 5 << 30, nil},
		{5 << 30, unix.SEEK_HOLE, end, nil},
		{end, unix.SEEK_DATA, 0, unix.ENXIO},
		{end, unix.SEEK_HOLE, 0, unix.ENXIO},
		{0, unix.SEEK_END, 0, unix.EINVAL},
	} {
		got, err := v.Seek(f.Ino, c.off, c.whence)
		if got != c.want || !errors.Is(err, c.err) {
			t.Errorf("seek %d from %#x: %#x, %v, want %#x, %v", c.whence, c.off, got, err, c.want, c.err)
		}
	}
	finish(t, v, img)
}

// TestLimits checks the longest files; the numbers are what the kernel's ext4 permits.
func TestLimits(t *testing.T) {
	for flavour, limit := range map[string]uint64{
		"ext4-1k":    (1<<32 - 1) << 10,
		"ext4-4k":    (1<<32 - 1) << 12,
		"ext2-1k":    17247252480,
		"ext2-4k":    2196873666560,
		"ext4-plain": 275415851008,
	} {
		t.Run(flavour, func(t *testing.T) {
			img := e2test.Mkfs(t, "16M", "", e2test.Flavours[flavour]...)
			v := open(t, img, true)
			f := mkfile(t, v, volume.Root, "f")
			if n, err := v.Write(f.Ino, []byte("ab"), limit-1, false, root); n != 1 || err != nil {
				t.Errorf("at the limit: wrote %d, %v", n, err)
			}
			_, err := v.Write(f.Ino, []byte("ab"), limit, false, root)
			wantErr(t, "behind the limit", err, unix.EFBIG)
			if got := must[volume.Attr](t)(v.GetAttr(f.Ino)).Size; got != limit {
				t.Errorf("size %d, want %d", got, limit)
			}
			finish(t, v, img)
		})
	}
}

// TestFull fills a file system: others stop at the reserve, root at the end, and removing makes room again.
func TestFull(t *testing.T) {
	for _, flavour := range []string{"ext4-1k", "ext2-1k", "ext4-inline"} {
		t.Run(flavour, func(t *testing.T) {
			img := e2test.Mkfs(t, "8M", "", append([]string{"-N", "128"}, e2test.Flavours[flavour]...)...)
			v := open(t, img, true)
			fill := func(name string, c volume.Cred) volume.Attr {
				f := must[volume.Attr](t)(v.Mknod(volume.Root, name, unix.S_IFREG|0o644, 0, false, c))
				data := bytes.Repeat([]byte{'x'}, 100000)
				for off := uint64(0); ; {
					n, err := v.Write(f.Ino, data, off, false, c)
					if off += uint64(n); err != nil {
						wantErr(t, "filling", err, unix.ENOSPC)
						return f
					}
				}
			}
			user := volume.Cred{UID: 1000, GID: 1000}
			f := fill("user", user)
			st := must[volume.Statfs](t)(v.Statfs())
			if st.Free == 0 || st.Avail != 0 {
				t.Errorf("after the user: %d free, %d available", st.Free, st.Avail)
			}
			fill("root", root)
			if st := must[volume.Statfs](t)(v.Statfs()); st.Free > 8 {
				t.Errorf("after root: %d free", st.Free)
			}
			if err := v.Unlink(volume.Root, "user"); err != nil {
				t.Fatal(err)
			}
			// The kernel has not forgotten the file, but nobody has it open: there must be space at once.
			g := must[volume.Attr](t)(v.Mknod(volume.Root, "again", unix.S_IFREG|0o644, 0, false, root))
			if _, err := v.Write(g.Ino, bytes.Repeat([]byte{'y'}, 100000), 0, false, root); err != nil {
				t.Errorf("after removing: %v", err)
			}
			v.Forget(f.Ino, 1)
			var err error
			for i := 0; err == nil; i++ {
				_, err = v.Mknod(volume.Root, string(rune('A'+i)), unix.S_IFREG, 0, false, root)
			}
			wantErr(t, "no more inodes", err, unix.ENOSPC)
			finish(t, v, img)
		})
	}
}

// TestXattrs compares what was set with what is there, up to what does not fit.
func TestXattrs(t *testing.T) {
	for _, flavour := range []string{"ext4-4k", "ext4-inline", "ext2-1k", "ext2-old"} {
		t.Run(flavour, func(t *testing.T) {
			img := e2test.Mkfs(t, "8M", "", e2test.Flavours[flavour]...)
			v := open(t, img, true)
			f := mkfile(t, v, volume.Root, "f")
			if _, err := v.Write(f.Ino, []byte("contents"), 0, false, root); err != nil {
				t.Fatal(err)
			}
			want := map[string][]byte{
				"user.a": []byte("1"), "user.empty": nil, "trusted.t": bytes.Repeat([]byte("t"), 300), "security.s": []byte("s"),
			}
			for name, value := range want {
				if err := v.Setxattr(f.Ino, name, value, unix.XATTR_CREATE); err != nil {
					t.Fatalf("%s: %v", name, err)
				}
			}
			wantErr(t, "create again", v.Setxattr(f.Ino, "user.a", nil, unix.XATTR_CREATE), unix.EEXIST)
			wantErr(t, "replace nothing", v.Setxattr(f.Ino, "user.z", nil, unix.XATTR_REPLACE), unix.ENODATA)
			wantErr(t, "unknown class", v.Setxattr(f.Ino, "other.z", nil, 0), unix.EOPNOTSUPP)
			wantErr(t, "too much", v.Setxattr(f.Ino, "user.big", make([]byte, 60000), 0), unix.ENOSPC)
			wantErr(t, "remove nothing", v.Removexattr(f.Ino, "user.z"), unix.ENODATA)
			finish(t, v, img)
			v = open(t, img, true)
			names := bytes.Split(bytes.TrimSuffix(must[[]byte](t)(v.Listxattr(f.Ino, root)), []byte{0}), []byte{0})
			if len(names) != len(want) {
				t.Errorf("names %q", names)
			}
			for name, value := range want {
				if got := must[[]byte](t)(v.Getxattr(f.Ino, name)); !bytes.Equal(got, value) {
					t.Errorf("%s: %q, want %q", name, got, value)
				}
			}
			if list := must[[]byte](t)(v.Listxattr(f.Ino, volume.Cred{UID: 1})); bytes.Contains(list, []byte("trusted")) {
				t.Errorf("a user sees %q", list)
			}
			if err := v.Removexattr(f.Ino, "trusted.t"); err != nil {
				t.Fatal(err)
			}
			if got := readAll(t, v, f, 100); string(got) != "contents" {
				t.Errorf("the file holds %q", got)
			}
			if err := v.Unlink(volume.Root, "f"); err != nil {
				t.Fatal(err)
			}
			finish(t, v, img)
		})
	}
}
