// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"encoding/binary"

	"golang.org/x/sys/unix"
	"vuos.dev/engine"
	"vuos.dev/engine/internal/host"
	"vuos.dev/engine/internal/view"
)

// opening is an open, openat, openat2 or creat.
type opening struct {
	dirfd   int
	path    uint64
	flags   int
	mode    uint32
	resolve want
}

func sysOpen(c *call) reply {
	return c.open(opening{dirfd: c.dirFD(), path: c.pathArg(), flags: c.intArg(0), mode: c.modeArg(1)})
}

func sysCreat(c *call) reply {
	return c.open(opening{
		dirfd: unix.AT_FDCWD, path: c.pathArg(),
		flags: unix.O_CREAT | unix.O_WRONLY | unix.O_TRUNC, mode: c.modeArg(0),
	})
}

const resolveCached = 0x20 // RESOLVE_CACHED

// sizeOpenHow is OPEN_HOW_SIZE_VER0.
const sizeOpenHow = 24

func sysOpenat2(c *call) reply {
	if c.s.pristine() {
		return native
	}
	size := c.arg(1)
	if size < sizeOpenHow || size > 4096 {
		return native
	}
	b := make([]byte, size)
	if _, err := c.mem().ReadAt(b, c.arg(0)); err != nil {
		return native
	}
	if errno := host.CheckOpenHow(b); errno != 0 {
		return fail(errno)
	}
	flags := binary.NativeEndian.Uint64(b)
	resolve := binary.NativeEndian.Uint64(b[16:])
	o := opening{dirfd: c.dirFD(), path: c.pathArg(), flags: int(flags), mode: uint32(binary.NativeEndian.Uint64(b[8:]))}
	for _, r := range [...]struct {
		bit uint64
		w   want
	}{
		{unix.RESOLVE_BENEATH, beneath | noMagic}, {unix.RESOLVE_IN_ROOT, inRoot | noMagic},
		{unix.RESOLVE_NO_SYMLINKS, noLinks}, {unix.RESOLVE_NO_XDEV, noCross},
		{unix.RESOLVE_NO_MAGICLINKS, noMagic},
	} {
		if resolve&r.bit != 0 {
			o.resolve |= r.w
		}
	}
	if resolve&resolveCached != 0 {
		return fail(unix.EAGAIN)
	}
	return c.open(o)
}

func (c *call) open(o opening) reply {
	w := o.resolve
	if o.flags&unix.O_CREAT != 0 {
		w |= create | slashDir
	}
	if o.flags&unix.O_NOFOLLOW == 0 && o.flags&(unix.O_CREAT|unix.O_EXCL) != unix.O_CREAT|unix.O_EXCL {
		w |= follow
	}
	var path []byte // nil: not read yet
	if o.flags&(unix.O_ACCMODE|unix.O_PATH|unix.O_DIRECTORY) == unix.O_RDONLY {
		var err error
		if path, err = c.mem().String(c.path[:], o.path); err != nil {
			return native // the kernel knows why
		}
		if c.mayBeProcFile(path) {
			w |= procEnd
		}
	}
	find := func() (target, reply, bool) {
		if path != nil {
			return c.findRead(path, o.dirfd, w)
		}
		return c.find(o.dirfd, o.path, w)
	}
	t, r, done := find()
	if w&procEnd != 0 && (!done || r.cont) {
		if fd, ok := c.openProc(t, o.flags); ok {
			return fd
		}
	}
	if done {
		return r
	}
	at, f, err := c.openTarget(t, o.flags, o.mode)
	for range maxOpenRetries {
		if t.Node == nil || !isErrno(err, unix.ENOENT) && !isErrno(err, unix.ESTALE) {
			break
		}
		// It was removed or replaced after the walk had found it.
		if t, r, done = find(); done {
			return r
		}
		at, f, err = c.openTarget(t, o.flags, o.mode)
	}
	if err != nil {
		return c.result(err)
	}
	as := &openedAt{pos: at, dir: t.dir, name: t.name}
	if o.flags&oTmpfile != 0 {
		as.dir, as.name = view.Pos{}, ""
	}
	c.opened(as, f, o.flags, t.Node == nil)
	fd, err := c.installFile(as, f, o.flags)
	if err != nil {
		as.watched.Load().Close()
		return c.result(err)
	}
	return ok(int64(fd))
}

// oTmpfile is __O_TMPFILE: O_TMPFILE without O_DIRECTORY.
const oTmpfile = unix.O_TMPFILE &^ unix.O_DIRECTORY

// maxOpenRetries bounds how often an open starts again because others change the directory.
const maxOpenRetries = 16

