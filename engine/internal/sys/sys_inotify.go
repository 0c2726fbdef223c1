// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"golang.org/x/sys/unix"
	"vuos.dev/engine"
	"vuos.dev/engine/internal/fdesc"
	"vuos.dev/engine/internal/guest"
	"vuos.dev/engine/internal/view"
	"vuos.dev/engine/internal/watch"
)

// inotifyBits is ALL_INOTIFY_BITS (include/linux/inotify.h).
const inotifyBits = unix.IN_ALL_EVENTS | unix.IN_UNMOUNT | unix.IN_Q_OVERFLOW | unix.IN_IGNORED | unix.IN_ONLYDIR |
	unix.IN_DONT_FOLLOW | unix.IN_EXCL_UNLINK | unix.IN_MASK_ADD | unix.IN_MASK_CREATE | unix.IN_ISDIR | unix.IN_ONESHOT

// sysInotifyAddWatch is inotify_add_watch(fd, path, mask).
func sysInotifyAddWatch(c *call) reply {
	if c.s.pristine() {
		return native
	}
	mask := uint32(c.n.Args[2])
	var buf [guest.PathMax]byte
	if link, err := guest.FDLink(c.TID(), c.fd(0), buf[:]); err != nil || string(link) != "anon_inode:inotify" || mask&inotifyBits == 0 {
		return native // the kernel knows why
	}
	var w want
	if mask&unix.IN_DONT_FOLLOW == 0 {
		w |= follow
	}
	t, r, done := c.find(unix.AT_FDCWD, c.n.Args[1], w)
	if done {
		return r
	}
	switch {
	case t.Node == nil:
		return fail(unix.ENOENT)
	case mask&unix.IN_ONLYDIR != 0 && t.Node.Type() != unix.S_IFDIR:
		return fail(unix.ENOTDIR)
	}
	return c.withFD(c.fd(0), func(own int) reply {
		wd, err := c.watch(own, t, mask)
		if err != nil {
			return c.result(err)
		}
		return ok(int64(wd))
	})
}

// watch adds a watch: on the host's inode itself where that is what is seen, as below a bind, and
// otherwise on the shadow of the virtual one.
func (c *call) watch(own int, t target, mask uint32) (wd int, err error) {
	n, err := c.origin(t.Node)
	if err != nil {
		return -1, err
	}
	if h, ok := n.(watcher); ok {
		return h.Watch(c, own, mask)
	}
	if err := permitted(c, t, unix.R_OK); err != nil {
		return -1, err
	}
	at, err := c.watchedAt(t)
	if err != nil {
		return -1, err
	}
	steps, err := c.steps(at)
	if err != nil {
		return -1, err
	}
	err = c.s.watches.Add(watch.Request{
		Mount: at.Mount, Steps: steps,
		List:  func(emit func(string, bool)) error { return c.entries(n, emit) },
		Adopt: c.adopt,
		Watch: func(path string) (err error) {
			wd, err = unix.InotifyAddWatch(own, path, mask&^unix.IN_DONT_FOLLOW)
			return err
		},
	})
	return wd, err
}

// watchedAt is the position of a target in the mount that its inode is of.
func (c *call) watchedAt(t target) (pos, error) {
	if t.dir.IsZero() || t.Mount != t.dir.Mount {
		return c.inView(t.Pos)
	}
	dir, err := c.inView(t.dir)
	return view.Pos{Mount: dir.Mount, Node: t.Node, Path: view.Join(dir.Path, t.name)}, err
}

// entries lists a directory of a module's.
func (c *call) entries(n engine.Node, emit func(name string, isDir bool)) error {
	op, ok := n.(engine.NodeOpener)
	if !ok {
		return nil
	}
	f, err := op.Open(c, unix.O_RDONLY)
	if err != nil {
		return err
	}
	defer f.Release(c)
	d, ok := f.(engine.FileDirReader)
	if !ok {
		return nil
	}
	return d.ReadDir(c, 0, func(e engine.Dirent) bool {
		emit(e.Name, e.Type == unix.DT_DIR)
		return true
	})
}

// adopt tells of the files that are open already: what will be done with them are events.
func (c *call) adopt(open func(watch.Place, int) *watch.Handle) {
	c.s.files.Closed()
	c.s.files.Each(func(f *fdesc.Open) {
		o := openedOf(f)
		if f.File == nil || o.watched.Load() != nil {
			return
		}
		if h := open(c.place(o.dir, o.name, o.pos.Node), f.Flags); h != nil && !o.watched.CompareAndSwap(nil, h) {
			h.Close()
		}
	})
}
