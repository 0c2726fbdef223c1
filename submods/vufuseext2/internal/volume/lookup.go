// SPDX-License-Identifier: Apache-2.0

package volume

import (
	"golang.org/x/sys/unix"
)

// Root is the inode number of the root directory.
const Root = rootIno

// Lookup finds a name in a directory. The inode found counts one more reference for Forget.
// Errors: ENOENT, ENOTDIR, ENAMETOOLONG, EUCLEAN for damage.
func (v *Volume) Lookup(dir uint32, name string) (Attr, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	in, err := v.child(dir, name)
	if err != nil {
		return Attr{}, err
	}
	in.lookups++
	return v.attr(in), nil
}

// child finds the inode behind a name.
func (v *Volume) child(dir uint32, name string) (*inode, error) {
	if len(name) > maxName {
		return nil, unix.ENAMETOOLONG
	}
	_, d, err := v.lookupDir(dir)
	if err != nil {
		return nil, err
	}
	e, err := d.find(name)
	if err != nil {
		return nil, err
	}
	in, err := v.get(e.ino)
	if err == unix.ESTALE {
		err = unix.EUCLEAN // an entry for a deleted inode (fs/ext4/namei.c:ext4_lookup)
	}
	return in, err
}

// DirEntry is one entry of a listing. Off is where a listing goes on behind it.
type DirEntry struct {
	Name string
	Ino  uint32
	Mode uint32 // the file type bits, 0 if unknown
	Off  uint64
}

// Dir is an open directory: a listing as it was when it was opened or read from its beginning. Entries that are
// removed meanwhile are left out; new ones show after a rewind, as POSIX has it.
type Dir struct {
	v    *Volume
	ino  uint32
	list []*dirEnt
	bad  error
}

// OpenDir opens a directory; it stays in existence, even unlinked, until Close.
func (v *Volume) OpenDir(ino uint32) (*Dir, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	in, d, err := v.lookupDir(ino)
	if err != nil {
		return nil, err
	}
	in.opens++
	return &Dir{v: v, ino: ino, list: d.list(), bad: d.bad}, nil
}

// Close ends the use of the directory.
func (d *Dir) Close() { d.v.Release(d.ino) }

// Read calls f for the entries from off on until it returns false; attr gives the entry's attributes and counts a
// reference for Forget if it succeeds. Damage is reported at the end, behind the entries that are good.
func (d *Dir) Read(off uint64, f func(e DirEntry, attr func() (Attr, error)) bool) error {
	v := d.v
	v.mu.Lock()
	defer v.mu.Unlock()
	in, idx, err := v.lookupDir(d.ino)
	if err != nil {
		return err
	}
	if off == 0 {
		d.list, d.bad = idx.list(), idx.bad
		v.touchAtime(in)
	}
	for ; off < uint64(len(d.list)); off++ {
		e := d.list[off]
		if e.gone {
			continue
		}
		ent := DirEntry{Name: e.name, Ino: e.ino, Mode: modeOf(e.ftype), Off: off + 1}
		if !f(ent, func() (Attr, error) { return v.refer(ent.Ino) }) {
			return nil
		}
	}
	if off == uint64(len(d.list)) {
		return d.bad
	}
	return nil
}

// refer is the part of a lookup behind the name. Called with mu held.
func (v *Volume) refer(ino uint32) (Attr, error) {
	in, err := v.get(ino)
	if err != nil {
		return Attr{}, err
	}
	in.lookups++
	return v.attr(in), nil
}

// Open counts a user of an inode: its contents stay, even unlinked, until Release. flags are those of open(2).
// Errors: EROFS; EPERM for writing to an immutable file, or an append-only one without O_APPEND.
func (v *Volume) Open(ino uint32, flags uint32) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	in, err := v.get(ino)
	if err != nil {
		return err
	}
	if v.retired {
		return unix.ENOTCONN
	}
	if flags&unix.O_ACCMODE != unix.O_RDONLY {
		if err := v.writable(); err != nil {
			return err
		}
		if in.has(flImmutable|flVerity) || (in.has(flAppend) && flags&(unix.O_APPEND|unix.O_TRUNC) != unix.O_APPEND) {
			return unix.EPERM
		}
	}
	in.opens++
	return nil
}

// Release undoes one Open.
func (v *Volume) Release(ino uint32) {
	v.mu.Lock()
	defer v.mu.Unlock()
	in := v.inodes[ino]
	if in == nil || in.opens == 0 || v.closed {
		return
	}
	in.opens--
	v.settle(in)
}
