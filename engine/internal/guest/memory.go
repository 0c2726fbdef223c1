// SPDX-License-Identifier: Apache-2.0

// Package guest reaches into guests from outside: their memory, descriptors,
// limits and what /proc says of them. A guest is named by a thread id as umvu's
// pid namespace numbers it; nothing is kept between calls.
package guest

import (
	"bytes"

	"golang.org/x/sys/unix"
)

const pageSize = 4096

// PathMax is PATH_MAX: the longest path a system call takes, with its NUL.
const PathMax = 4096

// Memory is the memory of a thread. It implements engine.Memory.
type Memory int

// ReadAt copies len(p) bytes from addr. EFAULT comes with the count that could be
// read before the bad address.
func (m Memory) ReadAt(p []byte, addr uint64) (int, error) {
	return transfer(p, addr, func(p []byte, addr uint64) (int, unix.Errno) { return vmReadv(int(m), p, addr) })
}

// WriteAt copies p to addr.
func (m Memory) WriteAt(p []byte, addr uint64) (int, error) {
	return transfer(p, addr, func(p []byte, addr uint64) (int, unix.Errno) { return vmWritev(int(m), p, addr) })
}

func transfer(p []byte, addr uint64, do func([]byte, uint64) (int, unix.Errno)) (int, error) {
	done := 0
	for done < len(p) {
		n, e := do(p[done:], addr+uint64(done))
		if e != 0 {
			if e == unix.ESRCH {
				return done, e
			}
			return done, unix.EFAULT
		}
		if n == 0 {
			return done, unix.EFAULT
		}
		done += n
	}
	return done, nil
}

// String reads a NUL-terminated string into buf and returns it without the NUL.
// EFAULT for a bad address, ENAMETOOLONG if no NUL is within buf.
func (m Memory) String(buf []byte, addr uint64) ([]byte, error) {
	done := 0
	for done < len(buf) {
		n := min(256, len(buf)-done)
		k, e := vmReadv(int(m), buf[done:done+n], addr+uint64(done))
		if e != 0 || k == 0 {
			return nil, unix.EFAULT
		}
		if i := bytes.IndexByte(buf[done:done+k], 0); i >= 0 {
			return buf[:done+i], nil
		}
		done += k
	}
	return nil, unix.ENAMETOOLONG
}
