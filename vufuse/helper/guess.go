// SPDX-License-Identifier: Apache-2.0

package helper

import (
	"strings"

	"golang.org/x/sys/unix"
)

// Guess finds the error number in what a program wrote: the text of strerror(3) somewhere in
// its last line.
func Guess(words string, ws unix.WaitStatus) unix.Errno {
	words = strings.ToLower(words)
	for _, e := range likely {
		if strings.Contains(words, e.Error()) {
			return e
		}
	}
	switch {
	case ws.Signaled():
		return unix.EIO
	case strings.Contains(words, "option"), strings.Contains(words, "usage"), strings.Contains(words, "magic"),
		strings.Contains(words, "superblock"), strings.Contains(words, "invalid"), strings.Contains(words, "short read"):
		return unix.EINVAL
	case ws.Exited() && ws.ExitStatus() == 2: // ENOENT for some, wrong usage for most
		return unix.EINVAL
	}
	return unix.EIO
}

// likely are the reasons why a source cannot be mounted.
var likely = []unix.Errno{
	unix.ENOENT, unix.EACCES, unix.EPERM, unix.EISDIR, unix.ENOTDIR, unix.ENODEV, unix.ENXIO, unix.EBUSY, unix.EROFS,
	unix.EINVAL, unix.ENOMEM, unix.ENOSPC, unix.EIO,
}
