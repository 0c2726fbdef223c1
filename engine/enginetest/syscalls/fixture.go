// SPDX-License-Identifier: Apache-2.0

package syscalls

import (
	"golang.org/x/sys/unix"
)

// File makes a file in the scratch directory and returns its path.
func (t *T) File(name, content string) string {
	p := t.Path(name)
	fd := t.Open(p, unix.O_WRONLY|unix.O_CREAT|unix.O_TRUNC, 0o644)
	t.Write(fd, content)
	t.Close(fd)
	return p
}

// Mkdir makes a directory of mode 0755 in the scratch directory and returns its path.
func (t *T) Mkdir(name string) string {
	p := t.Path(name)
	t.Do(unix.SYS_MKDIRAT, unix.AT_FDCWD, p, 0o755)
	return p
}

// Symlink makes a symbolic link in the scratch directory and returns its path.
func (t *T) Symlink(target, name string) string {
	p := t.Path(name)
	t.Do(unix.SYS_SYMLINKAT, target, unix.AT_FDCWD, p)
	return p
}

// Open opens path, which must work. The descriptor lives until the case ends.
func (t *T) Open(path string, flags int, mode uint32) int {
	return t.Do(unix.SYS_OPENAT, unix.AT_FDCWD, path, flags|unix.O_CLOEXEC, mode)
}

// OpenDir opens the scratch directory.
func (t *T) OpenDir() int { return t.Open(t.Dir, unix.O_RDONLY|unix.O_DIRECTORY, 0) }

// Close closes a descriptor, which must work.
func (t *T) Close(fd int) { t.Returns(0, unix.SYS_CLOSE, fd) }

// Write writes all of s at the file offset.
func (t *T) Write(fd int, s string) {
	if s != "" {
		t.Returns(len(s), unix.SYS_WRITE, fd, []byte(s), len(s))
	}
}

// Read reads at most n bytes at the file offset.
func (t *T) Read(fd, n int) string {
	b := make([]byte, n)
	return string(b[:t.Do(unix.SYS_READ, fd, b, n)])
}

// Content is what a file holds, up to 1 MiB.
func (t *T) Content(path string) string {
	fd := t.Open(path, unix.O_RDONLY, 0)
	defer t.Close(fd)
	s := ""
	for {
		part := t.Read(fd, 1<<16)
		if s += part; part == "" || len(s) > 1<<20 {
			return s
		}
	}
}

// Holds checks what a file holds.
func (t *T) Holds(path, want string) {
	if got := t.Content(path); got != want {
		t.Errorf("%s holds %.60q (%d bytes), want %.60q (%d bytes)", path, got, len(got), want, len(want))
	}
}

// Stat is the status of path, links followed.
func (t *T) Stat(path string) (st unix.Stat_t) {
	t.Do(unix.SYS_NEWFSTATAT, unix.AT_FDCWD, path, &st, 0)
	return st
}

// Lstat is the status of path itself.
func (t *T) Lstat(path string) (st unix.Stat_t) {
	t.Do(unix.SYS_NEWFSTATAT, unix.AT_FDCWD, path, &st, unix.AT_SYMLINK_NOFOLLOW)
	return st
}

// Fstat is the status of an open file.
func (t *T) Fstat(fd int) (st unix.Stat_t) {
	t.Do(unix.SYS_FSTAT, fd, &st)
	return st
}

// Missing checks that nothing has the name path.
func (t *T) Missing(path string) {
	var st unix.Stat_t
	t.Fails(unix.ENOENT, unix.SYS_NEWFSTATAT, unix.AT_FDCWD, path, &st, unix.AT_SYMLINK_NOFOLLOW)
}

// SameInode checks that two statuses are of one inode.
func (t *T) SameInode(a, b unix.Stat_t) {
	t.Check(a.Dev == b.Dev && a.Ino == b.Ino, "inode %d:%d, want %d:%d", a.Dev, a.Ino, b.Dev, b.Ino)
}

// Umask sets the file mode creation mask for the rest of the case.
func (t *T) Umask(mask int) {
	old := unix.Umask(mask)
	t.Cleanup(func() { unix.Umask(old) })
}

// Offset is the file offset of a descriptor.
func (t *T) Offset(fd int) int { return t.Do(unix.SYS_LSEEK, fd, 0, unix.SEEK_CUR) }

// isDirLinks tells whether n is a link count a directory with that many subdirectories
// may have: file systems count them (2 and up) or do not (always 1).
func isDirLinks(n uint64, subdirs uint64) bool { return n == 1 || n == 2+subdirs }
