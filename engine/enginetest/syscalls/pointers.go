// SPDX-License-Identifier: Apache-2.0

package syscalls

import "golang.org/x/sys/unix"

var pathPointerCases = []Case{
	{"pointers/bad-path", Anyone, pointersPath},
	{"pointers/unterminated-path", Anyone, pointersUnterminated},
	{"pointers/second-path", Anyone, pointersSecond},
}

var pointerCases = []Case{
	{"pointers/bad-buffers", Anyone, pointersBuffers},
	{"pointers/end-of-page", Anyone, pointersEnd},
	{"pointers/read-only-memory", Anyone, pointersReadOnly},
	{"pointers/order-of-errors", Anyone, pointersOrder},
}

// badAddresses can never be read: the first page, an address that is not canonical, and
// the kernel's.
var badAddresses = []uintptr{0, 1, 0x0001_0000_0000_0000, 0xffff_8000_0000_0000, ^uintptr(0)}

func pointersPath(t *T) {
	for _, bad := range append(badAddresses, newGuarded(t, 1).behind()) {
		for _, nr := range pathCalls {
			if (nr == unix.SYS_UTIMES || nr == unix.SYS_UTIME) && bad == 0 {
				continue // utimensat's NULL path in older clothes
			}
			r, err := pathCall(nr, bad)
			t.failedWith([]unix.Errno{unix.EFAULT}, nr, r, err)
		}
		t.Fails(unix.EFAULT, unix.SYS_OPENAT, unix.AT_FDCWD, bad, unix.O_RDONLY, 0)
		t.Fails(unix.EFAULT, unix.SYS_OPENAT2, unix.AT_FDCWD, bad, how(0), howSize)
		t.Fails(unix.EFAULT, unix.SYS_MKDIRAT, t.OpenDir(), bad, 0o755)
		t.Fails(unix.EFAULT, unix.SYS_INOTIFY_ADD_WATCH, t.Do(unix.SYS_INOTIFY_INIT1, unix.IN_CLOEXEC), bad, unix.IN_MODIFY)
	}
}

// A path that runs into an unmapped page has no end, unless its terminator comes first.
func pointersUnterminated(t *T) {
	t.File("f", "abc")
	g := newGuarded(t, 2)
	p := g.put(t.Path("f"))
	for _, nr := range pathCalls {
		r, err := pathCall(nr, p)
		t.failedWith([]unix.Errno{unix.EFAULT}, nr, r, err)
	}
	var st unix.Stat_t
	t.Do(unix.SYS_STAT, g.put(t.Path("f")+"\x00"), &st)
	t.SameInode(st, t.Stat(t.Path("f")))
	// Across the boundary of two mapped pages.
	long := t.Path("f") + "\x00"
	copy(g.pages[pageSize-5:], long)
	start := g.behind() - uintptr(pageSize) - 5
	t.Do(unix.SYS_STAT, start, &st)
	t.SameInode(st, t.Stat(t.Path("f")))
}

func pointersSecond(t *T) {
	p := t.File("f", "abc")
	for _, bad := range append(badAddresses, newGuarded(t, 1).put("unterminated")) {
		t.Fails(unix.EFAULT, unix.SYS_RENAME, p, bad)
		t.Fails(unix.EFAULT, unix.SYS_RENAME, bad, p)
		t.Fails(unix.EFAULT, unix.SYS_LINK, p, bad)
		t.Fails(unix.EFAULT, unix.SYS_SYMLINK, "x", bad)
		t.Fails(unix.EFAULT, unix.SYS_SYMLINK, bad, t.Path("l"))
		t.Fails(unix.EFAULT, unix.SYS_RENAMEAT2, unix.AT_FDCWD, p, t.OpenDir(), bad, 0)
		t.Fails(unix.EFAULT, unix.SYS_GETXATTR, p, bad, make([]byte, 8), 8)
	}
	same(t, "entries", len(t.names(t.Dir)), 1)
}

