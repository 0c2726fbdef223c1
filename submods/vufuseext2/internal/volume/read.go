// SPDX-License-Identifier: Apache-2.0

package volume

import (
	"time"

	"golang.org/x/sys/unix"
)

// Read reads from a regular file at byte off and gives how much of buf is filled: less than all of it at the end of
// the file. Errors: EISDIR, EINVAL for what holds no data.
func (v *Volume) Read(ino uint32, buf []byte, off uint64) (int, error) {
	v.mu.Lock()
	in, err := v.get(ino)
	if err == nil {
		err = v.readable(in)
	}
	if err != nil || off >= in.size() {
		v.mu.Unlock()
		return 0, err
	}
	buf = buf[:min(uint64(len(buf)), in.size()-off)]
	if in.has(flInline) {
		defer v.mu.Unlock()
		data, err := v.inlineData(in)
		if err != nil {
			return 0, err
		}
		v.touchAtime(in)
		return copy(buf, data[min(off, uint64(len(data))):]), nil
	}
	list, err := v.runs(in, off/v.bsize, v.blocksFor(off+uint64(len(buf))))
	if err != nil {
		v.mu.Unlock()
		return 0, err
	}
	v.touchAtime(in)
	in.io.RLock()
	v.mu.Unlock()
	defer in.io.RUnlock()
	return v.readRuns(list, buf, off%v.bsize)
}

// readable tells whether an inode has contents to read now.
func (v *Volume) readable(in *inode) error {
	switch {
	case v.retired:
		return unix.ENOTCONN
	case in.isDir():
		return unix.EISDIR
	case !in.isReg():
		return unix.EINVAL
	case in.has(flEncrypt):
		return unix.ENOKEY
	}
	return nil
}

// readRuns fills buf from runs, from byte skip of the first one on. An error after the first byte is a short read.
func (v *Volume) readRuns(list []run, buf []byte, skip uint64) (int, error) {
	done := 0
	for i := 0; i < len(list) && done < len(buf); i++ {
		r := list[i]
		n := r.n
		// Runs that lie one after the other on the image (split by the map's form only) are one read.
		for r.reads() && i+1 < len(list) && list[i+1].reads() && list[i+1].pblk == r.pblk+n {
			i++
			n += list[i].n
		}
		b := buf[done:min(uint64(len(buf)), uint64(done)+n*v.bsize-skip)]
		if !r.reads() {
			clear(b)
		} else if err := v.readData(r.pblk, skip, b); err != nil {
			if done > 0 {
				return done, nil
			}
			return 0, err
		}
		done += len(b)
		skip = 0
	}
	return done, nil
}

// touchAtime does what file_accessed does in the kernel: with relatime the time changes only when it is not later
// than the last change, or a day old (fs/inode.c:relatime_need_update).
func (v *Volume) touchAtime(in *inode) {
	if !v.rw || v.atime == Noatime || in.has(flNoatime) || in.has(flImmutable) {
		return
	}
	now := time.Now()
	if a := in.atime(); v.atime == Relatime && a.After(in.mtime()) && a.After(in.ctime()) && now.Sub(a) < 24*time.Hour {
		return
	}
	in.setAtime(now)
	_ = v.put(in) // a time is not worth failing a read
}

// Readlink gives the target of a symbolic link. Errors: EINVAL if it is none.
func (v *Volume) Readlink(ino uint32) ([]byte, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	in, err := v.get(ino)
	if err != nil {
		return nil, err
	}
	if in.fmt() != unix.S_IFLNK {
		return nil, unix.EINVAL
	}
	target, err := v.linkTarget(in)
	if err == nil {
		v.touchAtime(in)
	}
	return target, err
}

func (v *Volume) linkTarget(in *inode) ([]byte, error) {
	n := in.size()
	switch {
	case in.has(flEncrypt):
		return nil, unix.ENOKEY
	case in.has(flInline):
		data, err := v.inlineData(in)
		return data, err
	case in.fastLink(v.sb, int(v.bsize)):
		if n >= maxFast {
			return nil, unix.EUCLEAN
		}
		return append([]byte(nil), in.raw[inBlock:inBlock+n]...), nil
	case n == 0 || n >= min(v.bsize, unix.PathMax):
		return nil, unix.EUCLEAN
	}
	r, err := v.runAt(in, 0, 1)
	if err != nil {
		return nil, err
	}
	if !r.reads() {
		return nil, unix.EUCLEAN
	}
	buf := make([]byte, n)
	return buf, v.readData(r.pblk, 0, buf)
}

// inlineData is the contents of a file, link or directory that lies in the inode, as long as its size says.
func (v *Volume) inlineData(in *inode) ([]byte, error) {
	data, err := v.fs.InlineGet(in.ino, in.raw)
	if err != nil {
		return nil, err
	}
	if in.size() > uint64(len(data)) {
		return nil, unix.EUCLEAN
	}
	return data[:in.size()], nil
}
