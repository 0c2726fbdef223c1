// SPDX-License-Identifier: Apache-2.0

package seccomp

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// Notif is struct seccomp_notif: one notified system call.
type Notif struct {
	ID    uint64
	PID   uint32 // thread, as umvu's pid namespace numbers it
	Flags uint32
	NR    int32
	Arch  uint32
	IP    uint64
	Args  [6]uint64
}

// resp is struct seccomp_notif_resp.
type resp struct {
	id    uint64
	val   int64
	err   int32
	flags uint32
}

// addfd is struct seccomp_notif_addfd.
type addfd struct {
	id         uint64
	flags      uint32
	srcfd      uint32
	newfd      uint32
	newfdFlags uint32
}

const (
	iocRecv     = 0xc0502100
	iocSend     = 0xc0182101
	iocIDValid  = 0x40082102
	iocAddFD    = 0x40182103
	iocSetFlags = 0x40082104

	respContinue  = 1
	addfdSetFD    = 1
	fdSyncWakeUp  = 1 // SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP, Linux 6.6
	setModeFilter = 1

	flagNewListener  = 1 << 3
	flagWaitKillable = 1 << 5 // Linux 5.19
)

// Errors of a Listener.
var (
	// ErrGone is a notification whose guest gave up: killed, or interrupted before
	// the call was received. It is ESRCH, which nobody gets to see.
	ErrGone = fmt.Errorf("seccomp: the guest gave up its call: %w", unix.ESRCH)
	// ErrClosed means that no guest is left.
	ErrClosed = errors.New("seccomp: no guest is left")
)

// Listener receives the notifications of all guests. Its methods may be used by
// several goroutines at once.
type Listener struct{ fd int }

// FD is the listener's descriptor.
func (l *Listener) FD() int { return l.fd }

// Recv waits for the next notification and fills n. It returns ErrClosed when the last guest
// has ended and ErrGone if the guest gave up meanwhile.
func (l *Listener) Recv(n *Notif) error {
	*n = Notif{}
	for {
		switch errno := l.recv(n); errno {
		case 0:
			return nil
		case unix.EINTR:
		case unix.ENOENT:
			if l.hungUp() {
				return ErrClosed
			}
			return ErrGone
		default:
			return ErrClosed
		}
	}
}

func (l *Listener) hungUp() bool {
	p := []unix.PollFd{{Fd: int32(l.fd), Events: unix.POLLIN}}
	n, err := unix.Poll(p, 0)
	return err == nil && n == 1 && p[0].Revents&unix.POLLHUP != 0
}

// Continue answers that the kernel is to do the call as if it had not been
// notified.
func (l *Listener) Continue(id uint64) error {
	return l.answer(&resp{id: id, flags: respContinue})
}

// Return answers with a result, or with an error if errno is not 0. errno may be 512
// (ERESTARTSYS), which the kernel turns into a restart or EINTR.
func (l *Listener) Return(id uint64, val int64, errno unix.Errno) error {
	if errno != 0 {
		val = 0
	}
	return l.answer(&resp{id: id, val: val, err: -int32(errno)})
}

func (l *Listener) answer(r *resp) error {
	for {
		switch errno := l.send(r); errno {
		case 0:
			return nil
		case unix.EINTR:
		case unix.ENOENT:
			return ErrGone
		default:
			return errno
		}
	}
}

// AddFD installs umvu's descriptor fd under the number newfd in the guest that
// waits for an answer to id, replacing what is there. Errors: EBADF for a number beyond the
// guest's RLIMIT_NOFILE and for an O_PATH descriptor.
func (l *Listener) AddFD(id uint64, fd, newfd int, cloexec bool) error {
	a := addfd{id: id, flags: addfdSetFD, srcfd: uint32(fd), newfd: uint32(newfd)}
	if cloexec {
		a.newfdFlags = unix.O_CLOEXEC
	}
	return l.add(&a)
}

// AddLowest installs umvu's descriptor fd under the lowest free number of the
// guest, and returns that number.
func (l *Listener) AddLowest(id uint64, fd int, cloexec bool) (int, error) {
	a := addfd{id: id, srcfd: uint32(fd)}
	if cloexec {
		a.newfdFlags = unix.O_CLOEXEC
	}
	return l.addLowest(&a)
}

func (l *Listener) add(a *addfd) error {
	_, err := l.addLowest(a)
	return err
}

func (l *Listener) addLowest(a *addfd) (int, error) {
	for {
		switch n, errno := l.addIoctl(a); errno {
		case 0:
			return n, nil
		case unix.EINTR:
		case unix.ENOENT:
			return -1, ErrGone
		default:
			return -1, errno
		}
	}
}

// Valid tells whether the guest still waits for an answer to id.
func (l *Listener) Valid(id uint64) bool { return l.valid(&id) == 0 }

// Close closes the listener: all guests' notified calls fail with ENOSYS from then on.
func (l *Listener) Close() error { return unix.Close(l.fd) }
