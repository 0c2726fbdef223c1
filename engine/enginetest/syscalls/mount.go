// SPDX-License-Identifier: Apache-2.0

package syscalls

import "golang.org/x/sys/unix"

var mountCases = []Case{
	{"mount/errors", Root, mountErrors},
	{"mount/as-user", User, mountUser},
	{"umount2/errors", Root, umountErrors},
	{"mount/tmpfs-in-a-namespace", Root, mountTmpfs},
	{"mount/bind-in-a-namespace", Root, mountBind},
	{"mount/read-only-in-a-namespace", Root, mountReadOnly},
}

func mountErrors(t *T) {
	d, p := t.Mkdir("d"), t.File("f", "")
	if _, err := sys(unix.SYS_MOUNT, "none", t.Path("no"), "tmpfs", 0, nil); err == unix.EPERM {
		t.Skipf("mount: EPERM")
	}
	t.Fails(unix.ENOENT, unix.SYS_MOUNT, "none", t.Path("no"), "tmpfs", 0, nil)
	t.Fails(unix.ENOENT, unix.SYS_MOUNT, "none", "", "tmpfs", 0, nil)
	t.Fails(unix.ENODEV, unix.SYS_MOUNT, "none", d, "no-such-type", 0, nil)
	t.Fails(unix.ENOTDIR, unix.SYS_MOUNT, "none", p, "tmpfs", 0, nil)
	t.Fails(unix.ENOTDIR, unix.SYS_MOUNT, "none", p+"/x", "tmpfs", 0, nil)
	t.Fails(unix.EINVAL, unix.SYS_MOUNT, "none", d, nil, 0, nil)
	t.Fails(unix.ENOENT, unix.SYS_MOUNT, t.Path("no"), d, "", unix.MS_BIND, nil)
	t.Fails(unix.EINVAL, unix.SYS_MOUNT, "none", d, "", unix.MS_REMOUNT, nil)
	t.Fails(unix.EFAULT, unix.SYS_MOUNT, "none", nil, "tmpfs", 0, nil)
	t.Fails(unix.EFAULT, unix.SYS_MOUNT, "none", d, uintptr(8), 0, nil)
	t.Fails(unix.ENOTDIR, unix.SYS_MOUNT, d, p, "", unix.MS_BIND, nil)
	same(t, "entries", len(t.names(d)), 0)
}

func mountUser(t *T) {
	d := t.Mkdir("d")
	t.Fails(unix.EPERM, unix.SYS_MOUNT, "none", d, "tmpfs", 0, nil)
	t.Fails(unix.EPERM, unix.SYS_MOUNT, d, d, "", unix.MS_BIND, nil)
	t.Fails(unix.EPERM, unix.SYS_UMOUNT2, d, 0)
	t.Fails(unix.EPERM, unix.SYS_PIVOT_ROOT, d, d)
	t.Fails(unix.ENOENT, unix.SYS_MOUNT, "none", t.Path("no"), "tmpfs", 0, nil)
}

func umountErrors(t *T) {
	d := t.Mkdir("d")
	if _, err := sys(unix.SYS_UMOUNT2, d, 0); err == unix.EPERM {
		t.Skipf("umount2: EPERM")
	}
	t.Fails(unix.EINVAL, unix.SYS_UMOUNT2, d, 0)
	t.Fails(unix.EINVAL, unix.SYS_UMOUNT2, t.File("f", ""), 0)
	t.Fails(unix.ENOENT, unix.SYS_UMOUNT2, t.Path("no"), 0)
	t.Fails(unix.ENOENT, unix.SYS_UMOUNT2, "", 0)
	t.Fails(unix.EINVAL, unix.SYS_UMOUNT2, d, 1<<20)
	t.Fails(unix.EFAULT, unix.SYS_UMOUNT2, nil, 0)
	t.Symlink("d", "l")
	t.Fails(unix.EINVAL, unix.SYS_UMOUNT2, t.Path("l"), unix.UMOUNT_NOFOLLOW)
}

// inNamespace runs f on a thread with a mount namespace of its own.
func (t *T) inNamespace(f func()) {
	onOwnThread(func() {
		t.Probe([]unix.Errno{unix.EPERM, unix.ENOSYS}, unix.SYS_UNSHARE, unix.CLONE_NEWNS|unix.CLONE_FS)
		t.Do(unix.SYS_MOUNT, "none", "/", "", unix.MS_REC|unix.MS_PRIVATE, nil)
		f()
	})
}

