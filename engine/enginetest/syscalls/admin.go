// SPDX-License-Identifier: Apache-2.0

package syscalls

import "golang.org/x/sys/unix"

var adminCases = []Case{
	{"admin/as-user", User, adminUser},
	{"admin/no-swap", Root, adminSwap},
	{"admin/no-quota", Anyone, adminQuota},
}

func adminUser(t *T) {
	p := t.File("f", "")
	t.Fails(unix.EPERM, unix.SYS_ACCT, p)
	t.Fails(unix.EPERM, unix.SYS_ACCT, t.Path("no"))
	t.Fails(unix.EPERM, unix.SYS_SWAPON, p, 0)
	t.Fails(unix.EPERM, unix.SYS_SWAPOFF, t.Path("no"))
}

// adminSwap asks for nothing that would succeed.
func adminSwap(t *T) {
	p := t.File("f", "no swap area")
	t.Fails(unix.EINVAL, unix.SYS_SWAPON, p, 0)
	t.Fails(unix.EINVAL, unix.SYS_SWAPOFF, p)
	t.Fails(unix.ENOENT, unix.SYS_SWAPON, t.Path("no"), 0)
	t.Fails(unix.ENOENT, unix.SYS_SWAPOFF, t.Path("no"))
	t.Fails(unix.ENOTDIR, unix.SYS_SWAPON, p+"/x", 0)
	t.Fails(unix.ENOENT, unix.SYS_ACCT, t.Path("no"))
}

func adminQuota(t *T) {
	const get = 0x800007 << 8 // QCMD(Q_GETQUOTA, USRQUOTA)
	b := make([]byte, 128)
	t.Fails(unix.ENOTBLK, unix.SYS_QUOTACTL, get, t.File("f", ""), 0, b)
	t.Fails(unix.ENOENT, unix.SYS_QUOTACTL, get, t.Path("no"), 0, b)
}
