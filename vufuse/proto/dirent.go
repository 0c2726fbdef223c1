// SPDX-License-Identifier: Apache-2.0

package proto

import (
	"bytes"

	"golang.org/x/sys/unix"
)

// DirentHeader begins an entry of a READDIR reply; the name follows, padded to 8 bytes.
type DirentHeader struct {
	Ino, Off      uint64
	Namelen, Type uint32
}

// Dirent is an entry of a READDIR or READDIRPLUS reply.
type Dirent struct {
	Ino, Off uint64
	Type     uint32 // DT_*
	Name     string
	Entry    *EntryOut // of READDIRPLUS
}

const (
	direntSize = 24
	entrySize  = 128
)

// ParseDirents splits a reply to READDIR, or READDIRPLUS if plus is set. Like the kernel
// (fs/fuse/readdir.c:parse_dirfile) it ignores an entry at the end that is not complete, and
// fails with EIO, giving the entries before, at a name that is empty, too long, or has a '/' or
// a NUL in it.
func ParseDirents(b []byte, plus bool) ([]Dirent, error) {
	var list []Dirent
	for {
		d, n, err := parseDirent(b, plus)
		if n == 0 || err != nil {
			return list, err
		}
		list = append(list, d)
		b = b[n:]
	}
}

func parseDirent(b []byte, plus bool) (d Dirent, n int, err error) {
	at := 0
	if plus {
		at = entrySize
	}
	if len(b) < at+direntSize {
		return d, 0, nil
	}
	var h DirentHeader
	copy(h.Raw(), b[at:])
	if h.Namelen == 0 || h.Namelen > NameMax {
		return d, 0, unix.EIO
	}
	end := at + direntSize + int(h.Namelen)
	if n = (end + 7) &^ 7; n > len(b) {
		return d, 0, nil
	}
	name := b[at+direntSize : end]
	if bytes.IndexByte(name, '/') >= 0 || bytes.IndexByte(name, 0) >= 0 {
		return d, 0, unix.EIO
	}
	d = Dirent{Ino: h.Ino, Off: h.Off, Type: h.Type & 15, Name: string(name)}
	if plus {
		d.Entry = new(EntryOut)
		copy(d.Entry.Raw(), b)
	}
	return d, n, nil
}
