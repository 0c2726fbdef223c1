// SPDX-License-Identifier: Apache-2.0

package exec

import (
	"bytes"
	"fmt"

	"golang.org/x/sys/unix"
)

// pageSize is the unit in which guest memory may end, in bytes.
const pageSize = 4096

// memory is the address space of a guest's thread. Methods answer EFAULT for
// addresses that are not there, ESRCH when the guest is gone, and EPERM.
type memory int // the thread's id

// readAt fills b from addr.
func (m memory) readAt(b []byte, addr uint64) error {
	return m.transfer(b, addr, unix.ProcessVMReadv)
}

// writeAt writes b at addr.
func (m memory) writeAt(b []byte, addr uint64) error {
	return m.transfer(b, addr, unix.ProcessVMWritev)
}

type vmCall func(pid int, local []unix.Iovec, remote []unix.RemoteIovec, flags uint) (int, error)

func (m memory) transfer(b []byte, addr uint64, call vmCall) error {
	for done := 0; done < len(b); {
		local := unix.Iovec{Base: &b[done]}
		local.SetLen(len(b) - done)
		remote := unix.RemoteIovec{Base: uintptr(addr) + uintptr(done), Len: len(b) - done}
		n, err := call(int(m), []unix.Iovec{local}, []unix.RemoteIovec{remote}, 0)
		if err != nil {
			return fmt.Errorf("memory of thread %d at %#x: %w", int(m), addr+uint64(done), err)
		}
		if n == 0 {
			return fmt.Errorf("memory of thread %d at %#x: %w", int(m), addr+uint64(done), unix.EFAULT)
		}
		done += n
	}
	return nil
}

// readString reads a path, up to PATH_MAX bytes with its NUL.
func (m memory) readString(addr uint64) (string, error) {
	var buf [unix.PathMax]byte
	for n := 0; n < len(buf); {
		at := addr + uint64(n)
		k := min(len(buf)-n, int(pageSize-at%pageSize))
		if err := m.readAt(buf[n:n+k], at); err != nil {
			return "", err
		}
		if i := bytes.IndexByte(buf[n:n+k], 0); i >= 0 {
			return string(buf[:n+i]), nil
		}
		n += k
	}
	return "", fmt.Errorf("path at %#x: %w", addr, unix.ENAMETOOLONG)
}
