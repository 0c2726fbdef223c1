// SPDX-License-Identifier: Apache-2.0

package syscalls

import "golang.org/x/sys/unix"

var accessCases = []Case{
	{"access/existence", Anyone, accessExistence},
	{"access/as-root", Root, accessRoot},
	{"access/as-user", User, accessUser},
	{"access/errors", Anyone, accessErrors},
	{"faccessat2/flags", Anyone, faccessat2Flags},
	{"faccessat2/effective-ids", Root, faccessat2Effective},
}

func accessExistence(t *T) {
	p := t.File("f", "")
	dir := t.OpenDir()
	t.Do(unix.SYS_ACCESS, p, unix.F_OK)
	t.Do(unix.SYS_ACCESS, p, unix.R_OK|unix.W_OK)
	t.Do(unix.SYS_FACCESSAT, dir, "f", unix.R_OK)
	t.Do(unix.SYS_FACCESSAT2, dir, "f", unix.W_OK, 0)
	t.Fails(unix.EACCES, unix.SYS_ACCESS, p, unix.X_OK)
	t.Do(unix.SYS_ACCESS, t.Dir, unix.R_OK|unix.W_OK|unix.X_OK)
	t.Fails(unix.ENOENT, unix.SYS_ACCESS, t.Symlink("no", "l"), unix.F_OK)
}

func accessRoot(t *T) {
	p := t.File("f", "")
	t.Do(unix.SYS_CHMOD, p, 0)
	t.Do(unix.SYS_ACCESS, p, unix.R_OK|unix.W_OK)
	t.Fails(unix.EACCES, unix.SYS_ACCESS, p, unix.X_OK)
	t.Do(unix.SYS_CHMOD, p, 0o001)
	t.Do(unix.SYS_ACCESS, p, unix.X_OK)
	d := t.Mkdir("d")
	t.Do(unix.SYS_CHMOD, d, 0)
	t.Do(unix.SYS_ACCESS, d, unix.R_OK|unix.W_OK|unix.X_OK)
}

func accessUser(t *T) {
	p := t.File("f", "")
	for mode := range 8 {
		t.Do(unix.SYS_CHMOD, p, mode<<6|0o077)
		for want := 1; want < 8; want++ {
			if want&^mode == 0 {
				t.Do(unix.SYS_ACCESS, p, want)
			} else {
				t.Fails(unix.EACCES, unix.SYS_ACCESS, p, want)
			}
		}
	}
	t.Do(unix.SYS_CHMOD, p, 0)
	t.Do(unix.SYS_ACCESS, p, unix.F_OK)
	d := t.Mkdir("d")
	t.File("d/f", "")
	t.Do(unix.SYS_CHMOD, d, 0o600)
	t.Fails(unix.EACCES, unix.SYS_ACCESS, t.Path("d/f"), unix.F_OK)
	t.Fails(unix.EACCES, unix.SYS_ACCESS, t.Path("d/no"), unix.F_OK)
	t.Fails(unix.EACCES, unix.SYS_ACCESS, "/etc/passwd", unix.W_OK)
	t.Do(unix.SYS_CHMOD, d, 0o755)
}

func accessErrors(t *T) {
	p := t.File("f", "")
	t.Fails(unix.EINVAL, unix.SYS_ACCESS, p, 8)
	t.Fails(unix.EINVAL, unix.SYS_ACCESS, p, -1)
	t.Fails(unix.ENOENT, unix.SYS_ACCESS, "", unix.F_OK)
	t.Fails(unix.ENOENT, unix.SYS_ACCESS, t.Path("no"), unix.F_OK)
	t.Fails(unix.ENOTDIR, unix.SYS_ACCESS, p+"/x", unix.F_OK)
	t.Fails(unix.EFAULT, unix.SYS_ACCESS, nil, unix.F_OK)
	t.Fails(unix.EBADF, unix.SYS_FACCESSAT, -1, "f", unix.F_OK)
	t.Fails(unix.ENOTDIR, unix.SYS_FACCESSAT, t.Open(p, unix.O_RDONLY, 0), "f", unix.F_OK)
}

func faccessat2Flags(t *T) {
	p := t.File("f", "")
	l := t.Symlink("no", "l")
	t.Do(unix.SYS_FACCESSAT2, unix.AT_FDCWD, l, unix.F_OK, unix.AT_SYMLINK_NOFOLLOW)
	t.Fails(unix.ENOENT, unix.SYS_FACCESSAT2, unix.AT_FDCWD, l, unix.F_OK, 0)
	t.Do(unix.SYS_FACCESSAT2, t.Open(p, unix.O_PATH, 0), "", unix.R_OK, unix.AT_EMPTY_PATH)
	t.Do(unix.SYS_FACCESSAT2, unix.AT_FDCWD, p, unix.R_OK, unix.AT_EACCESS)
	t.Fails(unix.EINVAL, unix.SYS_FACCESSAT2, unix.AT_FDCWD, p, unix.R_OK, 1)
	t.Fails(unix.EINVAL, unix.SYS_FACCESSAT2, unix.AT_FDCWD, p, 8, 0)
}

// access asks for the real ids, AT_EACCESS for the effective ones.
func faccessat2Effective(t *T) {
	p := t.File("f", "")
	t.Do(unix.SYS_CHMOD, p, 0o600)
	onOwnThread(func() {
		t.Do(unix.SYS_SETRESUID, nobody, 0, 0)
		t.Fails(unix.EACCES, unix.SYS_ACCESS, p, unix.R_OK)
		t.Do(unix.SYS_FACCESSAT2, unix.AT_FDCWD, p, unix.R_OK, unix.AT_EACCESS)
		t.Do(unix.SYS_OPENAT, unix.AT_FDCWD, p, unix.O_RDWR, 0)
	})
}
