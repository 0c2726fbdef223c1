// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"vuos.dev/libvdeplug/plug"
)

// header is the length of the length, in bytes.
const header = 2

// ErrOutOfStep says that a length cannot be right: the position of the frames
// in the stream is lost and cannot be found again.
var ErrOutOfStep = errors.New("frames in the stream are out of step")

// Reader takes frames from a stream. Not safe for concurrent use.
//
// It keeps what it has read of an unfinished frame, so that a read which ends
// with a deadline can be repeated.
type Reader struct {
	r     io.Reader
	tally *plug.Tally
	buf   []byte
	start int // buf[start:end] is read and not yet delivered
	end   int
}

// NewReader makes a Reader that counts frames which are too short.
func NewReader(r io.Reader, tally *plug.Tally) *Reader {
	return &Reader{r: r, tally: tally, buf: make([]byte, 64<<10)}
}

// Recv is the Recv of a plug.Conn. At the end of the stream the error is
// io.EOF, in the midst of a frame io.ErrUnexpectedEOF.
func (r *Reader) Recv(bufs [][]byte, sizes []int) (n int, err error) {
	if err := plug.CheckBuffers(bufs, sizes, plug.MaxFrame); err != nil {
		return 0, err
	}
	for {
		for n < len(bufs) {
			frame, err := r.next()
			if err != nil && n == 0 {
				return 0, err
			}
			if frame == nil {
				break
			}
			sizes[n] = copy(bufs[n], frame)
			n++
		}
		if n > 0 {
			return n, nil
		}
		if err := r.fill(); err != nil {
			return 0, err
		}
	}
}

// next returns the next frame that is there in full, nil if there is none.
func (r *Reader) next() (frame []byte, err error) {
	for r.end-r.start >= header {
		size := int(binary.BigEndian.Uint16(r.buf[r.start:]))
		if size > plug.MaxFrame {
			return nil, fmt.Errorf("%w: a length of %d bytes", ErrOutOfStep, size)
		}
		if r.end-r.start < header+size {
			break
		}
		frame = r.buf[r.start+header : r.start+header+size]
		r.start += header + size
		if size >= plug.MinFrame {
			return frame, nil
		}
		if size > 0 {
			r.tally.Malformed(1)
		}
	}
	return nil, nil
}

// fill reads more from the stream.
func (r *Reader) fill() error {
	r.end = copy(r.buf, r.buf[r.start:r.end])
	r.start = 0
	n, err := r.r.Read(r.buf[r.end:])
	r.end += n
	switch {
	case n > 0:
		return nil
	case err == io.EOF && r.end > 0:
		return io.ErrUnexpectedEOF
	case err == nil:
		return io.ErrNoProgress
	}
	return err
}
