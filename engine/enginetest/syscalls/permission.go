// SPDX-License-Identifier: Apache-2.0

package syscalls

import "golang.org/x/sys/unix"

var permissionCases = []Case{
	{"permission/search", User, permissionSearch},
	{"permission/write-directory", User, permissionWrite},
	{"permission/file-modes", User, permissionModes},
	{"permission/sticky-directory", Root, permissionSticky},
	{"permission/root-overrides", Root, permissionRoot},
	{"permission/by-thread", Root, permissionThread},
	{"permission/groups", Root, permissionGroups},
	{"permission/new-files-belong-to-fsuid", Root, permissionFsuid},
}

func permissionSearch(t *T) {
	d := t.Mkdir("d")
	p := t.File("d/f", "abc")
	t.Do(unix.SYS_CHMOD, d, 0o600)
	var st unix.Stat_t
	t.Fails(unix.EACCES, unix.SYS_STAT, p, &st)
	t.Fails(unix.EACCES, unix.SYS_OPENAT, unix.AT_FDCWD, p, unix.O_RDONLY, 0)
	t.Fails(unix.EACCES, unix.SYS_STAT, t.Path("d/."), &st)
	t.Fails(unix.EACCES, unix.SYS_STAT, t.Path("d/.."), &st)
	t.Fails(unix.EACCES, unix.SYS_CHDIR, d)
	t.Fails(unix.EACCES, unix.SYS_MKDIR, t.Path("d/e"), 0o755)
	t.Fails(unix.EACCES, unix.SYS_RENAME, p, t.Path("g"))
	t.Fails(unix.EACCES, unix.SYS_OPENAT, t.Open(d, unix.O_RDONLY, 0), "f", unix.O_RDONLY, 0)
	same(t, "entries", len(t.names(d)), 1)
	t.Do(unix.SYS_CHMOD, d, 0o100)
	t.Holds(p, "abc")
	t.Fails(unix.EACCES, unix.SYS_OPENAT, unix.AT_FDCWD, d, unix.O_RDONLY, 0)
	t.Do(unix.SYS_CHDIR, d)
	t.Do(unix.SYS_CHDIR, "/")
	t.Do(unix.SYS_CHMOD, d, 0o755)
}

func permissionWrite(t *T) {
	d := t.Mkdir("d")
	p := t.File("d/f", "abc")
	t.Mkdir("d/e")
	t.Do(unix.SYS_CHMOD, d, 0o555)
	t.Fails(unix.EACCES, unix.SYS_OPENAT, unix.AT_FDCWD, t.Path("d/g"), unix.O_CREAT|unix.O_RDWR, 0o644)
	t.Fails(unix.EACCES, unix.SYS_UNLINK, p)
	t.Fails(unix.EACCES, unix.SYS_RMDIR, t.Path("d/e"))
	t.Fails(unix.EACCES, unix.SYS_MKDIR, t.Path("d/g"), 0o755)
	t.Fails(unix.EEXIST, unix.SYS_MKDIR, t.Path("d/e"), 0o755)
	t.Fails(unix.EACCES, unix.SYS_SYMLINK, "x", t.Path("d/g"))
	t.Fails(unix.EACCES, unix.SYS_LINK, p, t.Path("d/g"))
	t.Fails(unix.EACCES, unix.SYS_RENAME, p, t.Path("g"))
	t.Fails(unix.EACCES, unix.SYS_MKNOD, t.Path("d/g"), unix.S_IFIFO|0o600, 0)
	t.Fails(unix.ENOENT, unix.SYS_UNLINK, t.Path("d/no"))
	t.Open(p, unix.O_CREAT|unix.O_RDWR, 0o644)
	t.Do(unix.SYS_CHMOD, d, 0o755)
}

func permissionModes(t *T) {
	p := t.File("f", "abc")
	for mode := range 8 {
		t.Do(unix.SYS_CHMOD, p, mode<<6|0o77)
		for flags, need := range map[int]int{unix.O_RDONLY: 4, unix.O_WRONLY: 2, unix.O_RDWR: 6, unix.O_RDONLY | unix.O_TRUNC: 6} {
			if mode&need == need {
				t.Close(t.Open(p, flags, 0))
			} else {
				t.Fails(unix.EACCES, unix.SYS_OPENAT, unix.AT_FDCWD, p, flags, 0)
			}
		}
	}
	t.Do(unix.SYS_CHMOD, p, 0o400)
	t.Fails(unix.EACCES, unix.SYS_TRUNCATE, p, 0)
	fd := t.Open(p, unix.O_RDONLY, 0)
	t.Fails(unix.EACCES, unix.SYS_OPENAT, unix.AT_FDCWD, procFD(fd), unix.O_RDWR, 0)
}