func mountTmpfs(t *T) {
	d := t.Mkdir("d")
	t.File("d/under", "hidden")
	t.inNamespace(func() {
		before := t.Stat(d)
		t.Do(unix.SYS_MOUNT, "none", d, "tmpfs", 0, "size=1m,mode=750")
		st := t.Stat(d)
		t.Check(st.Dev != before.Dev, "the device did not change")
		same(t, "mode", st.Mode, unix.S_IFDIR|0o750)
		t.Missing(t.Path("d/under"))
		p := t.File("d/f", "abc")
		t.SameInode(t.Stat(t.Path("d/..")), t.Stat(t.Dir))
		t.Fails(unix.EBUSY, unix.SYS_RMDIR, d)
		t.Fails(unix.EBUSY, unix.SYS_RENAME, d, t.Path("e"))
		t.Fails(unix.EXDEV, unix.SYS_RENAME, p, t.Path("g"))
		t.Fails(unix.EXDEV, unix.SYS_LINK, p, t.Path("g"))
		t.Fails(unix.EXDEV, unix.SYS_OPENAT2, t.OpenDir(), "d/f", how(unix.RESOLVE_NO_XDEV), howSize)
		fd := t.Open(p, unix.O_RDONLY, 0)
		t.Fails(unix.EBUSY, unix.SYS_UMOUNT2, d, 0)
		t.Do(unix.SYS_UMOUNT2, d, unix.MNT_DETACH)
		same(t, "read after detaching", t.Read(fd, 9), "abc")
		t.Holds(t.Path("d/under"), "hidden")
	})
	t.Holds(t.Path("d/under"), "hidden")
}

func mountBind(t *T) {
	d := t.Mkdir("d")
	t.Mkdir("d/sub")
	e, p, q := t.Mkdir("e"), t.File("d/f", "abc"), t.File("q", "")
	t.inNamespace(func() {
		t.Do(unix.SYS_MOUNT, d, e, "", unix.MS_BIND, nil)
		t.SameInode(t.Stat(t.Path("e/f")), t.Stat(p))
		t.SameInode(t.Stat(t.Path("e/..")), t.Stat(t.Dir))
		t.SameInode(t.Stat(t.Path("e/sub/..")), t.Stat(d))
		t.Fails(unix.EXDEV, unix.SYS_RENAME, t.Path("e/f"), t.Path("d/g"))
		t.Fails(unix.EXDEV, unix.SYS_LINK, t.Path("e/f"), t.Path("d/g"))
		t.Do(unix.SYS_CHDIR, t.Path("e/sub"))
		same(t, "cwd", cwd(t), t.Path("e/sub"))
		same(t, "fd", t.readlink("/proc/thread-self/fd/"+itoa(t.Open(t.Path("e/f"), unix.O_RDONLY, 0))), t.Path("e/f"))
		t.Do(unix.SYS_CHDIR, "/")
		t.Do(unix.SYS_MOUNT, p, q, "", unix.MS_BIND, nil)
		t.Holds(q, "abc")
		t.Fails(unix.EBUSY, unix.SYS_UNLINK, q)
		t.Do(unix.SYS_UMOUNT2, q, 0)
		t.Do(unix.SYS_UMOUNT2, e, unix.MNT_DETACH)
		t.Fails(unix.EINVAL, unix.SYS_UMOUNT2, e, 0)
	})
}

func mountReadOnly(t *T) {
	d := t.Mkdir("d")
	p := t.File("d/f", "abc")
	t.Mkdir("d/e")
	t.inNamespace(func() {
		t.Do(unix.SYS_MOUNT, d, d, "", unix.MS_BIND, nil)
		t.Do(unix.SYS_MOUNT, "", d, "", unix.MS_BIND|unix.MS_REMOUNT|unix.MS_RDONLY, nil)
		t.Holds(p, "abc")
		t.Fails(unix.EROFS, unix.SYS_OPENAT, unix.AT_FDCWD, p, unix.O_RDWR, 0)
		t.Fails(unix.EROFS, unix.SYS_OPENAT, unix.AT_FDCWD, p, unix.O_RDONLY|unix.O_TRUNC, 0)
		t.Fails(unix.EROFS, unix.SYS_OPENAT, unix.AT_FDCWD, t.Path("d/new"), unix.O_CREAT|unix.O_RDWR, 0o644)
		t.Close(t.Open(p, unix.O_CREAT|unix.O_RDONLY, 0o644))
		t.Fails(unix.EROFS, unix.SYS_ACCESS, p, unix.W_OK)
		t.Fails(unix.EROFS, unix.SYS_UNLINK, p)
		t.Fails(unix.EROFS, unix.SYS_MKDIR, t.Path("d/new"), 0o755)
		t.Fails(unix.EEXIST, unix.SYS_MKDIR, t.Path("d/e"), 0o755)
		t.Fails(unix.EROFS, unix.SYS_RMDIR, t.Path("d/e"))
		t.Fails(unix.EROFS, unix.SYS_RENAME, p, t.Path("d/g"))
		t.Fails(unix.EROFS, unix.SYS_SYMLINK, "x", t.Path("d/g"))
		t.Fails(unix.EROFS, unix.SYS_LINK, p, t.Path("d/g"))
		t.Fails(unix.EROFS, unix.SYS_CHMOD, p, 0o600)
		t.Fails(unix.EROFS, unix.SYS_CHOWN, p, 0, 0)
		t.Fails(unix.EROFS, unix.SYS_TRUNCATE, p, 0)
		t.Fails(unix.EROFS, unix.SYS_UTIMENSAT, unix.AT_FDCWD, p, nil, 0)
		t.Fails(unix.EROFS, unix.SYS_SETXATTR, p, "user.a", []byte("v"), 1, 0)
		var s unix.Statfs_t
		t.Do(unix.SYS_STATFS, d, &s)
		t.Check(s.Flags&unix.ST_RDONLY != 0, "f_flags %#x", s.Flags)
		t.Do(unix.SYS_UMOUNT2, d, unix.MNT_DETACH)
	})
}
