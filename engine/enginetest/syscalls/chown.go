// SPDX-License-Identifier: Apache-2.0

package syscalls

import "golang.org/x/sys/unix"

var chownCases = []Case{
	{"chown/forms", Root, chownForms},
	{"chown/symlink", Root, chownSymlink},
	{"chown/clears-set-id-bits", Root, chownClears},
	{"chown/to-oneself", Anyone, chownSelf},
	{"chown/errors", Anyone, chownErrors},
	{"chown/as-user", User, chownUser},
	{"write/clears-set-id-bits", User, writeClears},
}

func (t *T) owned(path string, uid, gid uint32) {
	st := t.Lstat(path)
	t.Check(st.Uid == uid && st.Gid == gid, "%s belongs to %d:%d, want %d:%d", path, st.Uid, st.Gid, uid, gid)
}

func chownForms(t *T) {
	p := t.File("f", "")
	t.Do(unix.SYS_CHOWN, p, 1001, 1002)
	t.owned(p, 1001, 1002)
	t.Do(unix.SYS_CHOWN, p, -1, 1003)
	t.owned(p, 1001, 1003)
	t.Do(unix.SYS_LCHOWN, p, 1004, -1)
	t.owned(p, 1004, 1003)
	t.Do(unix.SYS_FCHOWN, t.Open(p, unix.O_RDONLY, 0), 5, 6)
	t.owned(p, 5, 6)
	t.Do(unix.SYS_FCHOWNAT, t.OpenDir(), "f", 70000, 80000, 0)
	t.owned(p, 70000, 80000)
	t.Do(unix.SYS_FCHOWNAT, t.Open(p, unix.O_PATH, 0), "", 7, 8, unix.AT_EMPTY_PATH)
	t.owned(p, 7, 8)
	t.Do(unix.SYS_CHOWN, p, -1, -1)
	t.owned(p, 7, 8)
	d := t.Mkdir("d")
	t.Do(unix.SYS_CHOWN, d, 9, 10)
	t.owned(d, 9, 10)
}

func chownSymlink(t *T) {
	p, l := t.File("f", ""), t.Symlink("f", "l")
	t.Do(unix.SYS_LCHOWN, l, 11, 12)
	t.owned(l, 11, 12)
	t.owned(p, 0, 0)
	t.Do(unix.SYS_CHOWN, l, 13, 14)
	t.owned(p, 13, 14)
	t.Do(unix.SYS_FCHOWNAT, unix.AT_FDCWD, l, 15, 16, unix.AT_SYMLINK_NOFOLLOW)
	t.owned(l, 15, 16)
	t.owned(p, 13, 14)
}

// A change of owner takes the set-user-id bit, and set-group-id if it can be executed.
func chownClears(t *T) {
	p := t.File("f", "")
	for mode, want := range map[uint32]uint32{0o4755: 0o755, 0o2755: 0o755, 0o6755: 0o755, 0o4644: 0o644, 0o1755: 0o1755} {
		t.Do(unix.SYS_CHMOD, p, mode)
		t.Do(unix.SYS_CHOWN, p, 1001, 1001)
		same(t, "mode", t.Stat(p).Mode, unix.S_IFREG|want)
	}
	d := t.Mkdir("d")
	t.Do(unix.SYS_CHMOD, d, 0o6755)
	t.Do(unix.SYS_CHOWN, d, 1001, 1001)
	same(t, "directory mode", t.Stat(d).Mode, unix.S_IFDIR|0o6755)
}

func chownSelf(t *T) {
	p := t.File("f", "")
	uid, gid := unix.Geteuid(), unix.Getegid()
	t.Do(unix.SYS_CHOWN, p, uid, gid)
	t.Do(unix.SYS_CHOWN, p, -1, -1)
	t.Do(unix.SYS_FCHOWN, t.Open(p, unix.O_RDONLY, 0), uid, -1)
	t.Do(unix.SYS_LCHOWN, t.Symlink("no", "l"), uid, gid)
	t.owned(p, uint32(uid), uint32(gid))
}

func chownErrors(t *T) {
	p := t.File("f", "")
	t.Fails(unix.ENOENT, unix.SYS_CHOWN, t.Path("no"), -1, -1)
	t.Fails(unix.ENOENT, unix.SYS_CHOWN, t.Symlink("no", "l"), -1, -1)
	t.Fails(unix.ENOENT, unix.SYS_LCHOWN, "", -1, -1)
	t.Fails(unix.ENOTDIR, unix.SYS_CHOWN, p+"/x", -1, -1)
	t.Fails(unix.EFAULT, unix.SYS_CHOWN, nil, -1, -1)
	t.Fails(unix.EBADF, unix.SYS_FCHOWN, -1, -1, -1)
	t.Fails(unix.EBADF, unix.SYS_FCHOWNAT, -1, "f", -1, -1, 0)
	t.Fails(unix.EINVAL, unix.SYS_FCHOWNAT, unix.AT_FDCWD, p, -1, -1, 1)
	t.Fails(unix.ENOENT, unix.SYS_FCHOWNAT, t.OpenDir(), "", -1, -1, 0)
}

func chownUser(t *T) {
	p := t.File("f", "")
	uid := unix.Geteuid()
	t.Fails(unix.EPERM, unix.SYS_CHOWN, p, 0, -1)
	t.Fails(unix.EPERM, unix.SYS_CHOWN, p, uid+1, -1)
	t.Fails(unix.EPERM, unix.SYS_CHOWN, p, -1, 0)
	t.Do(unix.SYS_CHOWN, p, uid, unix.Getegid())
	t.Do(unix.SYS_CHMOD, p, 0o4755)
	t.Do(unix.SYS_CHOWN, p, uid, -1)
	same(t, "mode", t.Stat(p).Mode, unix.S_IFREG|0o755)
}

// Whoever is not privileged takes the set-id bits by writing.
func writeClears(t *T) {
	for name, change := range map[string]func(p string){
		"write":    func(p string) { t.Write(t.Open(p, unix.O_WRONLY, 0), "x") },
		"truncate": func(p string) { t.Do(unix.SYS_TRUNCATE, p, 2) },
		"O_TRUNC":  func(p string) { t.Open(p, unix.O_WRONLY|unix.O_TRUNC, 0) },
	} {
		p := t.File(name, "abc")
		t.Do(unix.SYS_CHMOD, p, 0o6755)
		same(t, "mode before", t.Stat(p).Mode, unix.S_IFREG|0o6755)
		change(p)
		same(t, "mode after "+name, t.Stat(p).Mode, unix.S_IFREG|0o755)
	}
}
