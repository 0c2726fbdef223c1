// SPDX-License-Identifier: Apache-2.0

package volume

import (
	"bytes"
	"errors"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

const (
	aclAccess  = "system.posix_acl_access"
	aclDefault = "system.posix_acl_default"
)

// checkAttr refuses names of classes that ext4 does not store for users.
func checkAttr(name string) error {
	if strings.ContainsRune(name, 0) || len(name) > maxName {
		return unix.ERANGE
	}
	switch class, rest, _ := strings.Cut(name, "."); {
	case name == aclAccess || name == aclDefault:
		return nil
	case (class == "user" || class == "trusted" || class == "security") && rest != "":
		return nil
	}
	return unix.EOPNOTSUPP
}

// Getxattr gives the value of an extended attribute. Errors: ENODATA, EOPNOTSUPP, ERANGE for a bad name.
func (v *Volume) Getxattr(ino uint32, name string) ([]byte, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	in, err := v.get(ino)
	if err == nil {
		err = checkAttr(name)
	}
	if err != nil {
		return nil, err
	}
	return v.xattr(in, name)
}

func (v *Volume) xattr(in *inode, name string) ([]byte, error) {
	if !v.mayHaveAttrs(in) {
		return nil, unix.ENODATA
	}
	return v.fs.XattrGet(in.ino, name)
}

// mayHaveAttrs looks at the inode alone: most have neither an attribute block nor any in the inode.
func (v *Volume) mayHaveAttrs(in *inode) bool {
	if in.aclBlock() != 0 {
		return true
	}
	if len(in.raw) <= goodOldInodeLen+2 {
		return false
	}
	at := goodOldInodeLen + int(in.u16(inExtra))
	const magic = 0xEA020000 // EXT4_XATTR_MAGIC
	return in.u16(inExtra) != 0 && at+4 <= len(in.raw) && in.u32(at) == magic
}

// Listxattr gives the names, each with a zero byte behind it. Names of class trusted are for the privileged only.
func (v *Volume) Listxattr(ino uint32, c Cred) ([]byte, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	in, err := v.get(ino)
	if err != nil || !v.mayHaveAttrs(in) {
		return nil, err
	}
	list, err := v.fs.XattrList(ino)
	if err != nil {
		return nil, err
	}
	var out []byte
	for name := range bytes.SplitAfterSeq(list, []byte{0}) {
		if c.UID == 0 || !bytes.HasPrefix(name, []byte("trusted.")) {
			out = append(out, name...)
		}
	}
	return out, nil
}

// Setxattr sets an attribute; flags are XATTR_CREATE and XATTR_REPLACE. Setting the access ACL sets the mode too.
// Errors: EEXIST, ENODATA, ENOSPC, EOPNOTSUPP, EINVAL for an ACL that is none.
func (v *Volume) Setxattr(ino uint32, name string, value []byte, flags uint32) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	in, err := v.attrsOf(ino, name)
	if err != nil {
		return err
	}
	_, err = v.xattr(in, name)
	switch {
	case err == nil && flags&unix.XATTR_CREATE != 0:
		return unix.EEXIST
	case err != nil && (!errors.Is(err, unix.ENODATA) || flags&unix.XATTR_REPLACE != 0):
		return err
	}
	switch name {
	case aclAccess, aclDefault:
		err = v.setACL(in, name, value)
	default:
		err = v.setXattr(in, name, value)
	}
	if err != nil {
		return err
	}
	in.setCtime(time.Now())
	return v.put(in)
}

// attrsOf gives an inode whose attributes may be changed.
func (v *Volume) attrsOf(ino uint32, name string) (*inode, error) {
	if err := v.writable(); err != nil {
		return nil, err
	}
	if err := checkAttr(name); err != nil {
		return nil, err
	}
	in, err := v.get(ino)
	if err == nil && in.has(flImmutable|flAppend) {
		err = unix.EPERM
	}
	return in, err
}

func (v *Volume) setXattr(in *inode, name string, value []byte) error {
	err := v.fs.XattrSet(in.ino, name, value)
	return errors.Join(err, v.reload(in))
}

func (v *Volume) removeXattr(in *inode, name string) error {
	err := v.fs.XattrRemove(in.ino, name)
	return errors.Join(err, v.reload(in))
}

// Removexattr removes an attribute. Errors: ENODATA, EOPNOTSUPP.
func (v *Volume) Removexattr(ino uint32, name string) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	in, err := v.attrsOf(ino, name)
	if err != nil {
		return err
	}
	if _, err := v.xattr(in, name); err != nil {
		return err
	}
	if err := v.removeXattr(in, name); err != nil {
		return err
	}
	in.setCtime(time.Now())
	return v.put(in)
}
