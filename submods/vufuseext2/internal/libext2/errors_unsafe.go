// SPDX-License-Identifier: Apache-2.0

package libext2

// #include "bridge.h"
import "C"

import (
	"fmt"
	"syscall"
	"unsafe"
)

// Error is a code of libext2fs (or an errno below 4096) and the call that gave it.
type Error struct {
	Op   string
	Code int64
}

// Error gives the library's own text.
func (e *Error) Error() string {
	var buf [256]byte
	C.vx_message(C.long(e.Code), (*C.char)(unsafe.Pointer(&buf[0])), C.int(len(buf)))
	return fmt.Sprintf("%s: %s", e.Op, cstring(buf[:]))
}

// Unwrap gives the errno that the kernel's ext4 would answer, so that errors.As finds a syscall.Errno.
func (e *Error) Unwrap() error {
	return syscall.Errno(C.vx_errno(C.long(e.Code)))
}

// Codes of ext2_err.h that callers tell apart.
const (
	ErrUnsuppFeature   = int64(C.EXT2_ET_UNSUPP_FEATURE)
	ErrROUnsuppFeature = int64(C.EXT2_ET_RO_UNSUPP_FEATURE)
	ErrInlineNoSpace   = int64(C.EXT2_ET_INLINE_DATA_NO_SPACE)
)

func check(op string, code C.long) error {
	if code == 0 {
		return nil
	}
	return &Error{Op: op, Code: int64(code)}
}

func cstring(b []byte) string {
	for i, c := range b {
		if c == 0 {
			return string(b[:i])
		}
	}
	return string(b)
}
