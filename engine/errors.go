// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// Errno turns an error into the number that a guest sees: 0 for nil, the wrapped
// [unix.Errno] if there is one, the matching number for the standard library's own errors,
// EIO otherwise. known is false in that last case, which deserves a line in the log.
func Errno(err error) (errno unix.Errno, known bool) {
	if err == nil {
		return 0, true
	}
	if errors.As(err, &errno) {
		return errno, true
	}
	for _, m := range stdErrors {
		if errors.Is(err, m.err) {
			return m.errno, true
		}
	}
	return unix.EIO, false
}

var stdErrors = [...]struct {
	err   error
	errno unix.Errno
}{
	{fs.ErrNotExist, unix.ENOENT},
	{fs.ErrExist, unix.EEXIST},
	{fs.ErrPermission, unix.EACCES},
	{fs.ErrInvalid, unix.EINVAL},
	{fs.ErrClosed, unix.EBADF},
	{os.ErrDeadlineExceeded, unix.ETIMEDOUT},
	{context.Canceled, unix.EINTR},
	{context.DeadlineExceeded, unix.ETIMEDOUT},
	{io.EOF, unix.EIO},
	{io.ErrUnexpectedEOF, unix.EIO},
}
