// SPDX-License-Identifier: Apache-2.0

package fdesc

import (
	"errors"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
)

// ReadAt reads as pread(2), through the page cache. A short count is the end of the file.
//
// Errors: EBADF if not open for reading, EISDIR, EINVAL, EINTR, the file system's.
func (o *Open) ReadAt(c engine.Call, p []byte, off int64) (int, error) {
	switch {
	case !o.mayRead():
		return 0, unix.EBADF
	case o.isDir():
		return 0, unix.EISDIR
	case o.ino == nil:
		return 0, unix.ESPIPE
	case o.reader == nil || off < 0:
		return 0, unix.EINVAL
	case len(p) == 0:
		return 0, nil
	case !o.cached():
		n, err := o.reader.ReadAt(c, p, off)
		o.ready.update(c)
		return n, err
	}
	return o.ino.read(c, o, p, off)
}

func (o *Open) isDir() bool { return o.Node != nil && o.Node.Type() == unix.S_IFDIR }

func (ino *inode) read(c engine.Call, o *Open, p []byte, off int64) (int, error) {
	size, err := ino.refresh(c, o)
	if err != nil || off >= size {
		return 0, err
	}
	p = p[:min(int64(len(p)), size-off)]
	sequential := o.ra.next.Load() == off
	o.ra.note(off, len(p))
	done := 0
	for done < len(p) {
		at := off + int64(done)
		ino.mu.RLock()
		n, hit := ino.copyOut(p[done:], at)
		ino.mu.RUnlock()
		if hit {
			done += n
			if n == 0 { // cut off meanwhile
				break
			}
			continue
		}
		window := o.ra.around(at, len(p)-done, size, sequential)
		n, again, err := ino.fill(c, o.reader, p[done:], at, size, window)
		done += n
		if err != nil && done == 0 {
			return 0, err
		}
		if err != nil || n == 0 && !again {
			break
		}
	}
	return done, nil
}

// ErrNative means that the open file is [Open.Native] by now: the guest's own system call does what is to be done.
var ErrNative = errors.New("fdesc: the stand-in is the file")

// Read reads as read(2) at the open file's offset. fd is a descriptor of the open file, or -1 if there is none at hand:
// then the error is ErrNative if it is [Open.Native].
func (o *Open) Read(c engine.Call, fd int, p []byte) (int, error) {
	if err := o.posLock.lock(c); err != nil {
		return 0, err
	}
	defer o.posLock.unlock()
	if o.Native() {
		if fd < 0 {
			return 0, ErrNative
		}
		return unix.Read(fd, p)
	}
	n, err := o.ReadAt(c, p, o.pos)
	o.pos += int64(max(n, 0))
	return n, err
}
