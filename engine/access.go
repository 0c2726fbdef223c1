// SPDX-License-Identifier: Apache-2.0

package engine

import "golang.org/x/sys/unix"

// Access decides as the kernel's generic_permission (fs/namei.c) whether cr may do mask
// (unix.R_OK, W_OK, X_OK) on an inode with the attributes st, without regard to
// ACLs: nil or EACCES.
func Access(cr *Cred, st *unix.Statx_t, mask uint32) error {
	mode := uint32(st.Mode)
	perm := mode
	switch {
	case cr.FSUID == st.Uid:
		perm >>= 6
	case cr.InGroup(st.Gid):
		perm >>= 3
	}
	if perm&mask == mask {
		return nil
	}
	dir := mode&unix.S_IFMT == unix.S_IFDIR
	if cr.HasCap(unix.CAP_DAC_OVERRIDE) && (dir || mask&unix.X_OK == 0 || mode&0o111 != 0) {
		return nil
	}
	if cr.HasCap(unix.CAP_DAC_READ_SEARCH) && (mask == unix.R_OK || dir && mask&unix.W_OK == 0) {
		return nil
	}
	return unix.EACCES
}

// MayDelete decides as the kernel's may_delete (fs/namei.c) whether cr may remove an entry
// with attributes st from a directory with attributes dir: write and search permission,
// and the sticky bit. nil, EACCES or EPERM.
func MayDelete(cr *Cred, dir, st *unix.Statx_t) error {
	if err := Access(cr, dir, unix.W_OK|unix.X_OK); err != nil {
		return err
	}
	if uint32(dir.Mode)&unix.S_ISVTX != 0 && cr.FSUID != st.Uid && cr.FSUID != dir.Uid && !cr.HasCap(unix.CAP_FOWNER) {
		return unix.EPERM
	}
	return nil
}
