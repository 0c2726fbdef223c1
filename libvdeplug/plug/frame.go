// SPDX-License-Identifier: Apache-2.0

package plug

import "io"

// CheckFrames returns how many of the frames from the first on have a legal
// length, and a FrameSizeError about the one that ends them, if any. Send
// methods call it first.
func CheckFrames(frames [][]byte, max int) (n int, err error) {
	for i, f := range frames {
		if len(f) < MinFrame || len(f) > max {
			return i, &FrameSizeError{Len: len(f), Max: max}
		}
	}
	return len(frames), nil
}

// CheckBuffers returns io.ErrShortBuffer unless the arguments of a Recv can
// hold any frame of up to max bytes.
func CheckBuffers(bufs [][]byte, sizes []int, max int) error {
	if len(bufs) == 0 || len(sizes) < len(bufs) {
		return io.ErrShortBuffer
	}
	for _, b := range bufs {
		if len(b) < max {
			return io.ErrShortBuffer
		}
	}
	return nil
}

// Buffers makes n receive buffers and their sizes for a Recv of c.
func Buffers(c Conn, n int) (bufs [][]byte, sizes []int) {
	max := c.MaxFrame()
	all := make([]byte, n*max)
	bufs = make([][]byte, n)
	for i := range bufs {
		bufs[i] = all[i*max : (i+1)*max : (i+1)*max]
	}
	return bufs, make([]int, n)
}
