// SPDX-License-Identifier: Apache-2.0

package syscalls

import (
	"bytes"
	"encoding/binary"

	"golang.org/x/sys/unix"
)

var statxCases = []Case{
	{"statx/agrees-with-stat", Anyone, statxAgrees},
	{"statx/layout", Anyone, statxLayout},
	{"statx/forms", Anyone, statxForms},
	{"statx/sync-flags", Anyone, statxSync},
	{"statx/errors", Anyone, statxErrors},
	{"statx/mount-root", Anyone, statxMountRoot},
}

func statxAgrees(t *T) {
	for _, p := range []string{t.File("f", "abc"), t.Mkdir("d"), t.Symlink("f", "l"), "/dev/null", "/proc/self/exe"} {
		var x unix.Statx_t
		st := t.Lstat(p)
		t.Do(unix.SYS_STATX, unix.AT_FDCWD, p, unix.AT_SYMLINK_NOFOLLOW, unix.STATX_BASIC_STATS, &x)
		same(t, "basic mask", x.Mask&unix.STATX_BASIC_STATS, unix.STATX_BASIC_STATS)
		same(t, p+" mode", uint32(x.Mode), st.Mode)
		same(t, p+" ino", x.Ino, st.Ino)
		same(t, p+" dev", unix.Mkdev(x.Dev_major, x.Dev_minor), st.Dev)
		same(t, p+" rdev", unix.Mkdev(x.Rdev_major, x.Rdev_minor), st.Rdev)
		same(t, p+" nlink", uint64(x.Nlink), st.Nlink)
		same(t, p+" uid", x.Uid, st.Uid)
		same(t, p+" gid", x.Gid, st.Gid)
		same(t, p+" size", int64(x.Size), st.Size)
		same(t, p+" blocks", int64(x.Blocks), st.Blocks)
		same(t, p+" blksize", int64(x.Blksize), st.Blksize)
		same(t, p+" mtime", x.Mtime.Sec, st.Mtim.Sec)
		same(t, p+" mtime ns", int64(x.Mtime.Nsec), st.Mtim.Nsec)
		same(t, p+" ctime", x.Ctime.Sec, st.Ctim.Sec)
	}
}

// struct statx has 256 bytes: linux/stat.h.
func statxLayout(t *T) {
	fd := t.Open(t.File("f", "hello"), unix.O_RDONLY, 0)
	b := bytes.Repeat([]byte{0xaa}, 272)
	t.Do(unix.SYS_STATX, fd, "", unix.AT_EMPTY_PATH, unix.STATX_BASIC_STATS, b)
	st := t.Fstat(fd)
	le := binary.LittleEndian
	same(t, "stx_nlink", le.Uint32(b[16:]), 1)
	same(t, "stx_mode", le.Uint16(b[28:]), unix.S_IFREG|0o644)
	same(t, "stx_ino", le.Uint64(b[32:]), st.Ino)
	same(t, "stx_size", le.Uint64(b[40:]), 5)
	same(t, "stx_mtime", int64(le.Uint64(b[112:])), st.Mtim.Sec)
	same(t, "spare", string(b[192:256]), string(make([]byte, 64)))
	same(t, "behind the structure", string(b[256:]), string(bytes.Repeat([]byte{0xaa}, 16)))
}

func statxForms(t *T) {
	p := t.File("f", "abc")
	st := t.Stat(p)
	fd := t.Open(p, unix.O_RDONLY, 0)
	var x unix.Statx_t
	for _, c := range [][]any{
		{t.OpenDir(), "f", 0}, {-1, p, 0}, {fd, "", unix.AT_EMPTY_PATH}, {unix.AT_FDCWD, p, unix.AT_NO_AUTOMOUNT},
		{t.Open(p, unix.O_PATH, 0), "", unix.AT_EMPTY_PATH},
	} {
		x = unix.Statx_t{}
		t.Do(unix.SYS_STATX, c[0], c[1], c[2], 0, &x)
		same(t, "ino", x.Ino, st.Ino)
	}
	// NULL with AT_EMPTY_PATH since Linux 6.11.
	if _, err := sys(unix.SYS_STATX, fd, nil, unix.AT_EMPTY_PATH, 0, &x); err != unix.EFAULT {
		t.NoError(err, "statx with NULL")
		same(t, "ino", x.Ino, st.Ino)
	}
}

func statxSync(t *T) {
	p := t.File("f", "abc")
	var x unix.Statx_t
	for _, flag := range []int{unix.AT_STATX_SYNC_AS_STAT, unix.AT_STATX_FORCE_SYNC, unix.AT_STATX_DONT_SYNC} {
		t.Do(unix.SYS_STATX, unix.AT_FDCWD, p, flag, unix.STATX_SIZE, &x)
		same(t, "size", x.Size, 3)
	}
	t.Fails(unix.EINVAL, unix.SYS_STATX, unix.AT_FDCWD, p, unix.AT_STATX_FORCE_SYNC|unix.AT_STATX_DONT_SYNC, 0, &x)
}

func statxErrors(t *T) {
	p := t.File("f", "")
	var x unix.Statx_t
	t.Fails(unix.ENOENT, unix.SYS_STATX, unix.AT_FDCWD, t.Path("no"), 0, 0, &x)
	t.Fails(unix.ENOENT, unix.SYS_STATX, unix.AT_FDCWD, "", 0, 0, &x)
	t.Fails(unix.ENOTDIR, unix.SYS_STATX, unix.AT_FDCWD, p+"/x", 0, 0, &x)
	t.Fails(unix.EBADF, unix.SYS_STATX, -1, "f", 0, 0, &x)
	t.Fails(unix.EBADF, unix.SYS_STATX, -1, "", unix.AT_EMPTY_PATH, 0, &x)
	t.Fails(unix.EINVAL, unix.SYS_STATX, unix.AT_FDCWD, p, 1, 0, &x)
	t.Fails(unix.EINVAL, unix.SYS_STATX, unix.AT_FDCWD, p, 0, uint32(1<<31), &x)
	t.Fails(unix.EFAULT, unix.SYS_STATX, unix.AT_FDCWD, p, 0, 0, nil)
	t.Fails(unix.EFAULT, unix.SYS_STATX, unix.AT_FDCWD, nil, 0, 0, &x)
}

func statxMountRoot(t *T) {
	var x unix.Statx_t
	t.Do(unix.SYS_STATX, unix.AT_FDCWD, "/proc", 0, unix.STATX_BASIC_STATS, &x)
	if x.Attributes_mask&unix.STATX_ATTR_MOUNT_ROOT == 0 {
		t.Skipf("attributes mask %#x lacks STATX_ATTR_MOUNT_ROOT", x.Attributes_mask)
	}
	t.Check(x.Attributes&unix.STATX_ATTR_MOUNT_ROOT != 0, "/proc is no mount root")
	t.Do(unix.SYS_STATX, unix.AT_FDCWD, t.Mkdir("d"), 0, unix.STATX_BASIC_STATS, &x)
	t.Check(x.Attributes&unix.STATX_ATTR_MOUNT_ROOT == 0, "an ordinary directory is a mount root")
}
