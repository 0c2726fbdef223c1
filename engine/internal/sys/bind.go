// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"golang.org/x/sys/unix"
	"vuos.dev/engine"
	"vuos.dev/engine/internal/host"
	"vuos.dev/engine/internal/view"
)

// bind makes a directory or file that is virtual, or the mount point of one, visible at another place.
func (c *call) bind(src target, native bool, flags uintptr) error {
	if native {
		var r reply
		var done bool
		if src, r, done = c.onHost(c.path2[:], unix.AT_FDCWD, c.n.Args[0], follow); done {
			return r.errno
		}
	}
	t, r, done := c.findForMount(c.n.Args[1])
	if done {
		return r.errno
	}
	at, err := c.hold(src.Pos)
	if err != nil {
		return err
	}
	fs := newBound(at)
	if err := suitable(t, fs); err != nil {
		_ = fs.Unmount(c)
		return err
	}
	c.s.attach(c.task().View, view.Info{Source: src.Path, Type: "none", Flags: flags &^ notNew, FS: fs}, t.Path)
	return nil
}

// bound is the file system of a bind mount: the inodes are those of another place, and the mount that they
// are on is in use.
type bound struct{ view.Pos }

var _ engine.BoundFileSystem = bound{}

func newBound(at view.Pos) bound {
	if at.Mount != nil {
		at.Mount.Get()
	}
	return bound{at}
}

// Root implements engine.FileSystem.
func (b bound) Root() engine.Node { return b.Node }

// Statfs implements engine.FileSystemStatfser: the file system is that of the root.
func (b bound) Statfs(c engine.Call, _ engine.Node, st *unix.Statfs_t) error {
	if h, ok := b.Node.(host.Node); ok {
		return h.Statfs(c, st)
	}
	if b.Mount != nil {
		if fs, ok := b.Mount.FS.(engine.FileSystemStatfser); ok {
			return fs.Statfs(c, b.Node, st)
		}
	}
	return nil
}

// Syncfs implements engine.FileSystemSyncer. What is on the host needs none: guests have it as the kernel's.
func (b bound) Syncfs(c engine.Call) error {
	if b.Mount != nil {
		if fs, ok := b.Mount.FS.(engine.FileSystemSyncer); ok {
			return fs.Syncfs(c)
		}
	}
	return nil
}

// Unmount implements engine.FileSystem.
func (b bound) Unmount(engine.Call) error {
	if b.Mount != nil {
		b.Mount.Put()
	}
	return nil
}
