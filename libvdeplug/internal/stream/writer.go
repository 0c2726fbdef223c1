// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"encoding/binary"
	"io"

	"vuos.dev/libvdeplug/plug"
)

// Writer puts frames into a stream. Not safe for concurrent use.
//
// When a write ends early, with a deadline, it keeps the rest of the frame
// that is half written and writes that first next time: the stream stays in
// step.
type Writer struct {
	w    io.Writer
	buf  []byte
	ends []int  // where each frame in buf ends
	rest []byte // of buf, still to be written
}

// batchBytes is how much is handed to the stream at once, at most; the
// default size of a Linux pipe, see pipe(7).
const batchBytes = 64 << 10

// NewWriter makes a Writer.
func NewWriter(w io.Writer) *Writer {
	return &Writer{w: w, buf: make([]byte, 0, batchBytes)}
}

// Send is the Send of a plug.Conn. A frame of which a part is written counts
// as sent.
func (w *Writer) Send(frames [][]byte) (sent int, err error) {
	if err := w.flush(); err != nil {
		return 0, err
	}
	legal, illegal := plug.CheckFrames(frames, plug.MaxFrame)
	for sent < legal {
		ends := w.gather(frames[sent:legal])
		n, err := w.w.Write(w.buf)
		if err != nil || n < len(w.buf) {
			sent += w.keepRest(n, ends)
			if err == nil {
				err = io.ErrShortWrite
			}
			return sent, err
		}
		sent += len(ends)
	}
	return sent, illegal
}

// gather fills buf with as many frames as fit and tells where each ends.
func (w *Writer) gather(frames [][]byte) (ends []int) {
	w.buf, w.ends = w.buf[:0], w.ends[:0]
	for _, f := range frames {
		if len(w.buf)+header+len(f) > batchBytes {
			break
		}
		w.buf = binary.BigEndian.AppendUint16(w.buf, uint16(len(f)))
		w.buf = append(w.buf, f...)
		w.ends = append(w.ends, len(w.buf))
	}
	return w.ends
}

// keepRest keeps what is missing of the frame in which the first n bytes of
// buf end, and returns how many frames are sent, that one included.
func (w *Writer) keepRest(n int, ends []int) (sent int) {
	for n > 0 && sent < len(ends) {
		sent++
		if end := ends[sent-1]; n <= end {
			w.rest = w.buf[n:end]
			break
		}
	}
	return sent
}

// flush writes the rest of a frame, if any.
func (w *Writer) flush() error {
	for len(w.rest) > 0 {
		n, err := w.w.Write(w.rest)
		w.rest = w.rest[n:]
		if err != nil {
			return err
		}
	}
	return nil
}
