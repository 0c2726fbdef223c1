// SPDX-License-Identifier: Apache-2.0

package fdesc

import (
	"encoding/binary"
	"strings"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
)

// Getdents fills buf with directory entries from the open file's offset on, as getdents64(2) does, or as getdents(2)
// if old is set, and returns how many bytes were filled: 0 at the end.
//
// Errors: ENOTDIR, EINVAL if the first entry does not fit, EIO for an impossible name, the
// file system's (ENOENT for a removed directory). An error behind the first entry is left to the next call.
func (o *Open) Getdents(c engine.Call, buf []byte, old bool) (int, error) {
	d, ok := o.File.(engine.FileDirReader)
	switch {
	case o.Flags&unix.O_PATH != 0:
		return 0, unix.EBADF
	case !ok || !o.isDir():
		return 0, unix.ENOTDIR
	}
	if err := o.posLock.lock(c); err != nil {
		return 0, err
	}
	defer o.posLock.unlock()
	e := direntEncoder{buf: buf, old: old, pos: o.pos}
	err := d.ReadDir(c, o.pos, e.emit)
	if e.n > 0 {
		o.pos = e.pos
		return e.n, nil
	}
	if err == nil {
		err = e.err
	}
	return 0, err
}

// direntEncoder writes struct linux_dirent64 or linux_dirent (fs/readdir.c:filldir64, filldir).
type direntEncoder struct {
	buf []byte
	old bool
	n   int   // bytes written
	pos int64 // behind the last entry written
	err error
}

const (
	direntName = 18 // offset of d_name in linux_dirent; its d_type is the last byte of the record
	dirent64Ty = 18 // offset of d_type in linux_dirent64; d_name follows
)

func (e *direntEncoder) emit(d engine.Dirent) bool {
	if d.Name == "" || strings.ContainsAny(d.Name, "/\x00") {
		e.err = unix.EIO
		return false
	}
	// Both have a byte for the type and one that ends the name.
	size := (direntName + len(d.Name) + 2 + 7) &^ 7
	if size > len(e.buf)-e.n || size > 1<<16-1 {
		e.err = unix.EINVAL
		return false
	}
	r := e.buf[e.n : e.n+size]
	clear(r)
	binary.NativeEndian.PutUint64(r[0:], d.Ino)
	binary.NativeEndian.PutUint64(r[8:], uint64(d.Off))
	binary.NativeEndian.PutUint16(r[16:], uint16(size))
	if e.old {
		copy(r[direntName:], d.Name)
		r[size-1] = d.Type
	} else {
		r[dirent64Ty] = d.Type
		copy(r[dirent64Ty+1:], d.Name)
	}
	e.n += size
	e.pos = d.Off
	return true
}
