// SPDX-License-Identifier: Apache-2.0

package syscalls

import "golang.org/x/sys/unix"

var truncateCases = []Case{
	{"truncate/shrink-and-grow", Anyone, truncateSizes},
	{"ftruncate/open-file", Anyone, ftruncateOpen},
	{"truncate/errors", Anyone, truncateErrors},
	{"ftruncate/errors", Anyone, ftruncateErrors},
}

func truncateSizes(t *T) {
	p := t.File("f", "abcdef")
	t.Do(unix.SYS_TRUNCATE, p, 3)
	t.Holds(p, "abc")
	t.Do(unix.SYS_TRUNCATE, p, 6)
	t.Holds(p, "abc\x00\x00\x00")
	t.Do(unix.SYS_TRUNCATE, p, 0)
	t.Holds(p, "")
	t.Do(unix.SYS_TRUNCATE, p, int64(1)<<32)
	same(t, "size", t.Stat(p).Size, int64(1)<<32)
	t.Symlink("f", "l")
	t.Do(unix.SYS_TRUNCATE, t.Path("l"), 1)
	t.Holds(p, "\x00")
}

func ftruncateOpen(t *T) {
	p := t.File("f", "abcdef")
	fd, other := t.Open(p, unix.O_RDWR, 0), t.Open(p, unix.O_RDONLY, 0)
	t.Read(fd, 5)
	t.Do(unix.SYS_FTRUNCATE, fd, 2)
	same(t, "offset", t.Offset(fd), 5)
	same(t, "size by another open", t.Fstat(other).Size, 2)
	same(t, "read behind the end", t.Read(fd, 3), "")
	same(t, "read by another open", t.Read(other, 9), "ab")
	t.Write(fd, "x")
	t.Holds(p, "ab\x00\x00\x00x")
	t.Do(unix.SYS_FTRUNCATE, fd, 6)
	t.Holds(p, "ab\x00\x00\x00x")
}

func truncateErrors(t *T) {
	p := t.File("f", "abc")
	t.Fails(unix.ENOENT, unix.SYS_TRUNCATE, t.Path("no"), 0)
	t.Fails(unix.ENOENT, unix.SYS_TRUNCATE, "", 0)
	t.Fails(unix.ENOTDIR, unix.SYS_TRUNCATE, p+"/x", 0)
	t.Fails(unix.ENOTDIR, unix.SYS_TRUNCATE, p+"/", 0)
	t.Fails(unix.EISDIR, unix.SYS_TRUNCATE, t.Dir, 0)
	t.Fails(unix.EINVAL, unix.SYS_TRUNCATE, p, -1)
	t.Fails(unix.EFAULT, unix.SYS_TRUNCATE, nil, 0)
	t.Do(unix.SYS_MKNOD, t.Path("p"), unix.S_IFIFO|0o600, 0)
	t.Fails(unix.EINVAL, unix.SYS_TRUNCATE, t.Path("p"), 0)
	t.Fails(unix.EINVAL, unix.SYS_TRUNCATE, "/dev/null", 0)
	t.Holds(p, "abc")
}

func ftruncateErrors(t *T) {
	p := t.File("f", "abc")
	t.Fails(unix.EBADF, unix.SYS_FTRUNCATE, -1, 0)
	t.Fails(unix.EINVAL, unix.SYS_FTRUNCATE, t.Open(p, unix.O_RDONLY, 0), 0)
	t.Fails(unix.EINVAL, unix.SYS_FTRUNCATE, t.Open(p, unix.O_RDWR, 0), -1)
	t.Fails(unix.EINVAL, unix.SYS_FTRUNCATE, t.OpenDir(), 0)
	_, w := t.pipe()
	t.Fails(unix.EINVAL, unix.SYS_FTRUNCATE, w, 0)
	t.Holds(p, "abc")
}
