// SPDX-License-Identifier: Apache-2.0

package syscalls

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"

	"golang.org/x/sys/unix"
)

var getdentsCases = []Case{
	{"getdents64/entries", Anyone, getdentsEntries},
	{"getdents64/small-buffer", Anyone, getdentsSmall},
	{"getdents64/rewind-and-seek", Anyone, getdentsSeek},
	{"getdents64/delete-while-reading", Anyone, getdentsDelete},
	{"getdents64/ten-thousand", Anyone, getdentsMany},
	{"getdents64/errors", Anyone, getdentsErrors},
	{"getdents64/empty", Anyone, getdentsEmpty},
	{"getdents/old-layout", Anyone, getdentsOld},
	{"getdents64/shared-offset", Anyone, getdentsShared},
}

// entry is one directory entry of getdents64.
type entry struct {
	ino  uint64
	off  int64
	kind byte
	name string
}

// direntHead is the length in bytes of struct linux_dirent64 before the name.
const direntHead = 19

// parseEntries takes apart what getdents64 returned.
func (t *T) parseEntries(b []byte) (list []entry) {
	for len(b) > 0 {
		if len(b) < direntHead {
			t.Fatalf("%d stray bytes behind the last entry", len(b))
		}
		n := int(binary.LittleEndian.Uint16(b[16:]))
		if n < direntHead+1 || n > len(b) || n%8 != 0 {
			t.Fatalf("d_reclen %d with %d bytes left", n, len(b))
		}
		name, _, ok := bytes.Cut(b[direntHead:n], []byte{0})
		t.Check(ok, "name %q is not terminated", name)
		list = append(list, entry{binary.LittleEndian.Uint64(b), int64(binary.LittleEndian.Uint64(b[8:])), b[18], string(name)})
		b = b[n:]
	}
	return list
}

// rest reads a directory from the offset of fd to its end, size bytes at a time.
func (t *T) rest(fd, size int) (list []entry) {
	b := make([]byte, size)
	for {
		n := t.Do(unix.SYS_GETDENTS64, fd, b, size)
		if n == 0 {
			return list
		}
		list = append(list, t.parseEntries(b[:n])...)
	}
}

// entries lists a directory, `.` and `..` included.
func (t *T) entries(dir string, size int) []entry {
	fd := t.Open(dir, unix.O_RDONLY|unix.O_DIRECTORY, 0)
	defer t.Close(fd)
	return t.rest(fd, size)
}

// names lists a directory in alphabetical order, without `.` and `..`.
func (t *T) names(dir string) []string { return entryNames(t.entries(dir, 1<<15)) }

func entryNames(list []entry) (names []string) {
	for _, e := range list {
		if e.name != "." && e.name != ".." {
			names = append(names, e.name)
		}
	}
	slices.Sort(names)
	return names
}

func getdentsEntries(t *T) {
	t.File("f", "")
	t.Mkdir("d")
	t.Symlink("x", "l")
	t.Do(unix.SYS_MKNOD, t.Path("p"), unix.S_IFIFO|0o600, 0)
	want := map[string]byte{".": unix.DT_DIR, "..": unix.DT_DIR, "f": unix.DT_REG, "d": unix.DT_DIR, "l": unix.DT_LNK, "p": unix.DT_FIFO}
	for _, e := range t.entries(t.Dir, 4096) {
		k, ok := want[e.name]
		t.Check(ok, "entry %q is unexpected or there twice", e.name)
		t.Check(e.kind == k || e.kind == unix.DT_UNKNOWN, "%q has type %d, want %d", e.name, e.kind, k)
		t.Check(e.ino != 0, "%q has inode number 0", e.name)
		delete(want, e.name)
	}
	t.Check(len(want) == 0, "missing entries: %v", want)
}

func getdentsSmall(t *T) {
	long := string(bytes.Repeat([]byte{'n'}, 100))
	t.File("a", "")
	t.File(long, "")
	t.File("z", "")
	all := entryNames(t.entries(t.Dir, 1<<15))
	t.Check(slices.Equal(entryNames(t.entries(t.Dir, 120)), all), "a buffer of 120 bytes gives other entries")
	t.Check(slices.Equal(entryNames(t.entries(t.Dir, 200)), all), "a buffer of 200 bytes gives other entries")
	fd := t.OpenDir()
	t.Fails(unix.EINVAL, unix.SYS_GETDENTS64, fd, make([]byte, 16), 16)
	t.Fails(unix.EINVAL, unix.SYS_GETDENTS64, fd, make([]byte, 16), 0)
	same(t, "entries after EINVAL", len(t.rest(fd, 4096)), 5)
	// An entry that does not fit ends a call when there is one before it.
	fd = t.OpenDir()
	for {
		n, err := sys(unix.SYS_GETDENTS64, fd, make([]byte, 64), 64)
		if err != nil {
			same(t, "error at the long name", err, error(unix.EINVAL))
			break
		}
		if n == 0 {
			t.Errorf("the long name was left out")
			break
		}
	}
}

