// SPDX-License-Identifier: Apache-2.0

package client

import (
	"golang.org/x/sys/unix"

	"vuos.dev/engine"
	"vuos.dev/vufuse/proto"
)

// Owner is what the mount options of FUSE say about a mount before its server has said anything.
type Owner struct {
	UID, GID uint32 // user_id, group_id
	RootMode uint32 // rootmode: the type of the root inode
}

// Background returns the file system of a server that mounts first and serves later, as the kernel's does: INIT is
// sent but not waited for. All that needs the server waits until it is answered, and fails with
// ENOTCONN if that never happens.
func Background(h engine.Host, t Transport, opt Options, o Owner) *FS {
	fs := &FS{host: h, t: t, opt: opt, uid: o.UID, gid: o.GID, dev: h.AnonDev()}
	fs.init()
	attr := proto.Attr{Ino: proto.RootID, Mode: o.RootMode, Nlink: 1}
	fs.root = fs.insert(&proto.EntryOut{Node: proto.RootID, Attr: attr})
	fs.root.attr = attr
	go func() {
		defer close(fs.ready)
		if err := fs.negotiate(); err != nil {
			h.Debugf("INIT: %v", err)
			t.Abort()
		}
	}()
	return fs
}

// await waits until INIT is answered, or fails with EINTR when there is a signal for the caller before.
func (fs *FS) await(c engine.Call, force bool) error {
	if fs.answered() {
		return nil
	}
	c.Block()
	var stop <-chan struct{}
	if !force {
		stop = c.Interrupted()
	}
	select {
	case <-fs.ready:
		return nil
	case <-stop:
		return unix.EINTR
	}
}

// answered tells whether INIT is answered.
func (fs *FS) answered() bool {
	select {
	case <-fs.ready:
		return true
	default:
		return false
	}
}
