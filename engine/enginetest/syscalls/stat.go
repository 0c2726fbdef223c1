// SPDX-License-Identifier: Apache-2.0

package syscalls

import (
	"bytes"
	"encoding/binary"

	"golang.org/x/sys/unix"
)

var statCases = []Case{
	{"stat/all-forms-agree", Anyone, statForms},
	{"stat/layout", Anyone, statLayout},
	{"stat/types", Anyone, statTypes},
	{"stat/symlink", Anyone, statSymlink},
	{"stat/errors", Anyone, statErrors},
	{"stat/empty-path", Anyone, statEmptyPath},
	{"stat/null-path", Anyone, statNullPath},
	{"stat/pipe-and-socket", Anyone, statPipe},
}

func statForms(t *T) {
	p := t.File("f", "abc")
	dir, fd := t.OpenDir(), t.Open(p, unix.O_RDONLY, 0)
	var want, got unix.Stat_t
	t.Do(unix.SYS_STAT, p, &want)
	for _, c := range [][]any{
		{unix.SYS_LSTAT, p, &got}, {unix.SYS_FSTAT, fd, &got},
		{unix.SYS_NEWFSTATAT, unix.AT_FDCWD, p, &got, 0}, {unix.SYS_NEWFSTATAT, dir, "f", &got, 0},
		{unix.SYS_NEWFSTATAT, -5, p, &got, unix.AT_SYMLINK_NOFOLLOW},
		{unix.SYS_NEWFSTATAT, fd, "", &got, unix.AT_EMPTY_PATH},
		{unix.SYS_NEWFSTATAT, dir, "./f", &got, unix.AT_NO_AUTOMOUNT},
	} {
		got = unix.Stat_t{}
		t.Do(uintptr(c[0].(int)), c[1:]...)
		same(t, callName(uintptr(c[0].(int))), got, want)
	}
}

// struct stat of x86-64 has 144 bytes; the kernel writes exactly those, padding as 0.
func statLayout(t *T) {
	fd := t.Open(t.File("f", "hello"), unix.O_RDONLY, 0)
	b := bytes.Repeat([]byte{0xaa}, 160)
	t.Do(unix.SYS_FSTAT, fd, b)
	st := t.Fstat(fd)
	le := binary.LittleEndian
	same(t, "st_dev", le.Uint64(b[0:]), st.Dev)
	same(t, "st_ino", le.Uint64(b[8:]), st.Ino)
	same(t, "st_nlink", le.Uint64(b[16:]), 1)
	same(t, "st_mode", le.Uint32(b[24:]), unix.S_IFREG|0o644)
	same(t, "st_uid", int(le.Uint32(b[28:])), unix.Geteuid())
	same(t, "padding", le.Uint32(b[36:]), 0)
	same(t, "st_rdev", le.Uint64(b[40:]), 0)
	same(t, "st_size", le.Uint64(b[48:]), 5)
	t.Check(le.Uint64(b[56:]) >= 512, "st_blksize is %d", le.Uint64(b[56:]))
	same(t, "st_mtime", int64(le.Uint64(b[88:])), st.Mtim.Sec)
	same(t, "reserved", string(b[120:144]), string(make([]byte, 24)))
	same(t, "behind the structure", string(b[144:]), string(bytes.Repeat([]byte{0xaa}, 16)))
}

func statTypes(t *T) {
	t.Do(unix.SYS_MKNODAT, unix.AT_FDCWD, t.Path("p"), unix.S_IFIFO|0o600, 0)
	t.Symlink("x", "l")
	t.bindAt(t.Do(unix.SYS_SOCKET, unix.AF_UNIX, unix.SOCK_STREAM, 0), "s")
	for path, want := range map[string]uint32{
		t.Mkdir("d"): unix.S_IFDIR, t.File("f", ""): unix.S_IFREG, t.Path("p"): unix.S_IFIFO,
		t.Path("l"): unix.S_IFLNK, t.Path("s"): unix.S_IFSOCK, "/dev/null": unix.S_IFCHR, "/": unix.S_IFDIR,
	} {
		same(t, path, t.Lstat(path).Mode&unix.S_IFMT, want)
	}
}