// openTarget opens or creates what a walk found. The file is nil for O_PATH.
func (c *call) openTarget(t target, flags int, mode uint32) (at pos, f engine.File, err error) {
	if t.Node == nil {
		return c.createFile(t, flags, mode)
	}
	if err := mayOpen(t, flags); err != nil {
		return at, nil, err
	}
	if t.Mount != nil && (flags&unix.O_PATH != 0 || t.Node.Type() == unix.S_IFDIR) {
		if t.Pos, err = c.hold(t.Pos); err != nil {
			return at, nil, err
		}
	}
	if flags&unix.O_PATH != 0 {
		return t.Pos, nil, nil
	}
	if flags&oTmpfile != 0 {
		tm, ok := t.Node.(engine.NodeTmpfiler)
		if !ok {
			return at, nil, unix.EOPNOTSUPP
		}
		n, f, err := tm.Tmpfile(c, flags&^openOnly, c.umasked(t.Node, mode))
		at = t.Pos
		at.Node = n
		return at, f, err
	}
	if t.Node.Type() == unix.S_IFIFO {
		f, err = c.openFifo(t, flags)
		return t.Pos, f, err
	}
	if deviceNode(t) {
		return c.openDevice(t, flags)
	}
	if writes(flags) {
		if err := c.running(t); err != nil {
			return at, nil, err
		}
	}
	f, err = openNode(c, t.Node, flags)
	return t.Pos, f, err
}

// openNode opens an inode that is there.
func openNode(c engine.Call, n engine.Node, flags int) (engine.File, error) {
	op, ok := n.(engine.NodeOpener)
	if !ok {
		return nil, unix.EACCES
	}
	given := flags &^ openOnly
	if n.Type() == unix.S_IFBLK {
		given |= flags & unix.O_EXCL // nobody else may have it so (block/bdev.c:bd_prepare_to_claim())
	}
	return op.Open(c, given)
}

// openOnly are the flags that a file system does not see.
const openOnly = unix.O_CREAT | unix.O_EXCL | unix.O_NOFOLLOW | unix.O_CLOEXEC | unix.O_PATH | unix.O_NOCTTY

// writes tells whether open flags ask for a change of the file.
func writes(flags int) bool {
	return flags&unix.O_PATH == 0 && (flags&unix.O_ACCMODE != unix.O_RDONLY || flags&unix.O_TRUNC != 0)
}

// mayOpen is what fs/namei.c:do_open() and may_open() check before the file system is asked.
func mayOpen(t target, flags int) error {
	typ := t.Node.Type()
	switch {
	case flags&oTmpfile != 0 && flags&unix.O_PATH == 0 && (flags&unix.O_CREAT != 0 || flags&unix.O_ACCMODE == unix.O_RDONLY):
		return unix.EINVAL
	case flags&(unix.O_CREAT|unix.O_EXCL) == unix.O_CREAT|unix.O_EXCL && flags&unix.O_PATH == 0:
		return unix.EEXIST
	case flags&unix.O_DIRECTORY != 0 && typ != unix.S_IFDIR:
		return unix.ENOTDIR
	case typ == unix.S_IFLNK && flags&unix.O_PATH == 0:
		return unix.ELOOP
	case flags&unix.O_PATH != 0:
		return nil
	case typ == unix.S_IFDIR && flags&oTmpfile == 0 && (writes(flags) || flags&unix.O_CREAT != 0):
		return unix.EISDIR
	case typ == unix.S_IFSOCK:
		return unix.ENXIO
	case t.Mount == nil:
		return nil
	case (typ == unix.S_IFCHR || typ == unix.S_IFBLK) && t.Mount.Flags()&unix.MS_NODEV != 0:
		return unix.EACCES
	case writes(flags) && t.Mount.ReadOnly() && (typ == unix.S_IFREG || typ == unix.S_IFDIR):
		return unix.EROFS
	}
	return nil
}

func (c *call) createFile(t target, flags int, mode uint32) (at pos, f engine.File, err error) {
	if t.slash {
		return at, nil, unix.EISDIR
	}
	if flags&unix.O_DIRECTORY != 0 {
		return at, nil, unix.EINVAL
	}
	if t.dir.Mount != nil && t.dir.Mount.ReadOnly() {
		return at, nil, unix.EROFS
	}
	cr, ok := t.dir.Node.(engine.NodeCreater)
	if !ok {
		return at, nil, unix.EROFS
	}
	for {
		n, f, err := cr.Create(c, t.name, flags&^openOnly|unix.O_EXCL, c.umasked(t.dir.Node, mode))
		if err == nil {
			return t.dir.Child(t.name, n), f, nil
		}
		if !isErrno(err, unix.EEXIST) || flags&unix.O_EXCL != 0 {
			return at, nil, err
		}
		// Somebody else made it meanwhile, and may remove it again.
		if at, err = c.childOf(t.dir, t.name); err == nil {
			at, f, err = c.openTarget(target{Pos: at, dir: t.dir, name: t.name}, flags&^unix.O_CREAT, mode)
		}
		if !isErrno(err, unix.ENOENT) {
			return at, f, err
		}
	}
}

// childOf looks up one name.
func (c *call) childOf(dir pos, name string) (pos, error) {
	walk, ok := dir.Node.(engine.NodeWalker)
	if !ok {
		return pos{}, unix.ENOENT
	}
	nodes, err := walk.Walk(c, []string{name})
	if err == nil && len(nodes) == 0 {
		err = unix.ENOENT
	}
	if err != nil {
		return pos{}, err
	}
	return dir.Child(name, nodes[0]), nil
}
