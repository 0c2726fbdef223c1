// SPDX-License-Identifier: Apache-2.0

package engine

import "golang.org/x/sys/unix"

// Access decides as the kernel's generic_permission (fs/namei.c) whether the caller may do mask
// (unix.R_OK, W_OK, X_OK) on an inode with the attributes st, without regard to
// ACLs: nil or EACCES. Groups and capabilities are asked for only where they matter.
func Access(c Call, st *unix.Statx_t, mask uint32) error {
	mode := uint32(st.Mode)
	group, others := mode>>3&mask == mask, mode&mask == mask
	granted := others
	switch {
	case c.IDs().FSUID == st.Uid:
		granted = mode>>6&mask == mask
	case group != others && c.Cred().InGroup(st.Gid):
		granted = group
	}
	if granted {
		return nil
	}
	return Override(c, mode, mask)
}

// Override decides whether capabilities of the caller let it do mask on an inode with type and permissions mode which forbid it:
// nil or EACCES.
func Override(c Call, mode, mask uint32) error {
	dir := mode&unix.S_IFMT == unix.S_IFDIR
	cr := c.Cred()
	if cr.HasCap(unix.CAP_DAC_OVERRIDE) && (dir || mask&unix.X_OK == 0 || mode&0o111 != 0) {
		return nil
	}
	if cr.HasCap(unix.CAP_DAC_READ_SEARCH) && (mask == unix.R_OK || dir && mask&unix.W_OK == 0) {
		return nil
	}
	return unix.EACCES
}

// MayDelete decides as the kernel's may_delete (fs/namei.c) whether the caller may remove an entry
// with attributes st from a directory with attributes dir: write and search permission,
// and the sticky bit. nil, EACCES or EPERM.
func MayDelete(c Call, dir, st *unix.Statx_t) error {
	if err := Access(c, dir, unix.W_OK|unix.X_OK); err != nil {
		return err
	}
	if uid := c.IDs().FSUID; uint32(dir.Mode)&unix.S_ISVTX != 0 && uid != st.Uid && uid != dir.Uid && !c.Cred().HasCap(unix.CAP_FOWNER) {
		return unix.EPERM
	}
	return nil
}
