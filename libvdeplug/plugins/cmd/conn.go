// SPDX-License-Identifier: Apache-2.0

package cmd

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"vuos.dev/libvdeplug/internal/stream"
	"vuos.dev/libvdeplug/plug"
)

// killAfter is how long a command may take to end after its pipes are closed
// and it got SIGTERM.
const killAfter = 2 * time.Second

// conn is a running command.
type conn struct {
	about  *plug.OpError
	cmd    *exec.Cmd
	in     *os.File // what the command writes
	out    *os.File // what it reads
	tally  plug.Tally
	closed atomic.Bool

	rmu sync.Mutex // protects r
	r   *stream.Reader
	wmu sync.Mutex // protects w
	w   *stream.Writer

	done chan struct{} // closed when the command has ended
}

// wait reaps the command.
func (c *conn) wait() {
	_ = c.cmd.Wait() // ProcessState tells
	close(c.done)
}

// Recv implements plug.Conn.
func (c *conn) Recv(bufs [][]byte, sizes []int) (int, error) {
	c.rmu.Lock()
	defer c.rmu.Unlock()
	n, err := c.r.Recv(bufs, sizes)
	return n, c.explain("receive", err)
}

// Send implements plug.Conn.
func (c *conn) Send(frames [][]byte) (int, error) {
	c.wmu.Lock()
	defer c.wmu.Unlock()
	n, err := c.w.Send(frames)
	return n, c.explain("send", err)
}

// explain says what an error of the pipes means.
func (c *conn) explain(what string, err error) error {
	var size *plug.FrameSizeError
	switch {
	case err == nil, err == io.ErrShortBuffer, errors.As(err, &size):
		return err
	case c.closed.Load():
		return net.ErrClosed
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, unix.EPIPE):
		return &plug.OpError{Plugin: c.about.Plugin, Addr: c.about.Addr, What: c.ending(), Err: io.EOF}
	}
	return plug.IOError(c.about.Plugin, c.about.Addr, what, err)
}

// ending tells how the command has ended. It may have closed its output a
// moment before that.
func (c *conn) ending() string {
	select {
	case <-c.done:
		return fmt.Sprintf("the command has ended (%v)", c.cmd.ProcessState)
	case <-time.After(100 * time.Millisecond):
		return "the command has closed its end"
	}
}

// MaxFrame implements plug.Conn.
func (c *conn) MaxFrame() int { return plug.MaxFrame }

// SetReadDeadline implements plug.Conn.
func (c *conn) SetReadDeadline(t time.Time) error {
	return c.explain("deadline", c.in.SetReadDeadline(t))
}

// SetWriteDeadline implements plug.Conn.
func (c *conn) SetWriteDeadline(t time.Time) error {
	return c.explain("deadline", c.out.SetWriteDeadline(t))
}

// Close implements plug.Conn. It ends the command: its input ends, it gets
// SIGTERM, and if that does not help SIGKILL.
func (c *conn) Close() error {
	if c.closed.Swap(true) {
		return net.ErrClosed
	}
	err := errors.Join(c.in.Close(), c.out.Close())
	_ = c.cmd.Process.Signal(syscall.SIGTERM) // it may have ended already
	timer := time.NewTimer(killAfter)
	defer timer.Stop()
	select {
	case <-c.done:
	case <-timer.C:
		_ = c.cmd.Process.Kill()
		<-c.done
	}
	return err
}

// Stats implements plug.StatsReader.
func (c *conn) Stats() plug.Stats { return c.tally.Stats() }
