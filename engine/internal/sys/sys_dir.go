// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"cmp"
	"strconv"

	"golang.org/x/sys/unix"
	"vuos.dev/engine"
	"vuos.dev/engine/internal/guest"
	"vuos.dev/engine/internal/host"
	"vuos.dev/engine/internal/view"
)

// entry is find for calls that make or remove the entry itself. It checks what
// filename_create() and do_unlinkat() of fs/namei.c check for all of them.
func (c *call) entry(dirfd int, path uint64, w want) (t target, r reply, done bool) {
	t, r, done = c.find(dirfd, path, w|entryOnly)
	if done {
		return t, r, done
	}
	return c.checkEntry(t, w)
}

func (c *call) checkEntry(t target, w want) (target, reply, bool) {
	switch {
	case w&create != 0 && t.Node == nil && t.last != "":
		return t, fail(unix.ENOENT), true
	case w&create != 0 && t.Node != nil:
		return t, fail(unix.EEXIST), true
	case t.last != "":
		return t, fail(unix.EBUSY), true
	case t.name == "": // "/" or "..", or a mount point of another kind
		return t, fail(unix.EBUSY), true
	case t.dir.Mount != nil && t.dir.Mount.ReadOnly():
		return t, fail(unix.EROFS), true
	case t.Node != nil && t.Mount != t.dir.Mount:
		return t, fail(unix.EBUSY), true // a mount point
	}
	return t, reply{}, false
}

func sysMkdir(c *call) reply {
	t, r, done := c.entry(c.dirFD(), c.pathArg(), create)
	if done {
		return r
	}
	d, ok := t.dir.Node.(engine.NodeMkdirer)
	if !ok {
		return fail(unix.EROFS)
	}
	n, err := d.Mkdir(c, t.name, c.umasked(t.dir.Node, c.modeArg(0)&0o1777))
	c.created(t, n)
	return c.result(err)
}

// umasked is the mode of something new in dir (fs/namei.c:mode_strip_umask()).
func (c *call) umasked(dir engine.Node, mode uint32) uint32 {
	if u, ok := dir.(engine.NodeUmasker); ok && u.Umasks() {
		return mode
	}
	return mode &^ c.Umask()
}

func sysMknod(c *call) reply {
	t, r, done := c.entry(c.dirFD(), c.pathArg(), create)
	if done {
		return r
	}
	if t.slash {
		return fail(unix.ENOENT)
	}
	mode := uint32(c.arg(0))
	switch mode & unix.S_IFMT {
	case 0:
		mode |= unix.S_IFREG
	case unix.S_IFREG, unix.S_IFIFO, unix.S_IFSOCK:
	case unix.S_IFCHR, unix.S_IFBLK:
		if !c.Cred().HasCap(unix.CAP_MKNOD) {
			return fail(unix.EPERM)
		}
	case unix.S_IFDIR:
		return fail(unix.EPERM)
	default:
		return fail(unix.EINVAL)
	}
	_, err := c.mknod(t, c.umasked(t.dir.Node, mode), c.arg(1))
	return c.result(err)
}

func (c *call) mknod(t target, mode uint32, rdev uint64) (engine.Node, error) {
	d, ok := t.dir.Node.(engine.NodeMknoder)
	if !ok {
		return nil, unix.EROFS
	}
	n, err := d.Mknod(c, t.name, mode, rdev)
	c.created(t, n)
	return n, err
}

func sysSymlink(c *call) reply { return c.symlink(c.n.Args[0], unix.AT_FDCWD, c.n.Args[1]) }

func sysSymlinkat(c *call) reply { return c.symlink(c.n.Args[0], c.fd(1), c.n.Args[2]) }

func (c *call) symlink(text uint64, dirfd int, path uint64) reply {
	t, r, done := c.entry(dirfd, path, create)
	if done {
		return r
	}
	if t.slash {
		return fail(unix.ENOENT)
	}
	to, err := c.mem().String(c.path2[:], text)
	if err != nil {
		return c.result(err)
	}
	if len(to) == 0 {
		return fail(unix.ENOENT)
	}
	d, ok := t.dir.Node.(engine.NodeSymlinker)
	if !ok {
		return fail(unix.EROFS)
	}
	n, err := d.Symlink(c, t.name, string(to))
	c.created(t, n)
	return c.result(err)
}

