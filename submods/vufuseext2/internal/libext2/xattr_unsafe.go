// SPDX-License-Identifier: Apache-2.0

package libext2

// #include <stdlib.h>
// #include "bridge.h"
import "C"

import (
	"bytes"
	"unsafe"
)

// sizeLimit bounds what a damaged image can make us allocate for one attribute (XATTR_SIZE_MAX).
const sizeLimit = 64 << 10

// XattrGet gives the value of an attribute; POSIX ACLs are in the kernel's xattr format. Errors: ENODATA.
func (fs *FS) XattrGet(ino uint32, name string) ([]byte, error) {
	cname := C.CString(name)
	defer C.free(unsafe.Pointer(cname))
	return grow("get attribute", func(buf []byte, size *C.size_t) C.long {
		return C.vx_xattr_get(fs.c, C.uint32_t(ino), cname, ptr(buf), C.size_t(len(buf)), size)
	})
}

// XattrList gives the names, each ended by a zero byte, as listxattr(2).
func (fs *FS) XattrList(ino uint32) ([]byte, error) {
	return grow("list attributes", func(buf []byte, size *C.size_t) C.long {
		return C.vx_xattr_list(fs.c, C.uint32_t(ino), ptr(buf), C.size_t(len(buf)), size)
	})
}

func grow(op string, call func([]byte, *C.size_t) C.long) ([]byte, error) {
	buf := make([]byte, 1024)
	for {
		var size C.size_t
		if err := check(op, call(buf, &size)); err != nil {
			return nil, err
		}
		if int(size) <= len(buf) {
			return buf[:size], nil
		}
		if size > sizeLimit {
			return nil, &Error{Op: op, Code: int64(C.EXT2_ET_EA_BAD_VALUE_SIZE)}
		}
		buf = make([]byte, size)
	}
}

// XattrSet sets an attribute. The inode on disk changes: cached copies are stale. Errors: ENOSPC.
func (fs *FS) XattrSet(ino uint32, name string, value []byte) error {
	cname := C.CString(name)
	defer C.free(unsafe.Pointer(cname))
	// A copy: value may lie inside a request that holds Go pointers, which cgo must not be given.
	value = bytes.Clone(value)
	return check("set attribute", C.vx_xattr_set(fs.c, C.uint32_t(ino), cname, ptr(value), C.size_t(len(value))))
}

// XattrRemove removes an attribute. The inode on disk changes: cached copies are stale. Errors: ENODATA.
func (fs *FS) XattrRemove(ino uint32, name string) error {
	cname := C.CString(name)
	defer C.free(unsafe.Pointer(cname))
	return check("remove attribute", C.vx_xattr_remove(fs.c, C.uint32_t(ino), cname))
}

// XattrFree gives up the attribute block, and attribute inodes, of an inode that is being deleted; raw changes.
func (fs *FS) XattrFree(ino uint32, raw []byte) error {
	return check("free attributes", C.vx_xattr_free(fs.c, C.uint32_t(ino), ptr(raw), C.int(len(raw))))
}

// InlineGet gives the room for data that the inode holds: the first 60 bytes and the tail in its attributes.
func (fs *FS) InlineGet(ino uint32, raw []byte) ([]byte, error) {
	buf := make([]byte, fs.BlockSize())
	var size C.size_t
	code := C.vx_inline_get(fs.c, C.uint32_t(ino), ptr(raw), ptr(buf), C.size_t(len(buf)), &size)
	if err := check("read inline data", code); err != nil {
		return nil, err
	}
	return buf[:size], nil
}

// InlineSet replaces inline data; the inode on disk changes. Errors: Code ErrInlineNoSpace if it does not fit.
func (fs *FS) InlineSet(ino uint32, raw, data []byte) error {
	return check("write inline data", C.vx_inline_set(fs.c, C.uint32_t(ino), ptr(raw), ptr(data), C.size_t(len(data))))
}

// InlineRemove removes the tail of inline data from the attributes; the inode on disk changes.
func (fs *FS) InlineRemove(ino uint32) error {
	return check("remove inline data", C.vx_inline_remove(fs.c, C.uint32_t(ino)))
}
