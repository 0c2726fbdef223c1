// SPDX-License-Identifier: Apache-2.0

package syscalls

import (
	"slices"

	"golang.org/x/sys/unix"
)

var openat2Cases = []Case{
	{"openat2/plain", Anyone, openat2Plain},
	{"openat2/size", Anyone, openat2Size},
	{"openat2/invalid", Anyone, openat2Invalid},
	{"openat2/no-symlinks", Anyone, openat2NoSymlinks},
	{"openat2/no-magiclinks", Anyone, openat2NoMagiclinks},
	{"openat2/beneath", Anyone, openat2Beneath},
	{"openat2/in-root", Anyone, openat2InRoot},
	{"openat2/no-xdev", Anyone, openat2NoXdev},
	{"openat2/cached", Anyone, openat2Cached},
}

// how is an openat2 argument for a read-only open.
func how(resolve uint64) *unix.OpenHow { return &unix.OpenHow{Resolve: resolve} }

const howSize = unix.SizeofOpenHow

func openat2Plain(t *T) {
	p := t.Path("f")
	t.Umask(0o022)
	h := &unix.OpenHow{Flags: unix.O_RDWR | unix.O_CREAT | unix.O_EXCL | unix.O_CLOEXEC, Mode: 0o666}
	fd := t.Do(unix.SYS_OPENAT2, unix.AT_FDCWD, p, h, howSize)
	same(t, "mode", t.Fstat(fd).Mode, unix.S_IFREG|0o644)
	same(t, "F_GETFD", t.Do(unix.SYS_FCNTL, fd, unix.F_GETFD), unix.FD_CLOEXEC)
	t.Fails(unix.EEXIST, unix.SYS_OPENAT2, unix.AT_FDCWD, p, h, howSize)
	t.Do(unix.SYS_OPENAT2, t.OpenDir(), "f", how(0), howSize)
	t.Fails(unix.EBADF, unix.SYS_OPENAT2, -1, "f", how(0), howSize)
	t.Fails(unix.ENOTDIR, unix.SYS_OPENAT2, fd, "f", how(0), howSize)
	t.Fails(unix.ENOENT, unix.SYS_OPENAT2, unix.AT_FDCWD, "", how(0), howSize)
}

// The structure may be longer than the kernel's as long as what it does not know is 0.
func openat2Size(t *T) {
	p := t.File("f", "")
	b := append(bytesOf(how(0)), make([]byte, pageSize)...)
	t.Do(unix.SYS_OPENAT2, unix.AT_FDCWD, p, b, howSize+8)
	t.Do(unix.SYS_OPENAT2, unix.AT_FDCWD, p, b, pageSize)
	for _, n := range []int{0, 1, howSize - 1} {
		t.Fails(unix.EINVAL, unix.SYS_OPENAT2, unix.AT_FDCWD, p, b, n)
	}
	t.Fails(unix.E2BIG, unix.SYS_OPENAT2, unix.AT_FDCWD, p, b, pageSize+1)
	longer := slices.Clone(b)
	longer[howSize+7] = 1
	t.Fails(unix.E2BIG, unix.SYS_OPENAT2, unix.AT_FDCWD, p, longer, howSize+8)
	t.Do(unix.SYS_OPENAT2, unix.AT_FDCWD, p, longer, howSize)
	t.Fails(unix.EFAULT, unix.SYS_OPENAT2, unix.AT_FDCWD, p, nil, howSize)
	g := newGuarded(t, 1)
	t.Fails(unix.EFAULT, unix.SYS_OPENAT2, unix.AT_FDCWD, p, g.last(16), howSize)
	t.Do(unix.SYS_OPENAT2, unix.AT_FDCWD, p, g.last(howSize), howSize)
}

// openat2 refuses what openat ignores.
func openat2Invalid(t *T) {
	p := t.File("f", "")
	for _, h := range []unix.OpenHow{
		{Flags: 1 << 30}, {Flags: 1 << 40}, {Resolve: 1 << 20}, {Mode: 0o644},
		{Flags: unix.O_CREAT, Mode: 0o10000}, {Flags: unix.O_PATH | unix.O_RDWR},
		{Flags: unix.O_PATH | unix.O_CREAT}, {Flags: unix.O_CREAT | unix.O_DIRECTORY},
		{Flags: unix.O_TMPFILE}, {Resolve: unix.RESOLVE_BENEATH | unix.RESOLVE_IN_ROOT},
	} {
		t.Fails(unix.EINVAL, unix.SYS_OPENAT2, unix.AT_FDCWD, p, &h, howSize)
	}
	const cached = 0x20 // RESOLVE_CACHED excludes opens that must change something
	for _, flags := range []uint64{unix.O_TRUNC | unix.O_RDWR, unix.O_CREAT, unix.O_TMPFILE | unix.O_RDWR} {
		t.FailsAny([]unix.Errno{unix.EAGAIN, unix.EINVAL}, unix.SYS_OPENAT2, unix.AT_FDCWD, p,
			&unix.OpenHow{Flags: flags, Resolve: cached}, howSize)
	}
}

