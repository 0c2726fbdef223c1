// SPDX-License-Identifier: Apache-2.0

package vufuse

import (
	"golang.org/x/sys/unix"

	"vuos.dev/engine"
	"vuos.dev/vufuse/wire"
)

// lowChannel is the descriptor on which a program finds its channel if it cannot have [engine.ChannelFD].
const lowChannel = 3

// channel is a program's end of its connection. Its answers are taken from its memory, in the call with which it
// writes them, which wakes who waits at once.
type channel struct {
	conn   *wire.Conn
	theirs int
}

var (
	_ engine.Channel      = (*channel)(nil)
	_ engine.StreamEnder  = (*channel)(nil)
	_ engine.StreamWriter = (*channel)(nil)
)

// Stream implements [engine.StreamFile].
func (ch *channel) Stream() (int, error) {
	return unix.FcntlInt(uintptr(ch.theirs), unix.F_DUPFD_CLOEXEC, lowChannel)
}

// Ended implements [engine.StreamEnder].
func (ch *channel) Ended() <-chan struct{} { return ch.conn.Ended() }

// Release implements [engine.File]. The connection is closed with its file system.
func (ch *channel) Release(engine.Call) {}

// MaxMessage implements [engine.StreamWriter].
func (ch *channel) MaxMessage() int { return wire.MaxMessage }

// WriteMessage implements [engine.StreamWriter].
func (ch *channel) WriteMessage(c engine.Call, p []byte) error { return ch.conn.Port().Receive(c, p) }
