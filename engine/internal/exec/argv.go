// SPDX-License-Identifier: Apache-2.0

package exec

import (
	"fmt"

	"golang.org/x/sys/unix"
)

const (
	// maxString is MAX_ARG_STRLEN, the size of one argument with its NUL, in bytes
	// (include/uapi/linux/binfmts.h).
	maxString = 32 * pageSize

	// maxPointers bounds the argument pointers, in bytes: three quarters of
	// _STK_LIM, which no stack limit exceeds (fs/exec.c:bprm_stack_limits()).
	maxPointers = 6 << 20

	pointerSize = 8
)

// readArgv reads the argument pointers of an execve, without the final NULL.
// A NULL list is an empty one, as in fs/exec.c:count().
//
// Errors: EFAULT; E2BIG where the kernel would say so whatever the limits are.
func readArgv(m memory, addr uint64) ([]uint64, error) {
	if addr == 0 {
		return nil, nil
	}
	var args []uint64
	var buf [pageSize]byte
	for len(args)*pointerSize < maxPointers {
		at := addr + uint64(len(args)*pointerSize)
		// As far as the end of the page: the next one may not be there. A pointer
		// across the boundary needs both.
		b := buf[:max((pageSize-at%pageSize)/pointerSize*pointerSize, pointerSize)]
		if err := m.readAt(b, at); err != nil {
			return nil, err
		}
		for ; len(b) > 0; b = b[pointerSize:] {
			p := le.Uint64(b)
			if p == 0 {
				return args, nil
			}
			args = append(args, p)
		}
	}
	return nil, fmt.Errorf("argument list at %#x: %w", addr, unix.E2BIG)
}

// checkHead refuses arguments that the kernel would refuse.
func checkHead(head []string) error {
	for _, s := range head {
		if len(s)+1 > maxString {
			return fmt.Errorf("argument of %d bytes: %w", len(s), unix.E2BIG)
		}
		for i := range len(s) {
			if s[i] == 0 {
				return fmt.Errorf("NUL in argument %q: %w", s, unix.EINVAL)
			}
		}
	}
	return nil
}
