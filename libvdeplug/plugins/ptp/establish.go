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

// join finds out which end is free and which protocol is spoken.
func (l *line) join(ctx context.Context) (plug.Conn, error) {
	tally := &plug.Tally{}
	link, err := l.call(ctx, tally)
	if err == nil {
		return newConn(l, link, nil, tally), nil
	}
	// Only one at a time may find a socket missing or dead and make it.
	unlock, err := lockDir(ctx, filepath.Dir(l.path))
	if err != nil {
		return nil, err
	}
	defer unlock()
	link, err = l.callOrClear(ctx, tally)
	switch {
	case err == nil:
		return newConn(l, link, nil, tally), nil
	case errors.Is(err, unix.EPROTOTYPE):
		return l.openDatagram(l.path+suffix, l.path, tally)
	case !errors.Is(err, fs.ErrNotExist):
		return nil, err
	case !l.seqpacket:
		return l.openDatagram(l.path, l.path+suffix, tally)
	}
	lis, err := l.listen()
	if err != nil {
		return nil, err
	}
	return newConn(l, nil, lis, tally), nil
}

// establish is join for an end that keeps to the newer protocol: it gives
// either a link or a listener.
func (l *line) establish(ctx context.Context, tally *plug.Tally) (link *dgram.Conn, lis *listener, err error) {
	unlock, err := lockDir(ctx, filepath.Dir(l.path))
	if err != nil {
		return nil, nil, err
	}
	defer unlock()
	if link, err = l.callOrClear(ctx, tally); errors.Is(err, fs.ErrNotExist) {
		lis, err = l.listen()
	}
	return link, lis, err
}

// callOrClear calls; if there is only a dead socket it removes that, and says
// that there is none. The directory must be locked.
func (l *line) callOrClear(ctx context.Context, tally *plug.Tally) (*dgram.Conn, error) {
	link, err := l.call(ctx, tally)
	if errors.Is(err, unix.ECONNREFUSED) {
		time.Sleep(staleWait)
		link, err = l.call(ctx, tally)
	}
	if errors.Is(err, unix.ECONNREFUSED) {
		if err = removeStale(l.path); err == nil {
			err = fs.ErrNotExist
		}
	}
	return link, err
}

// call connects to a listener. The error is EPROTOTYPE if there is a datagram
// socket.
func (l *line) call(ctx context.Context, tally *plug.Tally) (*dgram.Conn, error) {
	fd, err := dgram.Unix(unix.SOCK_SEQPACKET)
	if err != nil {
		return nil, err
	}
	if err := unix.Connect(fd, &unix.SockaddrUnix{Name: l.path}); err != nil {
		unix.Close(fd)
		if err == unix.EAGAIN { // its queue of callers is full
			return nil, l.taken()
		}
		return nil, os.NewSyscallError("connect", err)
	}
	file := dgram.NewFile(fd, l.path)
	if err := l.readAck(ctx, file); err != nil {
		file.Close()
		return nil, err
	}
	return l.newLink(file, tally)
}

// taken says that there is no place for a third one.
func (l *line) taken() error {
	return l.fail("both ends of the line are taken", unix.EISCONN)
}

// readAck waits for the byte with which a listener answers.
func (l *line) readAck(ctx context.Context, file *os.File) error {
	if err := file.SetReadDeadline(time.Now().Add(answerTimeout)); err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { _ = file.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	var ack [1]byte
	_, err := file.Read(ack[:])
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return l.fail("the other end does not answer", nil)
	case err != nil:
		return err
	case unix.Errno(ack[0]) == unix.EISCONN:
		return l.taken()
	case ack[0] != 0:
		return unix.Errno(ack[0])
	}
	return file.SetReadDeadline(time.Time{})
}
