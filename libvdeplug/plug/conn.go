// SPDX-License-Identifier: Apache-2.0

package plug

import "time"

// Sizes of Ethernet frames in bytes, without preamble and checksum.
const (
	// MinFrame is the length of an Ethernet header: what is shorter is no
	// frame. (Frames are not padded to 60 bytes here, there is no wire.)
	MinFrame = 14
	// MaxFrame is the longest frame that vdeplug peers take: an MTU of 9216,
	// an Ethernet header and an 802.1Q tag (VDE_ETHBUFSIZE).
	MaxFrame = 9216 + 14 + 4
)

// Conn is a plug in a virtual Ethernet network.
//
// One goroutine may send while another receives; deadlines may be set and
// Close called at any time from any goroutine. Several senders or several
// receivers do no harm but wait for each other.
//
// Errors that a Conn returns can be told apart with errors.Is:
// os.ErrDeadlineExceeded (the Conn stays good), [ErrNoCarrier] (it stays good,
// the frame was not sent), net.ErrClosed (after Close), io.EOF (the other end
// is gone for good); errors.As finds a [FrameSizeError]. Any other error is
// lasting.
type Conn interface {
	// Send hands over frames in order and returns how many were taken. It
	// waits for room when the network is slower than the sender; nothing is
	// dropped for want of it. n < len(frames) only together with an error,
	// which is about frames[n]. The frames are not kept.
	Send(frames [][]byte) (n int, err error)

	// Recv waits until there is at least one frame and takes as many as are
	// there, at most len(bufs). Frame i is bufs[i][:sizes[i]]. Every buffer
	// must be at least MaxFrame() long and sizes at least as long as bufs,
	// otherwise the error is io.ErrShortBuffer and no frame is lost.
	Recv(bufs [][]byte, sizes []int) (n int, err error)

	// MaxFrame is the length in bytes of the longest frame that can be sent
	// or received. It does not change.
	MaxFrame() int

	// SetReadDeadline and SetWriteDeadline make calls that still wait at t
	// return os.ErrDeadlineExceeded, calls already waiting included. The zero
	// time means to wait for ever, a time in the past wakes at once.
	SetReadDeadline(t time.Time) error
	SetWriteDeadline(t time.Time) error

	// Close takes the plug out. Waiting calls return net.ErrClosed. When it
	// returns, the descriptors, goroutines and files of the Conn are gone. A
	// second Close returns net.ErrClosed.
	Close() error
}

// Carrier is implemented by a Conn that notices when the other end comes and
// goes (vde, and ptp in its newer protocol). While there is no carrier Send fails with [ErrNoCarrier]
// and Recv waits. When both ends are in place the two may notice it at slightly
// different times.
type Carrier interface {
	// Carrier tells whether the other end is there, and gives a channel that
	// is closed when that changes.
	Carrier() (up bool, changed <-chan struct{})
}

// Stats counts what did not become a frame. All numbers only grow.
type Stats struct {
	// Malformed counts what was received and cannot be a frame of this
	// network: too short, too long, or with a header that is not ours.
	Malformed uint64
	// Dropped counts frames that a node (switch, hub, multi, bonding) could
	// not deliver because one of its ports takes nothing any more.
	Dropped uint64
}

// StatsReader is implemented by a Conn that counts.
type StatsReader interface {
	// Stats returns the counters; safe to call at any time.
	Stats() Stats
}
