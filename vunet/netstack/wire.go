// SPDX-License-Identifier: Apache-2.0

package netstack

// Wire is what an interface is plugged into. The Conn of libvdeplug is one.
//
// One goroutine sends while another receives. An error of Send is about the first
// frame not taken, which is dropped; an error of Recv is for good, the link has no carrier
// from then on.
type Wire interface {
	// Send hands over frames in order and returns how many were taken, fewer
	// only together with an error. It waits when the network is slower. The
	// frames are not kept.
	Send(frames [][]byte) (n int, err error)

	// Recv waits until there is at least one frame and takes as many as are
	// there. Frame i is bufs[i][:sizes[i]]. Every buffer is MaxFrame() long.
	Recv(bufs [][]byte, sizes []int) (n int, err error)

	// MaxFrame is the length in bytes of the longest frame, with its header.
	MaxFrame() int

	// Close makes waiting calls return.
	Close() error
}

// Carrier is implemented by a Wire that notices when the other end comes and
// goes.
type Carrier interface {
	// Carrier tells whether the other end is there, and gives a channel that is
	// closed when that changes.
	Carrier() (up bool, changed <-chan struct{})
}
