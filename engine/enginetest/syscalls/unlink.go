// SPDX-License-Identifier: Apache-2.0

package syscalls

import "golang.org/x/sys/unix"

var unlinkCases = []Case{
	{"unlink/file", Anyone, unlinkFile},
	{"unlink/errors", Anyone, unlinkErrors},
	{"unlink/symlink", Anyone, unlinkSymlink},
	{"unlinkat/flags", Anyone, unlinkatFlags},
	{"unlink/recreate", Anyone, unlinkRecreate},
}

func unlinkFile(t *T) {
	p := t.File("f", "abc")
	t.Do(unix.SYS_UNLINK, p)
	t.Missing(p)
	t.Fails(unix.ENOENT, unix.SYS_UNLINK, p)
	t.Do(unix.SYS_MKNOD, t.Path("p"), unix.S_IFIFO|0o600, 0)
	t.Do(unix.SYS_UNLINK, t.Path("p"))
	same(t, "entries", len(t.names(t.Dir)), 0)
}

func unlinkErrors(t *T) {
	p, d := t.File("f", ""), t.Mkdir("d")
	t.Fails(unix.EISDIR, unix.SYS_UNLINK, d)
	t.Fails(unix.EISDIR, unix.SYS_UNLINK, d+"/")
	t.Fails(unix.EISDIR, unix.SYS_UNLINK, t.Path("d/."))
	t.Fails(unix.EISDIR, unix.SYS_UNLINK, "/")
	t.Fails(unix.ENOTDIR, unix.SYS_UNLINK, p+"/")
	t.Fails(unix.ENOTDIR, unix.SYS_UNLINK, p+"/x")
	t.Fails(unix.ENOENT, unix.SYS_UNLINK, "")
	t.Fails(unix.ENOENT, unix.SYS_UNLINK, t.Path("no/f"))
	t.Fails(unix.ENOENT, unix.SYS_UNLINK, t.Path("no/"))
	t.Fails(unix.EFAULT, unix.SYS_UNLINK, nil)
	t.Holds(p, "")
}

func unlinkSymlink(t *T) {
	p := t.File("f", "abc")
	l := t.Symlink("f", "l")
	t.Do(unix.SYS_UNLINK, l)
	t.Missing(l)
	t.Holds(p, "abc")
	t.Mkdir("d")
	m := t.Symlink("d", "m")
	t.Fails(unix.ENOTDIR, unix.SYS_RMDIR, m)
	t.Fails(unix.ENOTDIR, unix.SYS_UNLINK, m+"/")
	t.Do(unix.SYS_UNLINK, m)
	t.Stat(t.Path("d"))
}

func unlinkatFlags(t *T) {
	t.File("f", "")
	t.Mkdir("d")
	dir := t.OpenDir()
	t.Fails(unix.EISDIR, unix.SYS_UNLINKAT, dir, "d", 0)
	t.Fails(unix.ENOTDIR, unix.SYS_UNLINKAT, dir, "f", unix.AT_REMOVEDIR)
	t.Fails(unix.EINVAL, unix.SYS_UNLINKAT, dir, "f", 1)
	t.Fails(unix.EINVAL, unix.SYS_UNLINKAT, dir, "f", unix.AT_SYMLINK_NOFOLLOW)
	t.Fails(unix.EBADF, unix.SYS_UNLINKAT, -1, "f", 0)
	t.Fails(unix.ENOTDIR, unix.SYS_UNLINKAT, t.Open(t.Path("f"), unix.O_RDONLY, 0), "f", 0)
	t.Do(unix.SYS_UNLINKAT, dir, "f", 0)
	t.Do(unix.SYS_UNLINKAT, dir, "d", unix.AT_REMOVEDIR)
	same(t, "entries", len(t.names(t.Dir)), 0)
}

func unlinkRecreate(t *T) {
	for range 50 {
		p := t.File("f", "old")
		fd := t.Open(p, unix.O_RDONLY, 0)
		t.Do(unix.SYS_UNLINK, p)
		t.Holds(t.File("f", "new"), "new")
		same(t, "content", t.Read(fd, 9), "old")
		t.Close(fd)
		t.Do(unix.SYS_UNLINK, p)
		t.Do(unix.SYS_MKDIR, p, 0o755)
		t.Do(unix.SYS_RMDIR, p)
	}
}
