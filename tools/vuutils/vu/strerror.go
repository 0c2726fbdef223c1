// SPDX-License-Identifier: Apache-2.0

package vu

import (
	"errors"
	"fmt"
	"strings"

	"golang.org/x/sys/unix"
)

// Strerror returns the text of an error as strerror(3) has it; Go's own texts
// for error numbers begin in lower case.
func Strerror(err error) string {
	var errno unix.Errno
	if !errors.As(err, &errno) {
		return err.Error()
	}
	if unix.ErrnoName(errno) == "" {
		return fmt.Sprintf("Unknown error %d", int(errno))
	}
	text := errno.Error()
	return strings.ToUpper(text[:1]) + text[1:]
}