func pointersBuffers(t *T) {
	p := t.File("f", "abc")
	l := t.Symlink("f", "l")
	fd, dir := t.Open(p, unix.O_RDWR, 0), t.OpenDir()
	for _, bad := range append(badAddresses, newGuarded(t, 1).behind()) {
		t.Fails(unix.EFAULT, unix.SYS_STAT, p, bad)
		t.Fails(unix.EFAULT, unix.SYS_FSTAT, fd, bad)
		t.Fails(unix.EFAULT, unix.SYS_STATX, unix.AT_FDCWD, p, 0, 0, bad)
		t.Fails(unix.EFAULT, unix.SYS_STATFS, p, bad)
		t.Fails(unix.EFAULT, unix.SYS_READ, fd, bad, 3)
		t.Fails(unix.EFAULT, unix.SYS_PREAD64, fd, bad, 3, 0)
		t.Fails(unix.EFAULT, unix.SYS_WRITE, fd, bad, 3)
		t.Fails(unix.EFAULT, unix.SYS_READV, fd, bad, 1)
		t.Fails(unix.EFAULT, unix.SYS_READLINK, l, bad, 8)
		t.Fails(unix.EFAULT, unix.SYS_GETDENTS64, dir, bad, 512)
		t.Fails(unix.EFAULT, unix.SYS_GETCWD, bad, 512)
		t.Fails(unix.EFAULT, unix.SYS_FCNTL, fd, unix.F_SETLK, bad)
		t.Fails(unix.EFAULT, unix.SYS_PIPE2, bad, 0)
		if bad != 0 {
			t.Fails(unix.EFAULT, unix.SYS_UTIMENSAT, unix.AT_FDCWD, p, bad, 0)
			t.Fails(unix.EFAULT, unix.SYS_UTIMES, p, bad)
			t.Fails(unix.EFAULT, unix.SYS_UTIME, p, bad)
		}
	}
	t.Holds(p, "abc")
}

// A structure may end where the page does, and must not run over.
func pointersEnd(t *T) {
	p := t.File("f", "abc")
	g := newGuarded(t, 1)
	t.Do(unix.SYS_STAT, p, g.last(144))
	t.Fails(unix.EFAULT, unix.SYS_STAT, p, g.last(143))
	t.Do(unix.SYS_STATX, unix.AT_FDCWD, p, 0, 0, g.last(256))
	t.Fails(unix.EFAULT, unix.SYS_STATX, unix.AT_FDCWD, p, 0, 0, g.last(255))
	t.Do(unix.SYS_STATFS, p, g.last(120))
	t.Fails(unix.EFAULT, unix.SYS_STATFS, p, g.last(119))
	fd := t.Open(p, unix.O_RDONLY, 0)
	t.Do(unix.SYS_FCNTL, fd, unix.F_GETLK, func() []byte {
		b := g.last(32)
		copy(b, bytesOf(record(unix.F_RDLCK, 0, 0)))
		return b
	}())
	t.Returns(3, unix.SYS_READ, fd, g.last(3), 3)
}

func pointersReadOnly(t *T) {
	p := t.File("f", "abc")
	g := newGuarded(t, 1)
	t.NoError(unix.Mprotect(g.pages, unix.PROT_READ), "mprotect")
	t.Fails(unix.EFAULT, unix.SYS_STAT, p, g.last(144))
	t.Fails(unix.EFAULT, unix.SYS_READ, t.Open(p, unix.O_RDONLY, 0), g.last(8), 3)
	t.Fails(unix.EFAULT, unix.SYS_GETDENTS64, t.OpenDir(), g.last(512), 512)
	t.Fails(unix.EFAULT, unix.SYS_GETCWD, g.last(512), 512)
	t.Fails(unix.EFAULT, unix.SYS_READLINK, t.Symlink("x", "l"), g.last(8), 8)
	t.Returns(3, unix.SYS_WRITE, t.Open(p, unix.O_WRONLY, 0), g.last(3), 3)
	t.Holds(p, "\x00\x00\x00")
}

// Which of several errors a call reports.
func pointersOrder(t *T) {
	t.Fails(unix.ENOENT, unix.SYS_STAT, t.Path("no"), nil)
	t.Fails(unix.EFAULT, unix.SYS_OPENAT, -1, nil, unix.O_RDONLY, 0)
	t.Fails(unix.EINVAL, unix.SYS_OPENAT, unix.AT_FDCWD, nil, unix.O_CREAT|unix.O_DIRECTORY, 0)
	t.Fails(unix.EINVAL, unix.SYS_UNLINKAT, -1, nil, 1)
	t.Fails(unix.EINVAL, unix.SYS_NEWFSTATAT, -1, t.Path("f"), nil, 1)
	t.Fails(unix.EBADF, unix.SYS_READ, -1, nil, 8)
	t.Fails(unix.EBADF, unix.SYS_GETDENTS64, -1, nil, 8)
	t.Fails(unix.EINVAL, unix.SYS_READLINK, nil, nil, 0)
	t.Fails(unix.EINVAL, unix.SYS_ACCESS, nil, 8)
}