func sysUnlink(c *call) reply { return c.unlink(c.dirFD(), c.pathArg()) }
func sysRmdir(c *call) reply  { return c.rmdir(c.dirFD(), c.pathArg()) }

func sysUnlinkat(c *call) reply {
	switch c.intArg(0) {
	case 0:
		return c.unlink(c.dirFD(), c.pathArg())
	case unix.AT_REMOVEDIR:
		return c.rmdir(c.dirFD(), c.pathArg())
	}
	return fail(unix.EINVAL)
}

func (c *call) unlink(dirfd int, path uint64) reply {
	t, r, done := c.entry(dirfd, path, 0)
	if done {
		if t.Node != nil && (t.name == "" || t.last != "") && r.errno == unix.EBUSY {
			return fail(unix.EISDIR)
		}
		return r
	}
	if t.Node.Type() == unix.S_IFDIR {
		return fail(unix.EISDIR)
	}
	if t.slash {
		return fail(unix.ENOTDIR)
	}
	d, ok := t.dir.Node.(engine.NodeUnlinker)
	if !ok {
		return fail(unix.EROFS)
	}
	c.s.files.Settle(c, t.Node)
	return c.unlinked(t, d.Unlink(c, t.name))
}

// unlinked ends a call that removed an entry.
func (c *call) unlinked(t target, err error) reply {
	if err == nil {
		c.removed(t)
		c.nameGone(t)
	}
	return c.result(err)
}

func (c *call) rmdir(dirfd int, path uint64) reply {
	t, r, done := c.entry(dirfd, path, 0)
	switch {
	case done && r.errno == unix.EBUSY && t.last == ".":
		return fail(unix.EINVAL)
	case done && r.errno == unix.EBUSY && t.last == "..":
		return fail(unix.ENOTEMPTY)
	case done:
		return r
	}
	if t.Node.Type() != unix.S_IFDIR {
		return fail(unix.ENOTDIR)
	}
	d, ok := t.dir.Node.(engine.NodeRmdirer)
	if !ok {
		return fail(unix.EROFS)
	}
	return c.unlinked(t, d.Rmdir(c, t.name))
}

func sysLink(c *call) reply {
	return c.link(unix.AT_FDCWD, c.n.Args[0], unix.AT_FDCWD, c.n.Args[1], 0)
}

func sysLinkat(c *call) reply {
	flags := c.fd(4)
	if flags&^(unix.AT_SYMLINK_FOLLOW|unix.AT_EMPTY_PATH) != 0 {
		return native
	}
	var w want
	if flags&unix.AT_SYMLINK_FOLLOW != 0 {
		w |= follow
	}
	if flags&unix.AT_EMPTY_PATH != 0 {
		w |= emptyOK
	}
	return c.link(c.fd(0), c.n.Args[1], c.fd(2), c.n.Args[3], w)
}

// both resolves the two paths of link and rename. Where only one is virtual, the other is found as
// well.
func (c *call) both(odirfd int, opath uint64, ow want, ndirfd int, npath uint64, nw want) (o, n target, r reply, done bool) {
	nw |= entryOnly
	o, r, done = c.find(odirfd, opath, ow)
	if done && !r.cont {
		if r.errno == unix.ENOENT && c.badDirFD(ndirfd, npath) {
			r = fail(unix.EBADF) // the kernel finds both directories first
		}
		return o, n, r, true
	}
	onative := done
	n, r, done = c.find2(ndirfd, npath, nw)
	if done && (!r.cont || onative) {
		return o, n, r, true
	}
	// One of them at least is virtual.
	if onative {
		o, r, done = c.onHost(c.path[:], odirfd, opath, ow)
	} else if done {
		n, r, done = c.onHost(c.path2[:], ndirfd, npath, nw)
	}
	return o, n, r, done
}

