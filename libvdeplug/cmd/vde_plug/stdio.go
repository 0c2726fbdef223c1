// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"vuos.dev/libvdeplug/internal/stream"
	"vuos.dev/libvdeplug/plug"
)

// stdio is the network at the other end of standard input and output. They
// are not closed: they end with the process.
type stdio struct {
	tally plug.Tally
	r     *stream.Reader
	w     *stream.Writer
}

func newStdio(in io.Reader, out io.Writer) *stdio {
	s := &stdio{w: stream.NewWriter(out)}
	s.r = stream.NewReader(in, &s.tally)
	return s
}

func (s *stdio) Recv(bufs [][]byte, sizes []int) (int, error) {
	n, err := s.r.Recv(bufs, sizes)
	if err != nil && err != io.EOF {
		err = fmt.Errorf("standard input: %w", err)
	}
	return n, err
}

func (s *stdio) Send(frames [][]byte) (int, error) {
	n, err := s.w.Send(frames)
	var size *plug.FrameSizeError
	switch {
	case err == nil, errors.As(err, &size):
		return n, err
	case errors.Is(err, unix.EPIPE):
		return n, io.EOF // the reader has gone
	}
	return n, fmt.Errorf("standard output: %w", err)
}

func (s *stdio) MaxFrame() int                    { return plug.MaxFrame }
func (s *stdio) SetReadDeadline(time.Time) error  { return os.ErrNoDeadline }
func (s *stdio) SetWriteDeadline(time.Time) error { return os.ErrNoDeadline }
func (s *stdio) Close() error                     { return nil }
