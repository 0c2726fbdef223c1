// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"golang.org/x/sys/unix"
	"vuos.dev/engine"
)

// reply is how a call ends.
type reply struct {
	val   int64
	errno unix.Errno
	cont  bool            // the kernel is to do the call
	done  bool            // it was answered already
	after func(sent bool) // to be done once the answer was sent, or could not be
}

// native leaves the call to the kernel.
var native = reply{cont: true}

// erestartsys is ERESTARTSYS of the kernel: the call is restarted or fails with EINTR, as
// SA_RESTART says.
const erestartsys = unix.Errno(512)

func ok(val int64) reply { return reply{val: val} }

func fail(errno unix.Errno) reply { return reply{errno: errno} }

// result is the reply for an error that a module may have returned, or ok(0).
func (c *call) result(err error) reply {
	if err == nil {
		return ok(0)
	}
	errno, known := engine.Errno(err)
	if !known {
		c.s.log.Logf(engine.LogWarning, "%s: %v", c.name(), err)
	}
	if errno == unix.EINTR && c.interrupted() {
		errno = erestartsys
	}
	return fail(errno)
}

// count is the reply of a call that transfers n bytes: an error counts only if there
// was nothing.
func (c *call) count(n int, err error) reply {
	if n > 0 || err == nil {
		return ok(int64(n))
	}
	return c.result(err)
}
