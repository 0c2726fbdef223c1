// SPDX-License-Identifier: Apache-2.0

package volume

import (
	"time"

	"golang.org/x/sys/unix"
)

// A directory with dir_nlink that has more subdirectories than links can count has one link, for "unknown"
// (fs/ext4/namei.c: ext4_inc_count, ext4_dec_count). That needs a hash tree, as there.

// moreSubdirs tells whether a directory may get another subdirectory.
func (v *Volume) moreSubdirs(in *inode) bool {
	return in.links() < maxLinks || (v.sb.roCompat(roDirNlink) && in.has(flIndex))
}

// addLink counts a new subdirectory's ".."; the caller writes the inode.
func (v *Volume) addLink(in *inode) {
	n := in.links() + 1
	if in.has(flIndex) && (n > maxLinks || n == 2) {
		n = 1
	}
	in.setLinks(n)
}

// dropLink undoes addLink.
func (v *Volume) dropLink(in *inode) {
	if n := in.links(); n > 2 {
		in.setLinks(n - 1)
	}
}

// Link gives an inode another name. The inode counts one more reference for Forget.
// Errors: EMLINK, EPERM for directories, immutable and append-only files, ENOENT for one that is deleted.
func (v *Volume) Link(ino, dir uint32, name string, c Cred) (Attr, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	p, d, err := v.parent(dir, name)
	if err != nil {
		return Attr{}, err
	}
	in, err := v.get(ino)
	switch {
	case err != nil:
		return Attr{}, err
	case in.isDir() || in.has(flImmutable|flAppend):
		return Attr{}, unix.EPERM
	case in.links() >= maxLinks:
		return Attr{}, unix.EMLINK
	case in.links() == 0 && in.opens == 0:
		return Attr{}, unix.ENOENT
	}
	if err := v.addEntry(p, d, name, in.ino, in.mode(), c); err != nil {
		return Attr{}, err
	}
	if in.orphan { // made with O_TMPFILE
		if err := v.delOrphan(in); err != nil {
			return Attr{}, err
		}
	}
	in.setLinks(in.links() + 1)
	in.setCtime(time.Now())
	if err := v.put(in); err != nil {
		return Attr{}, err
	}
	v.touch(p)
	in.lookups++
	return v.attr(in), v.put(p)
}

// removable finds an entry that may be removed from a directory.
func (v *Volume) removable(dir uint32, name string) (p *inode, d *dirIndex, e *dirEnt, in *inode, err error) {
	if len(name) > maxName {
		return nil, nil, nil, nil, unix.ENAMETOOLONG
	}
	if p, d, err = v.changeable(dir); err != nil {
		return
	}
	if e, err = d.find(name); err != nil {
		return
	}
	if in, err = v.get(e.ino); err != nil {
		return
	}
	if in == p || in.ino == rootIno || in.orphan {
		err = unix.EUCLEAN // an entry that cannot be
		return
	}
	if p.has(flAppend) || in.has(flImmutable|flAppend) {
		err = unix.EPERM
	}
	return
}

// Unlink removes a name of a file. The file goes when nobody has it open and the kernel forgot it.
// Errors: ENOENT, EISDIR, EPERM.
func (v *Volume) Unlink(dir uint32, name string) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	p, d, e, in, err := v.removable(dir, name)
	if err != nil {
		return err
	}
	if in.isDir() {
		return unix.EISDIR
	}
	if err := v.remove(p, d, e); err != nil {
		return err
	}
	v.touch(p)
	if err := v.put(p); err != nil {
		return err
	}
	return v.dropName(in)
}

// dropName counts one link less of something that is no directory.
func (v *Volume) dropName(in *inode) error {
	in.setCtime(time.Now())
	if n := in.links(); n > 0 {
		in.setLinks(n - 1)
	}
	if in.links() > 0 {
		return v.put(in)
	}
	return v.discard(in)
}

// discard handles an inode that lost its last link.
func (v *Volume) discard(in *inode) error {
	if err := v.addOrphan(in); err != nil {
		return err
	}
	v.settle(in)
	return nil
}

// Rmdir removes an empty directory. Errors: ENOENT, ENOTDIR, ENOTEMPTY, EINVAL for ".", EPERM.
func (v *Volume) Rmdir(dir uint32, name string) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	switch name {
	case ".":
		return unix.EINVAL
	case "..":
		return unix.ENOTEMPTY
	}
	p, d, e, in, err := v.removable(dir, name)
	if err != nil {
		return err
	}
	if err := v.emptyDir(in); err != nil {
		return err
	}
	if err := v.remove(p, d, e); err != nil {
		return err
	}
	v.touch(p)
	v.dropLink(p)
	if err := v.put(p); err != nil {
		return err
	}
	return v.discardDir(in)
}

// emptyDir checks that something is a directory without entries.
func (v *Volume) emptyDir(in *inode) error {
	if !in.isDir() {
		return unix.ENOTDIR
	}
	d, err := v.loadDir(in)
	switch {
	case err != nil:
		return err
	case d.bad != nil:
		return d.bad
	case !d.empty():
		return unix.ENOTEMPTY
	}
	return nil
}

func (v *Volume) discardDir(in *inode) error {
	in.setLinks(0)
	in.setCtime(time.Now())
	return v.discard(in)
}