func statSymlink(t *T) {
	f := t.Stat(t.File("f", "abc"))
	l := t.Symlink("f", "l")
	t.SameInode(t.Stat(l), f)
	st := t.Lstat(l)
	same(t, "mode", st.Mode, unix.S_IFLNK|0o777)
	same(t, "size", st.Size, 1)
	same(t, "links", st.Nlink, 1)
	t.Check(st.Ino != f.Ino, "link and target have the same inode number")
	t.Symlink("no", "m")
	t.Fails(unix.ENOENT, unix.SYS_STAT, t.Path("m"), &st)
	t.Do(unix.SYS_LSTAT, t.Path("m"), &st)
}

func statErrors(t *T) {
	p := t.File("f", "")
	var st unix.Stat_t
	for _, nr := range []uintptr{unix.SYS_STAT, unix.SYS_LSTAT} {
		t.Fails(unix.ENOENT, nr, t.Path("no"), &st)
		t.Fails(unix.ENOENT, nr, "", &st)
		t.Fails(unix.ENOTDIR, nr, p+"/x", &st)
		t.Fails(unix.EFAULT, nr, p, nil)
		t.Fails(unix.EFAULT, nr, nil, &st)
	}
	t.Fails(unix.EBADF, unix.SYS_FSTAT, -1, &st)
	t.Fails(unix.EFAULT, unix.SYS_FSTAT, t.OpenDir(), nil)
	t.Fails(unix.EINVAL, unix.SYS_NEWFSTATAT, unix.AT_FDCWD, p, &st, 1)
	t.Fails(unix.EINVAL, unix.SYS_NEWFSTATAT, unix.AT_FDCWD, p, &st, unix.AT_SYMLINK_FOLLOW)
	t.Fails(unix.EBADF, unix.SYS_NEWFSTATAT, -1, "f", &st, 0)
	t.Fails(unix.ENOTDIR, unix.SYS_NEWFSTATAT, t.Open(p, unix.O_RDONLY, 0), "f", &st, 0)
}

func statEmptyPath(t *T) {
	p := t.File("f", "abc")
	var st unix.Stat_t
	t.Do(unix.SYS_NEWFSTATAT, t.Open(p, unix.O_PATH, 0), "", &st, unix.AT_EMPTY_PATH)
	t.SameInode(st, t.Stat(p))
	t.Do(unix.SYS_NEWFSTATAT, t.OpenDir(), "", &st, unix.AT_EMPTY_PATH|unix.AT_SYMLINK_NOFOLLOW)
	t.SameInode(st, t.Stat(t.Dir))
	t.Do(unix.SYS_CHDIR, t.Dir)
	t.Cleanup(func() { unix.Chdir("/") })
	t.Do(unix.SYS_NEWFSTATAT, unix.AT_FDCWD, "", &st, unix.AT_EMPTY_PATH)
	t.SameInode(st, t.Stat(t.Dir))
	t.Fails(unix.ENOENT, unix.SYS_NEWFSTATAT, unix.AT_FDCWD, "", &st, 0)
	t.Fails(unix.EBADF, unix.SYS_NEWFSTATAT, -1, "", &st, unix.AT_EMPTY_PATH)
}

// Since Linux 6.11 a NULL path with AT_EMPTY_PATH is an empty one.
func statNullPath(t *T) {
	fd := t.Open(t.File("f", "abc"), unix.O_RDONLY, 0)
	var st unix.Stat_t
	t.Probe([]unix.Errno{unix.EFAULT}, unix.SYS_NEWFSTATAT, fd, nil, &st, unix.AT_EMPTY_PATH)
	t.SameInode(st, t.Fstat(fd))
	t.Fails(unix.EFAULT, unix.SYS_NEWFSTATAT, fd, nil, &st, 0)
	t.Fails(unix.EBADF, unix.SYS_NEWFSTATAT, -1, nil, &st, unix.AT_EMPTY_PATH)
	t.Do(unix.SYS_NEWFSTATAT, unix.AT_FDCWD, nil, &st, unix.AT_EMPTY_PATH)
	t.SameInode(st, t.Stat("."))
}

func statPipe(t *T) {
	r, w := t.pipe()
	t.SameInode(t.Fstat(r), t.Fstat(w))
	same(t, "type", t.Fstat(r).Mode&unix.S_IFMT, unix.S_IFIFO)
	t.SameInode(t.Stat(procFD(r)), t.Fstat(r))
	s := t.Do(unix.SYS_SOCKET, unix.AF_UNIX, unix.SOCK_STREAM, 0)
	same(t, "type", t.Fstat(s).Mode&unix.S_IFMT, unix.S_IFSOCK)
}
