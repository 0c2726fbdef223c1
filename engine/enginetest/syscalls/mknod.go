// SPDX-License-Identifier: Apache-2.0

package syscalls

import "golang.org/x/sys/unix"

var mknodCases = []Case{
	{"mknod/types", Anyone, mknodTypes},
	{"mknod/errors", Anyone, mknodErrors},
	{"mknod/devices", Root, mknodDevices},
	{"mknod/devices-as-user", User, mknodUser},
}

func mknodTypes(t *T) {
	t.Umask(0o022)
	for name, mode := range map[string]uint32{"f": unix.S_IFREG, "p": unix.S_IFIFO, "s": unix.S_IFSOCK} {
		t.Do(unix.SYS_MKNOD, t.Path(name), mode|0o666, 0)
		same(t, "mode", t.Lstat(t.Path(name)).Mode, mode|0o644)
	}
	t.Do(unix.SYS_MKNODAT, t.OpenDir(), "plain", 0o600, 0)
	same(t, "mode of type 0", t.Lstat(t.Path("plain")).Mode, unix.S_IFREG|0o600)
	t.Holds(t.Path("f"), "")
}

func mknodErrors(t *T) {
	p := t.File("f", "")
	t.Fails(unix.EEXIST, unix.SYS_MKNOD, p, unix.S_IFREG|0o600, 0)
	t.Fails(unix.EEXIST, unix.SYS_MKNOD, t.Symlink("no", "l"), unix.S_IFIFO|0o600, 0)
	t.Fails(unix.EPERM, unix.SYS_MKNOD, t.Path("d"), unix.S_IFDIR|0o700, 0)
	t.Fails(unix.EINVAL, unix.SYS_MKNOD, t.Path("d"), unix.S_IFLNK|0o700, 0)
	t.Fails(unix.EINVAL, unix.SYS_MKNOD, t.Path("d"), 0o070600, 0)
	t.Fails(unix.ENOENT, unix.SYS_MKNOD, "", unix.S_IFIFO|0o600, 0)
	t.Fails(unix.ENOENT, unix.SYS_MKNOD, t.Path("no/p"), unix.S_IFIFO|0o600, 0)
	t.Fails(unix.ENOENT, unix.SYS_MKNOD, t.Path("p/"), unix.S_IFIFO|0o600, 0)
	t.Fails(unix.ENOTDIR, unix.SYS_MKNOD, t.Path("f/p"), unix.S_IFIFO|0o600, 0)
	t.Fails(unix.EBADF, unix.SYS_MKNODAT, -1, "p", unix.S_IFIFO|0o600, 0)
	t.Fails(unix.EFAULT, unix.SYS_MKNOD, nil, unix.S_IFIFO|0o600, 0)
}

func mknodDevices(t *T) {
	p := t.Path("null")
	t.Probe([]unix.Errno{unix.EPERM}, unix.SYS_MKNOD, p, unix.S_IFCHR|0o600, unix.Mkdev(1, 3))
	st := t.Lstat(p)
	same(t, "mode", st.Mode, unix.S_IFCHR|0o600)
	same(t, "rdev", st.Rdev, unix.Mkdev(1, 3))
	if fd, err := sys(unix.SYS_OPENAT, unix.AT_FDCWD, p, unix.O_RDWR, 0); err != unix.EACCES { // EACCES: mounted nodev
		t.NoError(err, "open of the device")
		t.Write(fd, "abc")
		same(t, "read", t.Read(fd, 9), "")
	}
	t.Do(unix.SYS_MKNOD, t.Path("blk"), unix.S_IFBLK|0o600, unix.Mkdev(7, 300))
	same(t, "rdev", t.Lstat(t.Path("blk")).Rdev, unix.Mkdev(7, 300))
	same(t, "mode", t.Lstat(t.Path("blk")).Mode, unix.S_IFBLK|0o600)
	t.Do(unix.SYS_MKNOD, t.Path("none"), unix.S_IFCHR|0o600, unix.Mkdev(240, 77))
	t.FailsAny([]unix.Errno{unix.ENXIO, unix.EACCES}, unix.SYS_OPENAT, unix.AT_FDCWD, t.Path("none"), unix.O_RDWR, 0)
}

func mknodUser(t *T) {
	t.Fails(unix.EPERM, unix.SYS_MKNOD, t.Path("c"), unix.S_IFCHR|0o600, unix.Mkdev(1, 3))
	t.Fails(unix.EPERM, unix.SYS_MKNOD, t.Path("b"), unix.S_IFBLK|0o600, unix.Mkdev(7, 0))
	// Device 0:0 is a whiteout, which anyone may make since Linux 5.8.
	if _, err := sys(unix.SYS_MKNOD, t.Path("w"), unix.S_IFCHR|0o600, 0); err != unix.EPERM {
		t.NoError(err, "mknod of a whiteout")
		same(t, "rdev", t.Lstat(t.Path("w")).Rdev, 0)
	}
	t.Missing(t.Path("c"))
}