func openat2NoSymlinks(t *T) {
	t.Mkdir("d")
	t.File("d/f", "")
	t.Symlink("d", "l")
	t.Symlink("d/f", "m")
	dir := t.OpenDir()
	h := how(unix.RESOLVE_NO_SYMLINKS)
	t.Do(unix.SYS_OPENAT2, dir, "d/../d/./f", h, howSize)
	t.Fails(unix.ELOOP, unix.SYS_OPENAT2, dir, "l/f", h, howSize)
	t.Fails(unix.ELOOP, unix.SYS_OPENAT2, dir, "m", h, howSize)
	t.Fails(unix.ELOOP, unix.SYS_OPENAT2, dir, "l/", h, howSize)
	t.Fails(unix.ELOOP, unix.SYS_OPENAT2, dir, "/proc/self/status", h, howSize)
	h.Flags = unix.O_PATH | unix.O_NOFOLLOW
	fd := t.Do(unix.SYS_OPENAT2, dir, "m", h, howSize)
	same(t, "type", t.Fstat(fd).Mode&unix.S_IFMT, unix.S_IFLNK)
}

func openat2NoMagiclinks(t *T) {
	fd := t.Open(t.File("f", "abc"), unix.O_RDONLY, 0)
	t.Symlink("f", "l")
	h := how(unix.RESOLVE_NO_MAGICLINKS)
	t.Do(unix.SYS_OPENAT2, t.OpenDir(), "l", h, howSize)
	t.Do(unix.SYS_OPENAT2, unix.AT_FDCWD, "/proc/self/status", h, howSize)
	t.Do(unix.SYS_OPENAT2, unix.AT_FDCWD, procFD(fd), how(0), howSize)
	t.Fails(unix.ELOOP, unix.SYS_OPENAT2, unix.AT_FDCWD, procFD(fd), h, howSize)
	t.Fails(unix.ELOOP, unix.SYS_OPENAT2, unix.AT_FDCWD, "/proc/self/root/proc", h, howSize)
	t.Fails(unix.ELOOP, unix.SYS_OPENAT2, unix.AT_FDCWD, "/proc/self/cwd", h, howSize)
}

func openat2Beneath(t *T) {
	t.Mkdir("d")
	t.Mkdir("d/e")
	t.File("d/e/f", "abc")
	t.File("out", "")
	t.Symlink("e/f", "d/in")
	t.Symlink("../out", "d/up")
	t.Symlink("/", "d/abs")
	t.Symlink("../e/f", "d/e/back")
	dir := t.Open(t.Path("d"), unix.O_PATH|unix.O_DIRECTORY, 0)
	h := how(unix.RESOLVE_BENEATH)
	for _, p := range []string{"e/f", "in", "e/../e/f", "e/back", ".", "e/.."} {
		t.Do(unix.SYS_OPENAT2, dir, p, h, howSize)
	}
	for _, p := range []string{"..", "../d/e/f", "up", "abs", "/", t.Path("d/e/f"), "e/../.."} {
		t.Fails(unix.EXDEV, unix.SYS_OPENAT2, dir, p, h, howSize)
	}
	t.Fails(unix.ENOENT, unix.SYS_OPENAT2, dir, "no/../..", h, howSize)
	t.Fails(unix.ENOTDIR, unix.SYS_OPENAT2, dir, "in/..", h, howSize)
}

func openat2InRoot(t *T) {
	t.Mkdir("d")
	t.Mkdir("d/e")
	f := t.Stat(t.File("d/e/f", "abc"))
	t.Symlink("/e/f", "d/abs")
	t.Symlink("../../../e/f", "d/up")
	dir := t.Open(t.Path("d"), unix.O_RDONLY|unix.O_DIRECTORY, 0)
	h := how(unix.RESOLVE_IN_ROOT)
	for _, p := range []string{"e/f", "/e/f", "../../e/f", "abs", "up", "/..//abs"} {
		t.SameInode(t.Fstat(t.Do(unix.SYS_OPENAT2, dir, p, h, howSize)), f)
	}
	t.SameInode(t.Fstat(t.Do(unix.SYS_OPENAT2, dir, "/..", h, howSize)), t.Stat(t.Path("d")))
	t.Fails(unix.ENOENT, unix.SYS_OPENAT2, dir, "/proc", h, howSize)
	t.Fails(unix.ENOENT, unix.SYS_OPENAT2, dir, t.Path("d"), h, howSize)
}

func openat2NoXdev(t *T) {
	t.File("f", "")
	h := how(unix.RESOLVE_NO_XDEV)
	t.Do(unix.SYS_OPENAT2, t.OpenDir(), "f", h, howSize)
	root := t.Open("/", unix.O_PATH, 0)
	t.Fails(unix.EXDEV, unix.SYS_OPENAT2, root, "proc/version", h, howSize)
	proc := t.Open("/proc", unix.O_PATH, 0)
	t.Do(unix.SYS_OPENAT2, proc, "version", h, howSize)
	t.Fails(unix.EXDEV, unix.SYS_OPENAT2, proc, "..", h, howSize)
	t.Fails(unix.EXDEV, unix.SYS_OPENAT2, proc, "../proc/version", h, howSize)
	t.Do(unix.SYS_OPENAT2, proc, "/etc", h, howSize) // an absolute path starts at the root
}

// RESOLVE_CACHED may always answer EAGAIN, but never anything wrong.
func openat2Cached(t *T) {
	const cached = 0x20
	p := t.File("f", "abc")
	t.Holds(p, "abc")
	fd, err := sys(unix.SYS_OPENAT2, unix.AT_FDCWD, p, how(cached), howSize)
	if err == nil {
		t.SameInode(t.Fstat(fd), t.Stat(p))
	} else {
		same(t, "error", err, error(unix.EAGAIN))
	}
	t.FailsAny([]unix.Errno{unix.EAGAIN, unix.ENOENT}, unix.SYS_OPENAT2, unix.AT_FDCWD, t.Path("no"), how(cached), howSize)
}