// badDirFD tells whether the second path begins at a descriptor that is not open.
func (c *call) badDirFD(fd int, path uint64) bool {
	p, err := c.mem().String(c.path2[:], path)
	return err == nil && len(p) > 0 && p[0] != '/' && fd != unix.AT_FDCWD && !guest.FDOpen(c.TID(), fd)
}

// onHost is find for what the kernel would find the same, but is needed as a position.
func (c *call) onHost(buf []byte, dirfd int, addr uint64, w want) (t target, r reply, done bool) {
	p, err := c.mem().String(buf, addr)
	if err != nil {
		return t, c.result(err), true
	}
	if len(p) == 0 {
		t, err = c.hostInode(dirfd)
		return t, c.result(err), err != nil
	}
	st, err := c.start(dirfd, p)
	if err == nil {
		st.native = false
		if st.pos.IsZero() {
			return t, c.result(st.err), true
		}
		t, err = c.walk(st, string(p), w)
	}
	if err != nil {
		return t, c.result(err), true
	}
	return t, reply{}, false
}

// hostInode is the inode of a descriptor of the kernel's, which says nothing of the mount that it was found through.
func (c *call) hostInode(fd int) (target, error) {
	own, err := guest.Take(c.TID(), fd)
	if err != nil {
		return target{}, err
	}
	defer unix.Close(own)
	path, err := unix.Open("/proc/self/fd/"+strconv.Itoa(own), unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return target{}, err
	}
	n, err := host.Descriptor(path)
	return target{Pos: pos{Node: n}}, err
}

// oneMount tells whether a link can be made in the directory of n: one of a file of the host's that is known by its
// descriptor can where the directory is the host's, too.
func (c *call) oneMount(o, n target) bool {
	if o.Path != "" {
		return o.Mount == n.dir.Mount
	}
	dir, err := c.origin(n.dir.Node)
	_, isHost := dir.(host.Node)
	return err == nil && isHost
}

func (c *call) link(odirfd int, opath uint64, ndirfd int, npath uint64, w want) reply {
	o, n, r, done := c.both(odirfd, opath, w, ndirfd, npath, create)
	if done {
		return r
	}
	if _, r, done := c.checkEntry(n, create); done {
		return r
	}
	if n.slash {
		return fail(unix.ENOENT)
	}
	if f := cmp.Or(o.file, o.through); f != nil && f.Flags&(oTmpfile|unix.O_EXCL) == oTmpfile|unix.O_EXCL {
		return fail(unix.ENOENT) // open(2): it can never have a name
	}
	if !c.oneMount(o, n) {
		return fail(unix.EXDEV)
	}
	if o.Node.Type() == unix.S_IFDIR {
		return fail(unix.EPERM)
	}
	d, ok := n.dir.Node.(engine.NodeLinker)
	if !ok {
		return fail(unix.EPERM)
	}
	err := d.Link(c, o.Node, n.name)
	if err == nil && !c.s.watches.Empty() {
		c.s.watches.Linked(c.place(n.dir, n.name, o.Node))
	}
	return c.result(err)
}

func sysRename(c *call) reply {
	return c.rename(unix.AT_FDCWD, c.n.Args[0], unix.AT_FDCWD, c.n.Args[1], 0)
}

func sysRenameat(c *call) reply {
	return c.rename(c.fd(0), c.n.Args[1], c.fd(2), c.n.Args[3], 0)
}

func sysRenameat2(c *call) reply {
	return c.rename(c.fd(0), c.n.Args[1], c.fd(2), c.n.Args[3], uint(uint32(c.n.Args[4])))
}

