// SPDX-License-Identifier: Apache-2.0

package syscalls

import (
	"strings"

	"golang.org/x/sys/unix"
)

var cwdCases = []Case{
	{"chdir/relative-paths", Anyone, chdirRelative},
	{"chdir/errors", Anyone, chdirErrors},
	{"fchdir/descriptor", Anyone, fchdirDescriptor},
	{"getcwd/sizes", Anyone, getcwdSizes},
	{"getcwd/renamed-and-removed", Anyone, getcwdRenamed},
	{"getcwd/through-symlink", Anyone, getcwdSymlink},
	{"getcwd/longer-than-path-max", Anyone, getcwdLong},
	{"chdir/unshared-by-thread", Anyone, chdirThread},
}

// enter makes dir the current directory until the case ends.
func (t *T) enter(dir string) {
	t.Do(unix.SYS_CHDIR, dir)
	t.Cleanup(func() { unix.Chdir("/") })
}

func chdirRelative(t *T) {
	t.Mkdir("d")
	t.Mkdir("d/e")
	p := t.File("d/f", "abc")
	t.enter(t.Dir)
	t.Do(unix.SYS_CHDIR, "d")
	same(t, "cwd", cwd(t), t.Path("d"))
	t.Holds("f", "abc")
	t.Holds("./e/../f", "abc")
	t.Holds("../d/f", "abc")
	t.SameInode(t.Stat(".."), t.Stat(t.Dir))
	t.Do(unix.SYS_RENAME, "f", "e/g")
	t.Missing(p)
	t.Do(unix.SYS_CHDIR, "e/.././e")
	same(t, "cwd", cwd(t), t.Path("d/e"))
	t.Holds("g", "abc")
	t.Do(unix.SYS_CHDIR, "../../..")
	t.Do(unix.SYS_CHDIR, "/../..")
	same(t, "cwd", cwd(t), "/")
}

func chdirErrors(t *T) {
	p := t.File("f", "")
	t.Fails(unix.ENOENT, unix.SYS_CHDIR, t.Path("no"))
	t.Fails(unix.ENOENT, unix.SYS_CHDIR, "")
	t.Fails(unix.ENOTDIR, unix.SYS_CHDIR, p)
	t.Fails(unix.ENOTDIR, unix.SYS_CHDIR, p+"/")
	t.Fails(unix.ENOTDIR, unix.SYS_CHDIR, "/dev/null")
	t.Fails(unix.EFAULT, unix.SYS_CHDIR, nil)
	t.Fails(unix.EBADF, unix.SYS_FCHDIR, -1)
	t.Fails(unix.ENOTDIR, unix.SYS_FCHDIR, t.Open(p, unix.O_RDONLY, 0))
	same(t, "cwd", cwd(t), "/")
}

func fchdirDescriptor(t *T) {
	d := t.Mkdir("d")
	fd := t.Open(d, unix.O_RDONLY, 0)
	t.enter(t.Dir)
	t.Do(unix.SYS_FCHDIR, fd)
	same(t, "cwd", cwd(t), d)
	t.Do(unix.SYS_RENAME, d, t.Path("e"))
	t.Do(unix.SYS_FCHDIR, t.OpenDir())
	t.Do(unix.SYS_FCHDIR, fd)
	same(t, "cwd", cwd(t), t.Path("e"))
}

// getcwd counts the terminator.
func getcwdSizes(t *T) {
	t.enter(t.Dir)
	n := len(t.Dir) + 1
	b := []byte(strings.Repeat(".", n+4))
	t.Returns(n, unix.SYS_GETCWD, b, n)
	same(t, "buffer", string(b), t.Dir+"\x00....")
	t.Fails(unix.ERANGE, unix.SYS_GETCWD, b, n-1)
	t.Fails(unix.ERANGE, unix.SYS_GETCWD, b, 0)
	t.Fails(unix.EFAULT, unix.SYS_GETCWD, nil, 512)
	g := newGuarded(t, 1)
	t.Returns(n, unix.SYS_GETCWD, g.last(n), 4096)
	t.Fails(unix.EFAULT, unix.SYS_GETCWD, g.last(n-1), 4096)
}

func getcwdRenamed(t *T) {
	t.Mkdir("d")
	t.Mkdir("d/e")
	t.enter(t.Path("d/e"))
	t.Do(unix.SYS_RENAME, t.Path("d"), t.Path("x"))
	same(t, "cwd", cwd(t), t.Path("x/e"))
	same(t, "/proc/self/cwd", t.readlink("/proc/self/cwd"), t.Path("x/e"))
	t.Do(unix.SYS_RMDIR, t.Path("x/e"))
	t.Fails(unix.ENOENT, unix.SYS_GETCWD, make([]byte, 4096), 4096)
	same(t, "/proc/self/cwd", t.readlink("/proc/self/cwd"), t.Path("x/e")+" (deleted)")
	t.Fails(unix.ENOENT, unix.SYS_OPENAT, unix.AT_FDCWD, "f", unix.O_CREAT|unix.O_RDWR, 0o644)
	t.SameInode(t.Stat(".."), t.Stat(t.Path("x")))
	t.Do(unix.SYS_CHDIR, "..")
	same(t, "cwd", cwd(t), t.Path("x"))
}

func getcwdSymlink(t *T) {
	t.Mkdir("d")
	t.Mkdir("d/e")
	t.Symlink("d/e", "l")
	t.enter(t.Path("l"))
	same(t, "cwd", cwd(t), t.Path("d/e"))
	t.Do(unix.SYS_CHDIR, "..")
	same(t, "cwd", cwd(t), t.Path("d"))
}

func getcwdLong(t *T) {
	name := strings.Repeat("n", 250)
	t.enter(t.Dir)
	const depth = 18
	for range depth {
		t.Do(unix.SYS_MKDIR, name, 0o755)
		t.Do(unix.SYS_CHDIR, name)
	}
	t.Fails(unix.ENAMETOOLONG, unix.SYS_GETCWD, make([]byte, 8192), 8192)
	t.Close(t.Open("f", unix.O_CREAT|unix.O_RDWR, 0o644))
	t.Stat("f")
	t.Do(unix.SYS_UNLINK, "f")
	for range depth {
		t.Do(unix.SYS_CHDIR, "..")
		t.Do(unix.SYS_RMDIR, name)
	}
	same(t, "cwd", cwd(t), t.Dir)
}

// A thread that unshares has a current directory and a umask of its own.
func chdirThread(t *T) {
	d := t.Mkdir("d")
	onOwnThread(func() {
		t.Do(unix.SYS_UNSHARE, unix.CLONE_FS)
		t.Do(unix.SYS_CHDIR, d)
		t.Do(unix.SYS_UMASK, 0o077)
		same(t, "cwd of the thread", cwd(t), d)
		t.Do(unix.SYS_MKDIR, "made", 0o777)
		same(t, "thread-self", t.readlink("/proc/thread-self/cwd"), d)
	})
	same(t, "cwd", cwd(t), "/")
	same(t, "mode", t.Stat(t.Path("d/made")).Mode, unix.S_IFDIR|0o700)
}
