// SPDX-License-Identifier: Apache-2.0

package plug

import (
	"errors"
)

// copyBatch is how many frames Copy moves at a time.
const copyBatch = 32

// Copy sends to dst what src receives until one of them fails for good, and
// returns that error: one direction of a cable. As on a cable, frames are lost
// while nobody is at the far end; observe, unless it is nil, sees all others.
func Copy(dst, src Conn, observe func(frame []byte)) error {
	bufs, sizes := Buffers(src, copyBatch)
	frames := make([][]byte, copyBatch)
	for {
		n, err := src.Recv(bufs, sizes)
		if err != nil {
			return err
		}
		for i := range n {
			frames[i] = bufs[i][:sizes[i]]
			if observe != nil {
				observe(frames[i])
			}
		}
		if err := sendAll(dst, frames[:n]); err != nil {
			return err
		}
	}
}

// sendAll sends frames, but for those that cannot be sent.
func sendAll(dst Conn, frames [][]byte) error {
	for len(frames) > 0 {
		n, err := dst.Send(frames)
		frames = frames[n:]
		var size *FrameSizeError
		switch {
		case err == nil:
		case errors.Is(err, ErrNoCarrier), errors.As(err, &size):
			frames = frames[1:]
		default:
			return err
		}
	}
	return nil
}
