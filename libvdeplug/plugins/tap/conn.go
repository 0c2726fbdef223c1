// SPDX-License-Identifier: Apache-2.0

package tap

import (
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"vuos.dev/libvdeplug/plug"
)

// conn is an open interface. The kernel moves one frame per read and write.
type conn struct {
	plugin, name string
	file         *os.File
	raw          syscall.RawConn
	tally        plug.Tally
	rmu, wmu     sync.Mutex
	closed       atomic.Bool
}

func newConn(file *os.File, plugin, name string) (*conn, error) {
	raw, err := file.SyscallConn()
	if err != nil {
		file.Close()
		return nil, &plug.OpError{Plugin: plugin, Addr: name, Err: err}
	}
	return &conn{plugin: plugin, name: name, file: file, raw: raw}, nil
}

// Name returns the name of the interface.
func (c *conn) Name() string { return c.name }

// Recv waits for the first frame and takes the others that are there.
func (c *conn) Recv(bufs [][]byte, sizes []int) (n int, err error) {
	if err := plug.CheckBuffers(bufs, sizes, plug.MaxFrame); err != nil {
		return 0, err
	}
	c.rmu.Lock()
	defer c.rmu.Unlock()
	wait := c.raw.Read(func(fd uintptr) bool {
		n, err = c.readAll(int(fd), bufs, sizes)
		return n > 0 || err != unix.EAGAIN
	})
	switch {
	case wait != nil:
		return 0, c.fail("receive", wait)
	case n > 0:
		return n, nil
	}
	return 0, c.fail("receive", err)
}

// readAll reads frames until there is none left or no buffer.
func (c *conn) readAll(fd int, bufs [][]byte, sizes []int) (n int, err error) {
	for n < len(bufs) {
		size, err := unix.Read(fd, bufs[n])
		switch {
		case err == unix.EINTR:
		case err != nil:
			return n, err
		case size < plug.MinFrame:
			c.tally.Malformed(1)
		default:
			sizes[n] = size
			n++
		}
	}
	return n, nil
}

// Send writes the frames. The kernel answers EIO while the interface is down.
func (c *conn) Send(frames [][]byte) (n int, err error) {
	legal, illegal := plug.CheckFrames(frames, plug.MaxFrame)
	c.wmu.Lock()
	defer c.wmu.Unlock()
	wait := c.raw.Write(func(fd uintptr) bool {
		for n < legal {
			switch _, err = unix.Write(int(fd), frames[n]); err {
			case nil:
				n++
			case unix.EINTR:
			default:
				return err != unix.EAGAIN
			}
		}
		return true
	})
	switch {
	case wait != nil:
		err = wait
	case errors.Is(err, unix.EIO):
		err = plug.ErrNoCarrier
	case err == nil:
		return n, illegal
	}
	return n, c.fail("send", err)
}

func (c *conn) fail(what string, err error) error {
	if err != nil && c.closed.Load() {
		return net.ErrClosed
	}
	err = plug.IOError(c.plugin, c.name, what, err)
	// When the interface is deleted the kernel reports an error condition at
	// the descriptor, upon which the runtime refuses to poll it any more, and
	// EBADFD to read and write (drivers/net/tun.c:tun_chr_poll()).
	if op, ok := err.(*plug.OpError); ok && (errors.Is(err, unix.EBADFD) || op.Err.Error() == "not pollable") {
		return &plug.OpError{Plugin: c.plugin, Addr: c.name, What: "the interface is gone", Err: io.EOF}
	}
	return err
}

func (c *conn) MaxFrame() int { return plug.MaxFrame }

func (c *conn) SetReadDeadline(t time.Time) error {
	return c.fail("deadline", c.file.SetReadDeadline(t))
}

func (c *conn) SetWriteDeadline(t time.Time) error {
	return c.fail("deadline", c.file.SetWriteDeadline(t))
}

func (c *conn) Close() error {
	if c.closed.Swap(true) {
		return net.ErrClosed
	}
	return plug.IOError(c.plugin, c.name, "close", c.file.Close())
}

func (c *conn) Stats() plug.Stats { return c.tally.Stats() }
