// SPDX-License-Identifier: Apache-2.0

package fuse

import (
	"sync"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
	"vuos.dev/vufuse/client"
	"vuos.dev/vufuse/proto"
	"vuos.dev/vufuse/wire"
)

// connection is what the open devices of one server have in common (struct fuse_conn), and the transport of the file
// system that is mounted with them.
type connection struct {
	*wire.Conn
	module *instance
	target string // mount point
	fs     *client.FS

	mu   sync.Mutex
	gone bool // unmounted or aborted
}

var _ client.Transport = (*connection)(nil)

// newConnection mounts with a device that was only opened so far.
func newConnection(ch *channel, target string, o *options) *connection {
	conn := &connection{Conn: ch.fresh, module: ch.module, target: target}
	conn.fs = client.Background(ch.module.host, conn, o.client, o.owner)
	return conn
}

// alive tells whether the file system is still mounted.
func (conn *connection) alive() bool {
	conn.mu.Lock()
	defer conn.mu.Unlock()
	return !conn.gone
}

// enter lets a thread of the server into a read of descriptor fd with so much room.
func (conn *connection) enter(c engine.Call, p *wire.Port, fd, room int) error {
	conn.mu.Lock()
	defer conn.mu.Unlock()
	if conn.gone {
		p.Leave(c.TID())
		conn.module.farewells.add(c.PID(), conn.target)
		return unix.ENODEV
	}
	if room < max(minRead, writeHeaders+conn.fs.MaxWrite()) {
		return unix.EINVAL
	}
	return p.Enter(c.TID(), room, func() (int, error) {
		finder, ok := c.View().(engine.FileFinder)
		if !ok {
			return -1, unix.EBADF
		}
		return finder.Descriptor(c, fd)
	})
}

// Do implements [client.Transport]. Nothing comes after DESTROY.
func (conn *connection) Do(c engine.Call, r *client.Request) error {
	err := conn.Conn.Do(c, r)
	if r.Op == proto.Destroy {
		conn.dismiss()
	}
	return err
}

// dismiss has all threads of the server find that the file system is gone: those that wait for a request are
// woken, and come back.
func (conn *connection) dismiss() {
	conn.mu.Lock()
	first := !conn.gone
	conn.gone = true
	conn.mu.Unlock()
	if first {
		conn.Dismiss(conn.module.host.Restart)
	}
}

// Abort implements [client.Transport].
func (conn *connection) Abort() {
	conn.dismiss()
	conn.Conn.Cut()
}

// Close implements [client.Transport]. The server ends when it likes, as with the kernel.
func (conn *connection) Close(<-chan struct{}) { conn.Abort() }
