// SPDX-License-Identifier: Apache-2.0

package volume

import (
	"encoding/binary"
	"errors"

	"golang.org/x/sys/unix"
)

// An ACL as an extended attribute is a version (4 bytes) and entries of tag (2), permissions (2) and id (4), sorted by
// tag (include/uapi/linux/posix_acl_xattr.h).
const (
	aclHead    = 4
	aclEntry   = 8
	aclVersion = 2

	tagUserObj  = 0x01
	tagUser     = 0x02
	tagGroupObj = 0x04
	tagGroup    = 0x08
	tagMask     = 0x10
	tagOther    = 0x20
)

type acl []byte

func (a acl) entries() int     { return (len(a) - aclHead) / aclEntry }
func (a acl) tag(i int) uint16 { return binary.LittleEndian.Uint16(a[aclHead+i*aclEntry:]) }
func (a acl) perm(i int) uint32 {
	return uint32(binary.LittleEndian.Uint16(a[aclHead+i*aclEntry+2:])) & 7
}
func (a acl) and(i int, p uint32) { a.setPerm(i, a.perm(i)&p) }
func (a acl) setPerm(i int, p uint32) {
	binary.LittleEndian.PutUint16(a[aclHead+i*aclEntry+2:], uint16(p))
}

// valid is fs/posix_acl.c:posix_acl_valid.
func (a acl) valid() bool {
	if len(a) < aclHead || (len(a)-aclHead)%aclEntry != 0 || binary.LittleEndian.Uint32(a) != aclVersion {
		return false
	}
	seen := map[uint16]int{}
	last := uint16(0)
	for i := range a.entries() {
		t := a.tag(i)
		if t < last || (t != tagUser && t != tagGroup && seen[t] > 0) {
			return false
		}
		switch t {
		case tagUserObj, tagUser, tagGroupObj, tagGroup, tagMask, tagOther:
		default:
			return false
		}
		seen[t]++
		last = t
	}
	named := seen[tagUser]+seen[tagGroup] > 0
	return seen[tagUserObj] == 1 && seen[tagGroupObj] == 1 && seen[tagOther] == 1 && (!named || seen[tagMask] == 1)
}

// mode gives the nine permission bits that stand for the ACL, and whether they say all of it.
func (a acl) mode() (bits uint32, all bool) {
	group, mask := uint32(0), ^uint32(0)
	all = true
	for i := range a.entries() {
		switch p := a.perm(i); a.tag(i) {
		case tagUserObj:
			bits |= p << 6
		case tagGroupObj:
			group = p
		case tagOther:
			bits |= p
		case tagMask:
			mask, all = p, false
		default:
			all = false
		}
	}
	if mask != ^uint32(0) {
		group = mask
	}
	return bits | group<<3, all
}

// restrict takes permissions away that mode does not have (posix_acl_create_masq), or with set makes the three
// classes exactly those of mode (__posix_acl_chmod_masq).
func (a acl) restrict(mode uint32, set bool) {
	class := tagGroupObj
	for i := range a.entries() {
		if a.tag(i) == tagMask {
			class = tagMask
		}
	}
	for i := range a.entries() {
		var p uint32
		switch int(a.tag(i)) {
		case tagUserObj:
			p = mode >> 6 & 7
		case class:
			p = mode >> 3 & 7
		case tagOther:
			p = mode & 7
		default:
			continue
		}
		if set {
			a.setPerm(i, p)
		} else {
			a.and(i, p)
		}
	}
}

// setACL stores an ACL. An access ACL sets the permission bits, and is not kept if they say it all.
func (v *Volume) setACL(in *inode, name string, value []byte) error {
	a := acl(value)
	switch {
	case in.fmt() == unix.S_IFLNK:
		return unix.EOPNOTSUPP
	case name == aclDefault && !in.isDir():
		return unix.EACCES
	case !a.valid():
		return unix.EINVAL
	}
	if name == aclDefault {
		return v.setXattr(in, name, value)
	}
	bits, all := a.mode()
	var err error
	if !all {
		err = v.setXattr(in, name, value)
	} else if err = v.removeXattr(in, name); errors.Is(err, unix.ENODATA) {
		err = nil
	}
	if err == nil {
		in.setU16(inMode, uint16(in.mode()&^0o777|bits))
	}
	return err
}

// chmod sets the permission bits, and in an access ACL what they stand for.
func (v *Volume) chmod(in *inode, mode uint32) error {
	value, err := v.xattr(in, aclAccess)
	switch {
	case err == nil && acl(value).valid():
		acl(value).restrict(mode, true)
		if err := v.setXattr(in, aclAccess, value); err != nil {
			return err
		}
	case err != nil && !errors.Is(err, unix.ENODATA):
		return err
	}
	in.setU16(inMode, uint16(in.fmt()|mode&0o7777))
	return nil
}

// inheritACL gives a new inode the default ACL of its directory, or else takes the umask off its mode
// (fs/posix_acl.c:posix_acl_create).
func (v *Volume) inheritACL(dir, in *inode, c Cred) error {
	if in.fmt() == unix.S_IFLNK {
		return nil
	}
	value, err := v.xattr(dir, aclDefault)
	if errors.Is(err, unix.ENODATA) || (err == nil && !acl(value).valid()) {
		in.setU16(inMode, uint16(in.mode()&^(c.Umask&0o777)))
		return v.put(in)
	}
	if err != nil {
		return err
	}
	if in.isDir() {
		if err := v.setXattr(in, aclDefault, value); err != nil {
			return err
		}
	}
	a := acl(value)
	a.restrict(in.mode(), false)
	bits, all := a.mode()
	if !all {
		if err := v.setXattr(in, aclAccess, a); err != nil {
			return err
		}
	}
	in.setU16(inMode, uint16(in.mode()&^0o777|bits&in.mode()&0o777))
	return v.put(in)
}
