// SPDX-License-Identifier: Apache-2.0

package fuse

import (
	"fmt"
	"sync"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
	"vuos.dev/vufuse/proto"
	"vuos.dev/vufuse/wire"
)

// minRead is FUSE_MIN_READ_BUFFER: the least room for a request.
const minRead = 8192

// writeHeaders is what comes before the data in a WRITE request.
const writeHeaders = 80

// channel is an open /dev/fuse (struct fuse_dev).
type channel struct {
	module *instance
	port   *wire.Port
	fresh  *wire.Conn // the connection that a mount takes
	theirs int        // the server's end, until Stream takes it

	mu   sync.Mutex
	conn *connection // nil before it is mounted or cloned
}

var (
	_ engine.StreamFile        = (*channel)(nil)
	_ engine.StreamEnder       = (*channel)(nil)
	_ engine.StreamReadChecker = (*channel)(nil)
	_ engine.StreamWriter      = (*channel)(nil)
	_ engine.StreamStatuser    = (*channel)(nil)
	_ engine.FileIoctler       = (*channel)(nil)
)

func newChannel(m *instance, flags int) (*channel, error) {
	conn, theirs, err := wire.Connect()
	if err != nil {
		return nil, err
	}
	conn.Whole = true
	ch := &channel{module: m, port: conn.Port(), fresh: conn, theirs: theirs}
	ch.port.SetPolled(flags&unix.O_NONBLOCK != 0)
	return ch, nil
}

// Stream implements [engine.StreamFile].
func (ch *channel) Stream() (int, error) {
	fd := ch.theirs
	ch.theirs = -1
	ch.port.Listen()
	return fd, nil
}

// Ended implements [engine.StreamEnder].
func (ch *channel) Ended() <-chan struct{} { return ch.port.Ended() }

// Release implements [engine.File]: the server has closed the device.
func (ch *channel) Release(engine.Call) {
	if ch.theirs >= 0 {
		unix.Close(ch.theirs)
	}
	ch.port.Close()
}

// SetStatus implements [engine.StreamStatuser].
func (ch *channel) SetStatus(_ engine.Call, flags int) { ch.port.SetPolled(flags&unix.O_NONBLOCK != 0) }

// connected is the connection of the device, or nil.
func (ch *channel) connected() *connection {
	ch.mu.Lock()
	defer ch.mu.Unlock()
	return ch.conn
}

// mount makes the file system. A device can be mounted once, and can be read when mount returns: INIT is there.
func (ch *channel) mount(target string, o *options) (engine.FileSystem, error) {
	ch.mu.Lock()
	defer ch.mu.Unlock()
	switch {
	case ch.conn == nil:
	case !ch.conn.alive():
		return nil, &engine.MountError{Err: unix.ENOTCONN, Message: fmt.Sprintf("the file system of descriptor %d is gone", o.fd)}
	default:
		return nil, invalid("descriptor %d is mounted already", o.fd)
	}
	ch.conn = newConnection(ch, target, o)
	<-ch.conn.Started()
	return ch.conn.fs, nil
}

// CheckRead implements [engine.StreamReadChecker] with the errors of fs/fuse/dev.c:fuse_dev_do_read(): EPERM before the
// mount, ENODEV after it, EINVAL for a buffer that does not hold every request.
func (ch *channel) CheckRead(c engine.Call, fd, room int) error {
	conn := ch.connected()
	if conn == nil {
		return unix.EPERM
	}
	return conn.enter(c, ch.port, fd, room)
}

// MaxMessage implements [engine.StreamWriter].
func (ch *channel) MaxMessage() int { return wire.MaxMessage }

// WriteMessage implements [engine.StreamWriter] with the errors of fs/fuse/dev.c:fuse_dev_do_write(): when the file system
// is gone, nothing waits for an answer.
func (ch *channel) WriteMessage(c engine.Call, p []byte) error {
	conn := ch.connected()
	if conn == nil {
		return unix.EPERM
	}
	ch.port.Leave(c.TID())
	if !conn.alive() {
		return unix.ENOENT
	}
	if _, err := proto.ParseReply(p); err != nil {
		return err // nobody's answer: who waits goes on waiting
	}
	return ch.port.Receive(c, p)
}