func getdentsSeek(t *T) {
	for i := range 100 {
		t.File(fmt.Sprintf("file%02d", i), "")
	}
	fd := t.OpenDir()
	all := t.rest(fd, 512)
	same(t, "entries", len(all), 102)
	t.Returns(0, unix.SYS_GETDENTS64, fd, make([]byte, 512), 512)
	t.Returns(0, unix.SYS_LSEEK, fd, 0, unix.SEEK_SET)
	t.Check(slices.Equal(t.rest(fd, 4096), all), "after a rewind the directory reads differently")
	for _, i := range []int{0, 1, 50, 99, 100} {
		t.Do(unix.SYS_LSEEK, fd, all[i].off, unix.SEEK_SET)
		t.Check(slices.Equal(t.rest(fd, 300), all[i+1:]), "from d_off of entry %d on the directory reads differently", i)
	}
	t.Returns(0, unix.SYS_LSEEK, fd, 0, unix.SEEK_SET)
	t.File("later", "")
	t.Check(slices.Contains(entryNames(t.rest(fd, 4096)), "later"), "a rewind does not show a new entry")
}

// Entries present during the whole reading are seen exactly once, whatever is removed.
func getdentsDelete(t *T) {
	const count = 300
	for i := range count {
		t.File(fmt.Sprintf("f%03d", i), "")
	}
	fd := t.OpenDir()
	b := make([]byte, 512)
	seen := 0
	for {
		n := t.Do(unix.SYS_GETDENTS64, fd, b, len(b))
		if n == 0 {
			break
		}
		for _, name := range entryNames(t.parseEntries(b[:n])) {
			t.Do(unix.SYS_UNLINK, t.Path(name))
			seen++
		}
	}
	same(t, "entries seen", seen, count)
	same(t, "entries left", len(t.names(t.Dir)), 0)
}

func getdentsMany(t *T) {
	const count = 10_000
	dir := t.OpenDir()
	for i := range count {
		t.Do(unix.SYS_MKNODAT, dir, fmt.Sprintf("entry-%05d", i), unix.S_IFREG|0o644, 0)
	}
	names := t.names(t.Dir)
	same(t, "entries", len(names), count)
	same(t, "distinct entries", len(slices.Compact(names)), count)
	for i := range count {
		t.Do(unix.SYS_UNLINKAT, dir, fmt.Sprintf("entry-%05d", i), 0)
	}
	same(t, "entries left", len(t.names(t.Dir)), 0)
}

func getdentsErrors(t *T) {
	b := make([]byte, 512)
	t.Fails(unix.ENOTDIR, unix.SYS_GETDENTS64, t.Open(t.File("f", ""), unix.O_RDONLY, 0), b, 512)
	t.Fails(unix.EBADF, unix.SYS_GETDENTS64, -1, b, 512)
	t.Fails(unix.EFAULT, unix.SYS_GETDENTS64, t.OpenDir(), nil, 512)
	t.Fails(unix.ENOTDIR, unix.SYS_GETDENTS, t.Open(t.Path("f"), unix.O_RDONLY, 0), b, 512)
	g := newGuarded(t, 1)
	t.Fails(unix.EFAULT, unix.SYS_GETDENTS64, t.OpenDir(), g.behind(), 512)
}

func getdentsEmpty(t *T) {
	d := t.Mkdir("d")
	list := t.entries(d, 512)
	same(t, "entries", len(list), 2)
	for _, e := range list {
		t.SameInode(unix.Stat_t{Dev: t.Stat(d).Dev, Ino: e.ino}, t.Stat(d+"/"+e.name))
	}
}

// struct linux_dirent has the type in its last byte.
func getdentsOld(t *T) {
	t.File("f", "")
	b := make([]byte, 512)
	b = b[:t.Do(unix.SYS_GETDENTS, t.OpenDir(), b, 512)]
	var names []string
	for len(b) > 0 {
		n := int(binary.LittleEndian.Uint16(b[16:]))
		name, _, _ := bytes.Cut(b[18:n], []byte{0})
		names = append(names, string(name))
		if k := b[n-1]; string(name) == "f" && k != unix.DT_UNKNOWN {
			same(t, "d_type", k, unix.DT_REG)
		}
		b = b[n:]
	}
	slices.Sort(names)
	same(t, "names", fmt.Sprint(names), "[. .. f]")
}

func getdentsShared(t *T) {
	t.File("f", "")
	fd := t.OpenDir()
	d := t.Do(unix.SYS_DUP, fd)
	same(t, "entries", len(t.rest(fd, 4096)), 3)
	same(t, "entries by the duplicate", len(t.rest(d, 4096)), 0)
	same(t, "entries by another open", len(t.rest(t.OpenDir(), 4096)), 3)
}
