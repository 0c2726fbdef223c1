// SPDX-License-Identifier: Apache-2.0

package syscalls

import "golang.org/x/sys/unix"

var syncCases = []Case{
	{"fsync/files", Anyone, fsyncFiles},
	{"fsync/errors", Anyone, fsyncErrors},
	{"sync_file_range/flags", Anyone, syncFileRange},
	{"syncfs/descriptor", Anyone, syncfsDescriptor},
	{"fadvise/and-readahead", Anyone, fadvise},
}

func fsyncFiles(t *T) {
	p := t.File("f", "abc")
	for _, fd := range []int{t.Open(p, unix.O_RDWR, 0), t.Open(p, unix.O_RDONLY, 0), t.OpenDir()} {
		t.Do(unix.SYS_FSYNC, fd)
		t.Do(unix.SYS_FDATASYNC, fd)
	}
	t.Holds(p, "abc")
}

func fsyncErrors(t *T) {
	t.Fails(unix.EBADF, unix.SYS_FSYNC, -1)
	t.Fails(unix.EBADF, unix.SYS_FDATASYNC, 1<<20)
	r, _ := t.pipe()
	t.Fails(unix.EINVAL, unix.SYS_FSYNC, r)
	t.Fails(unix.EINVAL, unix.SYS_FDATASYNC, t.Do(unix.SYS_SOCKET, unix.AF_UNIX, unix.SOCK_STREAM, 0))
	t.Fails(unix.EINVAL, unix.SYS_FSYNC, t.Open("/dev/null", unix.O_RDWR, 0))
}

func syncFileRange(t *T) {
	fd := t.Open(t.File("f", "abc"), unix.O_RDWR, 0)
	const write = unix.SYNC_FILE_RANGE_WAIT_BEFORE | unix.SYNC_FILE_RANGE_WRITE | unix.SYNC_FILE_RANGE_WAIT_AFTER
	t.Do(unix.SYS_SYNC_FILE_RANGE, fd, 0, 0, write)
	t.Do(unix.SYS_SYNC_FILE_RANGE, fd, 0, 2, 0)
	t.Fails(unix.EINVAL, unix.SYS_SYNC_FILE_RANGE, fd, 0, 0, 8)
	t.Fails(unix.EINVAL, unix.SYS_SYNC_FILE_RANGE, fd, -1, 0, write)
	t.Fails(unix.EBADF, unix.SYS_SYNC_FILE_RANGE, -1, 0, 0, write)
	r, _ := t.pipe()
	t.Fails(unix.ESPIPE, unix.SYS_SYNC_FILE_RANGE, r, 0, 0, write)
}

func syncfsDescriptor(t *T) {
	t.Do(unix.SYS_SYNCFS, t.OpenDir())
	t.Fails(unix.EBADF, unix.SYS_SYNCFS, -1)
	t.Fails(unix.EBADF, unix.SYS_SYNCFS, t.Open(t.Dir, unix.O_PATH, 0))
}

func fadvise(t *T) {
	fd := t.Open(t.File("f", "abc"), unix.O_RDWR, 0)
	for advice := range 6 {
		t.Do(unix.SYS_FADVISE64, fd, 0, 0, advice)
	}
	t.Do(unix.SYS_READAHEAD, fd, 0, 3)
	t.Fails(unix.EINVAL, unix.SYS_FADVISE64, fd, 0, 0, 77)
	t.Fails(unix.EBADF, unix.SYS_FADVISE64, -1, 0, 0, 0)
	r, _ := t.pipe()
	t.Fails(unix.ESPIPE, unix.SYS_FADVISE64, r, 0, 0, 0)
	t.Fails(unix.EBADF, unix.SYS_READAHEAD, t.Open(t.Path("f"), unix.O_WRONLY, 0), 0, 3)
}
