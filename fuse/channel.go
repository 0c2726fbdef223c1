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

// minRead is FUSE_MIN_READ_BUFFER: the least room for a request.
const minRead = 8192

// writeHeaders is what comes before the data in a WRITE request.
const writeHeaders = 80

// channel is an open /dev/fuse, and the transport of the file system that is mounted with it.
type channel struct {
	*wire.Conn
	theirs int // the server's end, until Stream takes it

	mu      sync.Mutex
	owner   *instance
	target  string       // mount point
	fs      *client.FS   // nil before mount
	gone    bool         // unmounted or aborted
	reading map[int]bool // threads that were let into a read and have not come back
}

var (
	_ client.Transport         = (*channel)(nil)
	_ engine.StreamFile        = (*channel)(nil)
	_ engine.StreamEnder       = (*channel)(nil)
	_ engine.StreamReadChecker = (*channel)(nil)
	_ engine.StreamWriter      = (*channel)(nil)
)

func newChannel() (*channel, error) {
	conn, theirs, err := wire.Connect()
	if err != nil {
		return nil, err
	}
	conn.Whole = true
	return &channel{Conn: conn, theirs: theirs, reading: make(map[int]bool)}, nil
}

// Stream implements [engine.StreamFile].
func (ch *channel) Stream() (int, error) {
	fd := ch.theirs
	ch.theirs = -1
	ch.Listen()
	return fd, nil
}

// Release implements [engine.File]: the server has closed the device.
func (ch *channel) Release(engine.Call) {
	if ch.theirs >= 0 {
		unix.Close(ch.theirs)
	}
	ch.Conn.Abort()
}

// mount makes the file system. A device can be mounted once, and can be read when mount returns: INIT is there.
func (ch *channel) mount(m *instance, target string, o *options) (engine.FileSystem, error) {
	ch.mu.Lock()
	defer ch.mu.Unlock()
	if ch.fs != nil {
		return nil, invalid("descriptor %d is mounted already", o.fd)
	}
	ch.owner, ch.target = m, target
	ch.fs = client.Background(m.host, ch, o.client, o.owner)
	<-ch.Started()
	return ch.fs, nil
}

// CheckRead implements [engine.StreamReadChecker] with the errors of fs/fuse/dev.c:fuse_dev_do_read(): EPERM before the
// mount, ENODEV after it, EINVAL for a buffer that does not hold every request.
func (ch *channel) CheckRead(c engine.Call, room int) error {
	ch.mu.Lock()
	defer ch.mu.Unlock()
	delete(ch.reading, c.TID())
	if err := ch.mounted(c); err != nil {
		return err
	}
	if room < max(minRead, writeHeaders+ch.fs.MaxWrite()) {
		return unix.EINVAL
	}
	ch.reading[c.TID()] = true
	return nil
}

// mounted is EPERM before the mount and ENODEV after it. The lock is held.
func (ch *channel) mounted(c engine.Call) error {
	switch {
	case ch.fs == nil:
		return unix.EPERM
	case ch.gone:
		ch.owner.farewells.add(c.PID(), ch.target)
		return unix.ENODEV
	}
	return nil
}

// MaxMessage implements [engine.StreamWriter].
func (ch *channel) MaxMessage() int { return wire.MaxMessage }

// WriteMessage implements [engine.StreamWriter] with the errors of fs/fuse/dev.c:fuse_dev_do_write().
func (ch *channel) WriteMessage(c engine.Call, p []byte) error {
	ch.mu.Lock()
	err := ch.mounted(c)
	ch.mu.Unlock()
	if err != nil {
		return err
	}
	return ch.Receive(p)
}

// Do implements [client.Transport]. Nothing comes after DESTROY.
func (ch *channel) Do(stop <-chan struct{}, r *client.Request) error {
	err := ch.Conn.Do(stop, r)
	if r.Op == proto.Destroy {
		ch.dismiss()
	}
	return err
}

// dismiss has all threads of the server find that the file system is gone: those that wait for a request are
// woken, and come back.
func (ch *channel) dismiss() {
	ch.mu.Lock()
	first := !ch.gone
	ch.gone = true
	readers := len(ch.reading)
	ch.mu.Unlock()
	if first {
		ch.Dismiss(readers)
	}
}

// Abort implements [client.Transport].
func (ch *channel) Abort() {
	ch.dismiss()
	ch.Conn.Cut()
}

// Close implements [client.Transport]. The server ends when it likes, as with the kernel.
func (ch *channel) Close(<-chan struct{}) { ch.Abort() }
