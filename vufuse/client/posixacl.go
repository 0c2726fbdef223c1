// SPDX-License-Identifier: Apache-2.0

package client

import (
	"encoding/binary"
	"slices"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
)

// Names of the extended attributes that are ACLs (acl(5)).
const (
	aclAccess  = "system.posix_acl_access"
	aclDefault = "system.posix_acl_default"
)

func isACL(name string) bool { return name == aclAccess || name == aclDefault }

// Tags of entries (include/uapi/linux/posix_acl.h).
const (
	aclUserObj  = 0x01
	aclUser     = 0x02
	aclGroupObj = 0x04
	aclGroup    = 0x08
	aclMask     = 0x10
	aclOther    = 0x20
)

const (
	aclVersion    = 2 // POSIX_ACL_XATTR_VERSION
	aclHeaderSize = 4
	aclEntrySize  = 8
	aclNobody     = 0xffffffff // ACL_UNDEFINED_ID
)

// aclEntry is an entry of an ACL; id is that of a user or a group where the tag wants one.
type aclEntry struct {
	tag, perm uint16
	id        uint32
}

// acl is a list of entries in the order they came in. An empty one is none.
type acl []aclEntry

// parseACL is fs/posix_acl.c:posix_acl_from_xattr().
//
// Errors: EINVAL, EOPNOTSUPP for another version.
func parseACL(b []byte) (acl, error) {
	if len(b) == 0 {
		return nil, nil
	}
	if len(b) < aclHeaderSize {
		return nil, unix.EINVAL
	}
	if binary.LittleEndian.Uint32(b) != aclVersion {
		return nil, unix.EOPNOTSUPP
	}
	if b = b[aclHeaderSize:]; len(b)%aclEntrySize != 0 {
		return nil, unix.EINVAL
	}
	var list acl
	for e := range slices.Chunk(b, aclEntrySize) {
		one := aclEntry{tag: binary.LittleEndian.Uint16(e), perm: binary.LittleEndian.Uint16(e[2:]), id: aclNobody}
		switch one.tag {
		case aclUserObj, aclGroupObj, aclMask, aclOther:
		case aclUser, aclGroup:
			if one.id = binary.LittleEndian.Uint32(e[4:]); one.id == aclNobody {
				return nil, unix.EINVAL
			}
		default:
			return nil, unix.EINVAL
		}
		list = append(list, one)
	}
	return list, nil
}

// bytes is fs/posix_acl.c:posix_acl_to_xattr().
func (l acl) bytes() []byte {
	b := binary.LittleEndian.AppendUint32(nil, aclVersion)
	for _, e := range l {
		b = binary.LittleEndian.AppendUint16(b, e.tag)
		b = binary.LittleEndian.AppendUint16(b, e.perm)
		b = binary.LittleEndian.AppendUint32(b, e.id)
	}
	return b
}

// valid is fs/posix_acl.c:posix_acl_valid(): owner, users, group, groups, mask, others, in that order, with a mask if there are
// users or groups.
func (l acl) valid() bool {
	rank := map[uint16]int{aclUserObj: 0, aclUser: 1, aclGroupObj: 2, aclGroup: 3, aclMask: 4, aclOther: 5}
	var seen [6]int
	last := 0
	for _, e := range l {
		r := rank[e.tag]
		if r < last || e.perm&^7 != 0 {
			return false
		}
		seen[r]++
		last = r
	}
	named := seen[1]+seen[3] > 0
	return seen[0] == 1 && seen[2] == 1 && seen[5] == 1 && seen[4] <= 1 && (!named || seen[4] == 1)
}

// allows tells whether c, who is not the owner, may do mask on a file of the group gid (fs/posix_acl.c:posix_acl_permission()).
//
// Errors: EACCES, EIO for an ACL without an entry for others.
func (l acl) allows(c engine.Call, gid uint32, mask uint32) error {
	found := false
	for i, e := range l {
		applies := false
		switch e.tag {
		case aclUser:
			applies = e.id == c.IDs().FSUID
		case aclGroupObj, aclGroup:
			if e.tag == aclGroupObj {
				e.id = gid
			}
			in := c.Cred().InGroup(e.id)
			found = found || in
			applies = in && uint32(e.perm)&mask == mask
		case aclOther:
			if found {
				return unix.EACCES
			}
			return granted(e.perm, mask)
		}
		if applies {
			if m := slices.IndexFunc(l[i:], func(o aclEntry) bool { return o.tag == aclMask }); m >= 0 {
				return granted(e.perm&l[i+m].perm, mask)
			}
			return granted(e.perm, mask)
		}
	}
	return unix.EIO
}

func granted(perm uint16, mask uint32) error {
	if uint32(perm)&mask == mask {
		return nil
	}
	return unix.EACCES
}
