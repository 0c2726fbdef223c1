// SPDX-License-Identifier: Apache-2.0

package syscalls

import "golang.org/x/sys/unix"

var slashCases = []Case{
	{"slashes/behind-a-file", Anyone, slashFile},
	{"slashes/behind-a-directory", Anyone, slashDirectory},
	{"slashes/behind-a-link", Anyone, slashLink},
	{"slashes/creating", Anyone, slashCreate},
	{"slashes/empty-path", Anyone, slashEmpty},
}

func slashFile(t *T) {
	p := t.File("f", "abc")
	for _, tail := range []string{"/", "//", "/.", "/..", "/x", "/./"} {
		for _, nr := range pathCalls {
			r, err := pathCall(nr, p+tail)
			t.failedWith([]unix.Errno{unix.ENOTDIR}, nr, r, err)
		}
		t.Fails(unix.ENOTDIR, unix.SYS_LINK, p+tail, t.Path("g"))
	}
	for _, tail := range []string{"/", "//"} {
		t.Fails(unix.EISDIR, unix.SYS_OPENAT, unix.AT_FDCWD, p+tail, unix.O_CREAT|unix.O_RDWR, 0o644)
		t.Fails(unix.EEXIST, unix.SYS_MKDIR, p+tail, 0o755)
		t.Fails(unix.ENOENT, unix.SYS_SYMLINK, "x", t.Path("new")+tail)
		t.Fails(unix.ENOENT, unix.SYS_LINK, p, t.Path("new")+tail)
	}
	t.Holds(p, "abc")
}

func slashDirectory(t *T) {
	d := t.Mkdir("d")
	st := t.Stat(d)
	for _, tail := range []string{"/", "///", "/.", "/./", "/././/"} {
		t.SameInode(t.Stat(d+tail), st)
		t.SameInode(t.Lstat(d+tail), st)
		t.SameInode(t.Fstat(t.Open(d+tail, unix.O_RDONLY, 0)), st)
		t.Do(unix.SYS_ACCESS, d+tail, unix.F_OK)
		t.Do(unix.SYS_CHMOD, d+tail, 0o755)
		t.Fails(unix.EEXIST, unix.SYS_MKDIR, d+tail, 0o755)
		t.Fails(unix.EINVAL, unix.SYS_READLINK, d+tail, make([]byte, 8), 8)
	}
	t.SameInode(t.Stat("///"+t.Dir+"///d"), st)
	t.Do(unix.SYS_RMDIR, d+"///")
}

// A slash behind a symbolic link follows it, whatever the call.
func slashLink(t *T) {
	d := t.Stat(t.Mkdir("d"))
	l := t.Symlink("d", "l")
	t.SameInode(t.Lstat(l+"/"), d)
	same(t, "type", t.Lstat(l).Mode&unix.S_IFMT, unix.S_IFLNK)
	t.Fails(unix.EINVAL, unix.SYS_READLINK, l+"/", make([]byte, 8), 8)
	t.SameInode(t.Fstat(t.Open(l+"/", unix.O_RDONLY|unix.O_NOFOLLOW, 0)), d)
	t.Fails(unix.ENOTDIR, unix.SYS_RMDIR, l+"/")
	t.Fails(unix.ENOTDIR, unix.SYS_UNLINK, l+"/")
	t.Fails(unix.ENOTDIR, unix.SYS_RENAME, l+"/", t.Path("m"))
	t.File("f", "")
	t.Symlink("f", "m")
	var st unix.Stat_t
	t.Fails(unix.ENOTDIR, unix.SYS_LSTAT, t.Path("m/"), &st)
	t.Symlink("d/", "n")
	t.SameInode(t.Stat(t.Path("n")), d)
	same(t, "type", t.Lstat(t.Path("n")).Mode&unix.S_IFMT, unix.S_IFLNK)
	t.Symlink("f/", "o")
	t.Fails(unix.ENOTDIR, unix.SYS_STAT, t.Path("o"), &st)
}

func slashCreate(t *T) {
	t.Do(unix.SYS_MKDIR, t.Path("d/"), 0o755)
	t.Do(unix.SYS_MKDIR, t.Path("e///"), 0o755)
	t.Fails(unix.ENOENT, unix.SYS_MKDIR, t.Path("g/."), 0o755)
	t.Fails(unix.EISDIR, unix.SYS_OPENAT, unix.AT_FDCWD, t.Path("new/"), unix.O_CREAT|unix.O_RDWR, 0o644)
	t.Fails(unix.ENOENT, unix.SYS_OPENAT, unix.AT_FDCWD, t.Path("new/"), unix.O_RDWR, 0)
	t.Fails(unix.ENOENT, unix.SYS_RMDIR, t.Path("new/"))
	same(t, "entries", len(t.names(t.Dir)), 2)
}

func slashEmpty(t *T) {
	for _, nr := range pathCalls {
		r, err := pathCall(nr, "")
		t.failedWith([]unix.Errno{unix.ENOENT}, nr, r, err)
	}
	t.Fails(unix.ENOENT, unix.SYS_MKDIR, "", 0o755)
	t.Fails(unix.ENOENT, unix.SYS_MKNOD, "", unix.S_IFREG|0o644, 0)
	t.Fails(unix.ENOENT, unix.SYS_OPENAT, unix.AT_FDCWD, "", unix.O_CREAT|unix.O_RDWR, 0o644)
}
