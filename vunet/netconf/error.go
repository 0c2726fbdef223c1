// SPDX-License-Identifier: Apache-2.0

package netconf

import "golang.org/x/sys/unix"

// Error is an error number with the text that netlink's extended
// acknowledgement carries (NLMSGERR_ATTR_MSG).
type Error struct {
	Errno   unix.Errno
	Message string
}

func (e *Error) Error() string {
	if e.Message == "" {
		return e.Errno.Error()
	}
	return e.Message
}

// Unwrap returns the error number.
func (e *Error) Unwrap() error { return e.Errno }

// fail makes an Error.
func fail(errno unix.Errno, message string) error {
	return &Error{Errno: errno, Message: message}
}
