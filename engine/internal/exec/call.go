// SPDX-License-Identifier: Apache-2.0

package exec

import (
	"errors"
	"fmt"
	"sync"

	"golang.org/x/sys/unix"
)

// ErrGone says that the guest has ended, or has given up the call, and needs no
// answer any more. It is ESRCH.
var ErrGone = fmt.Errorf("guest is gone: %w", unix.ESRCH)

// ErrTraced says that the call cannot be changed, because the guest has another
// tracer and what is needed does not fit in place. It is EPERM. The notification
// is unanswered.
var ErrTraced = fmt.Errorf("guest is being traced: %w", unix.EPERM)

// Call is the execve or execveat that a notification is about.
type Call struct {
	TID  int // in umvu's pid namespace
	Nr   int
	Args [6]uint64
}

// path, argv and envp are addresses in the guest.
func (c *Call) path() uint64 { return c.Args[c.first()] }
func (c *Call) argv() uint64 { return c.Args[c.first()+1] }
func (c *Call) envp() uint64 { return c.Args[c.first()+2] }

func (c *Call) first() int {
	if c.Nr == unix.SYS_EXECVEAT {
		return 1
	}
	return 0
}

// Target is what the call is to execute.
type Target struct {
	// Dirfd is the number in the guest of the directory descriptor that holds Name.
	Dirfd int
	Name  string

	// Head, unless nil, takes the place of the first argument, or is put into an
	// empty list: see [Image.Head].
	Head []string
}

// Options is what Rewrite needs from its caller.
type Options struct {
	// Restart answers the notification with error -512 (ERESTARTSYS). An error
	// means that the guest did not take it.
	Restart func() error

	// Continue answers the notification with SECCOMP_USER_NOTIF_FLAG_CONTINUE. It
	// is called instead of Restart for a guest that has a tracer; nil if that is
	// not wanted.
	Continue func() error

	// Ready, unless nil, gets the Pending as soon as the guest can no longer be kept from making the
	// call, and before it makes it: the notification may arrive while Rewrite still runs. If
	// Rewrite fails after that, no such call comes.
	Ready func(*Pending)

	// Reaper, unless nil, is held while the guest is attached. Whoever in this
	// process waits for any child, or for one that may be a guest, holds it during
	// the call, which must not block: wait(2) takes the stop of an attached guest
	// even if told not to (kernel/exit.c:wait_task_stopped()), and Rewrite would wait
	// for it in vain. That goes for os.Process.Wait: poll a pidfd before it. Several
	// Rewrites may share the lock: an RWMutex's RLocker.
	Reaper sync.Locker
}

// answered tells what an error of Restart or Continue means.
func answered(err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ESRCH) {
		return ErrGone
	}
	return fmt.Errorf("answer execve: %w", err)
}