// as runs f on a thread of its own with another user's and group's ids.
func (t *T) as(uid, gid int, f func()) {
	onOwnThread(func() {
		t.Do(unix.SYS_SETGROUPS, 0, nil)
		t.Do(unix.SYS_SETRESGID, gid, gid, gid)
		t.Do(unix.SYS_SETRESUID, uid, uid, uid)
		f()
	})
}

func permissionSticky(t *T) {
	d := t.Mkdir("d")
	t.Do(unix.SYS_CHMOD, d, 0o1777)
	p := t.File("d/f", "")
	t.as(nobody, nobody, func() {
		t.Fails(unix.EPERM, unix.SYS_UNLINK, p)
		t.Fails(unix.EPERM, unix.SYS_RENAME, p, t.Path("d/g"))
		q := t.File("d/mine", "")
		t.Fails(unix.EPERM, unix.SYS_RENAME, q, p)
		t.Do(unix.SYS_UNLINK, q)
	})
}

func permissionRoot(t *T) {
	d := t.Mkdir("d")
	p := t.File("d/f", "abc")
	t.Do(unix.SYS_CHMOD, p, 0)
	t.Do(unix.SYS_CHMOD, d, 0)
	t.Holds(p, "abc")
	t.Write(t.Open(p, unix.O_RDWR, 0), "X")
	t.Do(unix.SYS_UNLINK, p)
	same(t, "entries", len(t.names(d)), 0)
}

// Ids belong to a thread: only that one loses what it may do.
func permissionThread(t *T) {
	p := t.File("f", "abc")
	t.Do(unix.SYS_CHMOD, p, 0o600)
	t.as(nobody, nobody, func() {
		t.Fails(unix.EACCES, unix.SYS_OPENAT, unix.AT_FDCWD, p, unix.O_RDONLY, 0)
		t.Fails(unix.EACCES, unix.SYS_OPENAT, unix.AT_FDCWD, t.Path("g"), unix.O_RDWR|unix.O_CREAT, 0o644)
		t.Fails(unix.EPERM, unix.SYS_CHMOD, p, 0o644)
		t.Fails(unix.EPERM, unix.SYS_MOUNT, "none", t.Dir, "tmpfs", 0, nil)
	})
	t.Holds(p, "abc")
}

func permissionGroups(t *T) {
	p := t.File("f", "abc")
	t.Do(unix.SYS_CHOWN, p, 1001, 2002)
	t.Do(unix.SYS_CHMOD, p, 0o640)
	t.as(1003, 2002, func() { t.Holds(p, "abc") })
	t.as(1003, 2003, func() { t.Fails(unix.EACCES, unix.SYS_OPENAT, unix.AT_FDCWD, p, unix.O_RDONLY, 0) })
	onOwnThread(func() {
		t.Do(unix.SYS_SETGROUPS, 2, &[2]uint32{7, 2002})
		t.Do(unix.SYS_SETRESGID, 2003, 2003, 2003)
		t.Do(unix.SYS_SETRESUID, 1003, 1003, 1003)
		t.Holds(p, "abc")
		t.Fails(unix.EACCES, unix.SYS_OPENAT, unix.AT_FDCWD, p, unix.O_RDWR, 0)
	})
	// The owner's bits count for the owner even where the group's would give more.
	t.Do(unix.SYS_CHMOD, p, 0o044)
	t.as(1001, 2002, func() { t.Fails(unix.EACCES, unix.SYS_OPENAT, unix.AT_FDCWD, p, unix.O_RDONLY, 0) })
}

func permissionFsuid(t *T) {
	t.Do(unix.SYS_CHMOD, t.Dir, 0o777)
	onOwnThread(func() {
		t.Do(unix.SYS_SETFSGID, 1002)
		t.Do(unix.SYS_SETFSUID, 1001)
		t.owned(t.File("f", ""), 1001, 1002)
		t.owned(t.Mkdir("d"), 1001, 1002)
		t.owned(t.Symlink("x", "l"), 1001, 1002)
	})
	t.owned(t.File("g", ""), 0, 0)
}
