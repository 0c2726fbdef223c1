// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"time"

	"golang.org/x/sys/unix"
	"vuos.dev/engine"
)

// messageBytes is what sendfile and splice make one message of: as much as a pipe has (fs/splice.c:splice_to_socket()).
const messageBytes = 64 << 10

// receive takes a message from a socket of a stack.
func (e *end) receive(p []byte) (n int, err error) {
	err = e.message(unix.POLLIN, time.Duration(e.sock.ReceiveTimeout.Load()), func() (err error) {
		n, err = e.sock.Recv(e.c, &engine.Message{Data: p}, 0)
		return err
	})
	return min(n, len(p)), err
}

// send gives p, as one message, to a socket of a stack.
func (e *end) send(p []byte) (n int, err error) {
	err = e.message(unix.POLLOUT, time.Duration(e.sock.SendTimeout.Load()), func() (err error) {
		n, err = e.sock.Send(e.c, &engine.Message{Data: p}, 0)
		return err
	})
	return n, err
}

// message makes a call on the socket, which waits for the event ready unless the guest's file does not.
func (e *end) message(ready uint32, timeout time.Duration, try func() error) error {
	err, lacked := try(), uint32(0)
	if err == unix.EAGAIN {
		fl, ferr := unix.FcntlInt(uintptr(e.fd), unix.F_GETFL, 0)
		if ferr != nil || fl&unix.O_NONBLOCK != 0 {
			lacked = ready
		} else {
			err = e.sock.Await(e.c, timeout, e.sock.Changed, try)
		}
	}
	if !e.sock.Settled(lacked) {
		e.sock.Settle(e.fd, lacked)
	}
	return err
}
