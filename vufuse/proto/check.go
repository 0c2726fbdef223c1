// SPDX-License-Identifier: Apache-2.0

package proto

import (
	"bytes"
	"math"

	"golang.org/x/sys/unix"
)

// ValidType tells whether mode has one of the seven file types (fuse_valid_type).
func ValidType(mode uint32) bool {
	switch mode & unix.S_IFMT {
	case unix.S_IFREG, unix.S_IFDIR, unix.S_IFLNK, unix.S_IFCHR, unix.S_IFBLK, unix.S_IFIFO, unix.S_IFSOCK:
		return true
	}
	return false
}

// Valid tells whether attributes can be believed (fuse_invalid_attr).
func (a *Attr) Valid() bool { return ValidType(a.Mode) && a.Size <= math.MaxInt64 }

// ValidChild tells whether a node id may be that of anything but the root
// (invalid_nodeid).
func ValidChild(id uint64) bool { return id != 0 && id != RootID }

// Valid tells whether the lock can be believed (convert_fuse_file_lock).
func (l *FileLock) Valid() bool {
	switch l.Type {
	case unix.F_UNLCK:
		return true
	case unix.F_RDLCK, unix.F_WRLCK:
		return l.Start <= math.MaxInt64 && l.End <= math.MaxInt64 && l.Start <= l.End
	}
	return false
}

// ParseXattrList splits a reply to LISTXATTR. It is false if a name is empty or not
// ended (fuse_verify_xattr_list).
func ParseXattrList(b []byte) ([]string, bool) {
	var names []string
	for len(b) > 0 {
		i := bytes.IndexByte(b, 0)
		if i <= 0 {
			return nil, false
		}
		names = append(names, string(b[:i]))
		b = b[i+1:]
	}
	return names, true
}

// Reply is a message from the server, checked as far as that is possible without knowing
// what it answers.
type Reply struct {
	Unique uint64
	Errno  unix.Errno
	Notify Notification // of Unique 0
	Body   []byte
}

// Notification is the number of a message that answers nothing.
type Notification int32

// ParseReply checks the header of a message (fs/fuse/dev.c:fuse_dev_do_write). On an error
// (EINVAL) r.Unique is set when the header is there at all, so that who waits for that reply can
// be told.
func ParseReply(msg []byte) (r Reply, err error) {
	if len(msg) < OutHeaderSize {
		return r, unix.EINVAL
	}
	var h OutHeader
	copy(h.Raw(), msg)
	r.Unique = h.Unique
	if uint64(h.Len) != uint64(len(msg)) {
		return r, unix.EINVAL
	}
	r.Body = msg[OutHeaderSize:]
	if h.Unique == 0 {
		r.Notify = Notification(h.Error)
		return r, nil
	}
	if h.Error > 0 || h.Error <= -maxErrno || h.Error != 0 && len(r.Body) != 0 {
		return r, unix.EINVAL
	}
	r.Errno = unix.Errno(-h.Error)
	return r, nil
}
