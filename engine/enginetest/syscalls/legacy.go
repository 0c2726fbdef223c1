// SPDX-License-Identifier: Apache-2.0

package syscalls

import "golang.org/x/sys/unix"

var legacyCases = []Case{
	{"legacy/calls-without-dirfd", Anyone, legacyCalls},
	{"legacy/relative", Anyone, legacyRelative},
	{"legacy/numbers-beyond-the-table", Anyone, legacyNumbers},
	{"legacy/upper-half-of-registers", Anyone, legacyUpper},
}

// The calls of the first Unixes still exist on x86-64 and mean the same.
func legacyCalls(t *T) {
	p, q := t.Path("f"), t.Path("g")
	var st unix.Stat_t
	fd := t.Do(unix.SYS_OPEN, p, unix.O_CREAT|unix.O_RDWR, 0o644)
	t.Write(fd, "abc")
	t.Do(unix.SYS_LINK, p, q)
	t.Do(unix.SYS_STAT, q, &st)
	t.SameInode(st, t.Fstat(fd))
	t.Do(unix.SYS_UNLINK, p)
	t.Do(unix.SYS_RENAME, q, p)
	t.Do(unix.SYS_MKDIR, q, 0o755)
	t.Do(unix.SYS_RMDIR, q)
	t.Do(unix.SYS_SYMLINK, "f", q)
	t.Do(unix.SYS_LSTAT, q, &st)
	same(t, "type", st.Mode&unix.S_IFMT, unix.S_IFLNK)
	b := make([]byte, 8)
	t.Returns(1, unix.SYS_READLINK, q, b, 8)
	t.Do(unix.SYS_CHMOD, q, 0o600)
	t.Do(unix.SYS_ACCESS, q, unix.R_OK)
	t.Do(unix.SYS_MKNOD, t.Path("p"), unix.S_IFIFO|0o600, 0)
	var fds [2]int32
	t.Do(unix.SYS_PIPE, &fds)
	t.Returns(3, unix.SYS_WRITE, int(fds[1]), []byte("abc"), 3)
	same(t, "pipe", t.Read(int(fds[0]), 9), "abc")
	in := t.Do(unix.SYS_INOTIFY_INIT)
	t.Do(unix.SYS_INOTIFY_ADD_WATCH, in, p, unix.IN_MODIFY)
	t.Do(unix.SYS_TRUNCATE, p, 1)
	same(t, "event", t.events(in), "modify")
	t.Holds(p, "a")
}

func legacyRelative(t *T) {
	t.enter(t.Dir)
	t.Do(unix.SYS_MKDIR, "d", 0o755)
	t.Do(unix.SYS_CHDIR, "d")
	fd := t.Do(unix.SYS_CREAT, "f", 0o644)
	t.Write(fd, "abc")
	t.Do(unix.SYS_RENAME, "f", "../g")
	t.Do(unix.SYS_SYMLINK, "../g", "l")
	t.Holds("l", "abc")
	t.Do(unix.SYS_LINK, "../g", "h")
	t.Holds(t.Path("d/h"), "abc")
	t.Do(unix.SYS_UNLINK, "./l")
	t.Do(unix.SYS_CHDIR, "..")
	t.Do(unix.SYS_RENAME, "d/h", "d/i")
	t.Holds("d/i", "abc")
}

func legacyNumbers(t *T) {
	for _, nr := range []uintptr{400, 420, 1000, 1 << 20} {
		t.Fails(unix.ENOSYS, nr)
	}
	// Names the kernel gave up: their numbers answer ENOSYS.
	for _, nr := range []uintptr{unix.SYS_CREATE_MODULE, unix.SYS_AFS_SYSCALL, unix.SYS_TUXCALL, unix.SYS_SECURITY, unix.SYS_EPOLL_CTL_OLD} {
		t.Fails(unix.ENOSYS, nr)
	}
}

// The kernel looks at 32 bits of descriptors, flags and modes.
func legacyUpper(t *T) {
	const junk = uint64(0xdead_beef) << 32
	p := t.File("f", "abc")
	fd := t.Do(unix.SYS_OPENAT, junk|uint64(uint32(0xffff_ff9c)), p, junk|unix.O_RDWR, junk)
	b := make([]byte, 8)
	t.Returns(3, unix.SYS_READ, junk|uint64(fd), b, 8)
	t.Returns(1, unix.SYS_PWRITE64, junk|uint64(fd), []byte("X"), 1, 0)
	t.SameInode(t.Fstat(fd), t.Stat(p))
	var st unix.Stat_t
	t.Do(unix.SYS_FSTAT, junk|uint64(fd), &st)
	t.SameInode(st, t.Stat(p))
	d := t.Do(unix.SYS_DUP, junk|uint64(fd))
	t.Returns(0, unix.SYS_CLOSE, junk|uint64(d))
	t.Check(!isOpen(d), "descriptor %d is open", d)
	t.Do(unix.SYS_FCHMOD, junk|uint64(fd), junk|0o600)
	t.Do(unix.SYS_UNLINKAT, junk|uint64(t.OpenDir()), "f", junk)
	t.Missing(p)
}
