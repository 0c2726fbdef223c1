// SPDX-License-Identifier: Apache-2.0

package ptp

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"vuos.dev/libvdeplug/internal/dgram"
	"vuos.dev/libvdeplug/plug"
)

const (
	// answerTimeout is how long a listener may take to say whether its place
	// is free.
	answerTimeout = 2 * time.Second
	// staleWait is how long a socket that refuses may be one that is bound
	// but does not listen yet, before it counts as left behind.
	staleWait = 20 * time.Millisecond
	// retry is how long to wait between attempts to get the line back.
	retry = 100 * time.Millisecond
)

// establish connects to the peer, or makes the socket that it will come to:
// one of link and l is not nil without an error.
func (c *conn) establish(ctx context.Context) (link plug.Conn, l *listener, err error) {
	link, err = c.call(ctx)
	if !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, unix.ECONNREFUSED) {
		return link, nil, err
	}
	// Only one at a time may find the socket missing or dead and make it.
	unlock, err := lockDir(ctx, filepath.Dir(c.path))
	if err != nil {
		return nil, nil, err
	}
	defer unlock()
	for refused := false; ; {
		link, err = c.call(ctx)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case !errors.Is(err, unix.ECONNREFUSED):
			return link, nil, err
		case !refused:
			refused = true
			time.Sleep(staleWait)
			continue
		default:
			if err := c.removeStale(); err != nil {
				return nil, nil, err
			}
		}
		// A peer that knows nothing of the lock may have been faster.
		if l, err = c.listen(); !errors.Is(err, unix.EADDRINUSE) {
			return nil, l, err
		}
	}
}

// reestablish repeats establish until it succeeds or the Conn is closed.
func (c *conn) reestablish(ctx context.Context) (plug.Conn, *listener) {
	for ctx.Err() == nil {
		link, l, err := c.establish(ctx)
		if err == nil {
			return link, l
		}
		select {
		case <-ctx.Done():
		case <-time.After(retry):
		}
	}
	return nil, nil
}

// call connects to a listener.
func (c *conn) call(ctx context.Context) (plug.Conn, error) {
	fd, err := dgram.Unix(unix.SOCK_SEQPACKET)
	if err != nil {
		return nil, err
	}
	if err := unix.Connect(fd, &unix.SockaddrUnix{Name: c.path}); err != nil {
		unix.Close(fd)
		if err == unix.EAGAIN { // its queue of callers is full
			err = unix.EISCONN
		}
		return nil, c.explain(os.NewSyscallError("connect", err))
	}
	file := dgram.NewFile(fd, c.path)
	if err := readAck(ctx, file); err != nil {
		file.Close()
		return nil, c.explain(err)
	}
	return c.newLink(file)
}

// readAck waits for the byte with which a listener answers.
func readAck(ctx context.Context, file *os.File) error {
	if err := file.SetReadDeadline(time.Now().Add(answerTimeout)); err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { _ = file.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	var ack [1]byte
	if _, err := file.Read(ack[:]); err != nil {
		return err
	}
	if ack[0] != 0 {
		return unix.Errno(ack[0])
	}
	return file.SetReadDeadline(time.Time{})
}

// explain says in words why there was no connection.
func (c *conn) explain(err error) error {
	switch {
	case errors.Is(err, unix.EISCONN):
		return c.fail("both ends of the line are taken", err)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return c.fail("the other end does not answer", err)
	case errors.Is(err, unix.EPROTOTYPE):
		return c.fail("not the socket of a ptp plug", err)
	}
	return err
}

// removeStale removes a socket that nobody listens at.
func (c *conn) removeStale() error {
	info, err := os.Lstat(c.path)
	if err == nil && info.Mode().Type() != fs.ModeSocket {
		return errNotSocket
	}
	if err = os.Remove(c.path); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// lockDir keeps other plugs of this library from making sockets in dir. It
// does not wait for ever: anybody who can read dir could hold the lock.
func lockDir(ctx context.Context, dir string) (unlock func(), err error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	limit := time.After(answerTimeout)
	for {
		err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil {
			return func() { f.Close() }, nil
		}
		if err == unix.EWOULDBLOCK || err == unix.EINTR {
			select {
			case <-time.After(staleWait):
				continue
			case <-ctx.Done():
				err = ctx.Err()
			case <-limit:
			}
		}
		f.Close()
		return nil, os.NewSyscallError("flock", err)
	}
}