func (c *call) rename(odirfd int, opath uint64, ndirfd int, npath uint64, flags uint) reply {
	o, n, r, done := c.both(odirfd, opath, entryOnly, ndirfd, npath, create)
	if done {
		return c.renamedOnHost(o, n, r)
	}
	const known = unix.RENAME_NOREPLACE | unix.RENAME_EXCHANGE | unix.RENAME_WHITEOUT
	if flags&^known != 0 || flags&unix.RENAME_EXCHANGE != 0 && flags&(unix.RENAME_NOREPLACE|unix.RENAME_WHITEOUT) != 0 {
		return fail(unix.EINVAL)
	}
	if o.last != "" || n.last != "" {
		return fail(unix.EBUSY)
	}
	if o.dir.Mount != n.dir.Mount {
		return fail(unix.EXDEV)
	}
	if err := mayRename(o, n, flags); err != nil {
		return c.result(err)
	}
	d, ok := o.dir.Node.(engine.NodeRenamer)
	if !ok {
		return fail(unix.EROFS)
	}
	if n.Node != nil {
		c.s.files.Settle(c, n.Node)
	}
	err := d.Rename(c, o.name, n.dir.Node, n.name, flags)
	if err == nil {
		c.renamed(o, n, flags)
		c.nameMoved(o, n, flags)
	}
	return c.result(err)
}

// mayRename is what fs/namei.c:do_renameat2() checks before the file system is asked.
func mayRename(o, n target, flags uint) error {
	switch {
	case o.name == "" || n.name == "" || o.last != "" || n.last != "":
		return unix.EBUSY
	case o.Mount != o.dir.Mount || n.Node != nil && n.Mount != n.dir.Mount:
		return unix.EBUSY
	case o.dir.Mount != nil && o.dir.Mount.ReadOnly():
		return unix.EROFS
	case flags&unix.RENAME_NOREPLACE != 0 && n.Node != nil:
		return unix.EEXIST
	case flags&unix.RENAME_EXCHANGE != 0 && n.Node == nil:
		return unix.ENOENT
	}
	isDir := o.Node.Type() == unix.S_IFDIR
	newIsDir := n.Node != nil && n.Node.Type() == unix.S_IFDIR
	switch {
	case !isDir && (o.slash || n.slash):
		return unix.ENOTDIR
	case isDir && view.Below(n.dir.Path, o.Path):
		return unix.EINVAL
	case newIsDir && flags&unix.RENAME_EXCHANGE == 0 && view.Below(o.dir.Path, n.Path):
		return unix.ENOTEMPTY
	case flags&unix.RENAME_EXCHANGE != 0:
		return nil
	case isDir && n.Node != nil && !newIsDir:
		return unix.ENOTDIR
	case !isDir && newIsDir:
		return unix.EISDIR
	}
	return nil
}

// renamedOnHost is a rename that the kernel does: mount points below a renamed directory move
// along.
func (c *call) renamedOnHost(o, n target, r reply) reply {
	if r.cont && o.Node != nil && o.Host() && c.task().View.Mounts().HasBelow(o.Path) {
		if _, isHost := o.Node.(host.Node); isHost && !n.dir.IsZero() {
			v, from, to := c.task().View, o.Path, view.Join(n.dir.Path, n.name)
			r.after = func(bool) { v.Renamed(from, to) }
		}
	}
	return r
}

func sysReadlink(c *call) reply {
	t, r, done := c.find(c.dirFD(), c.pathArg(), emptyOK)
	if done {
		return r
	}
	size := c.intArg(1)
	if size <= 0 {
		return fail(unix.EINVAL)
	}
	text, err := c.readlink(t)
	if err != nil {
		return c.result(err)
	}
	n := min(len(text), size)
	if _, err := c.mem().WriteAt([]byte(text[:n]), c.arg(0)); err != nil {
		return c.result(err)
	}
	return ok(int64(n))
}

func (c *call) readlink(t target) (string, error) {
	if t.Node.Type() != unix.S_IFLNK {
		if t.name == "" && t.file != nil {
			return "", unix.ENOENT
		}
		return "", unix.EINVAL
	}
	if h, ok := t.Node.(host.Node); ok {
		if l, ok := parseProcLink(h.Name()); ok {
			if _, text, ok := c.procTarget(l); ok {
				return text, nil
			}
		}
	}
	rl, ok := t.Node.(engine.NodeReadlinker)
	if !ok {
		return "", unix.EINVAL
	}
	return rl.Readlink(c)
}
