// SPDX-License-Identifier: Apache-2.0

package guest

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// vmReadv copies from thread tid's memory: two remote ranges, so that a range that crosses
// into an unmapped page is copied up to it.
func vmReadv(tid int, p []byte, addr uint64) (int, unix.Errno) {
	local := unix.Iovec{Base: unsafe.SliceData(p), Len: uint64(len(p))}
	var remote [2]unix.RemoteIovec
	n := split(&remote, addr, len(p))
	r, _, e := unix.RawSyscall6(unix.SYS_PROCESS_VM_READV, uintptr(tid),
		uintptr(unsafe.Pointer(&local)), 1, uintptr(unsafe.Pointer(&remote)), uintptr(n), 0)
	return int(r), e
}

func vmWritev(tid int, p []byte, addr uint64) (int, unix.Errno) {
	local := unix.Iovec{Base: unsafe.SliceData(p), Len: uint64(len(p))}
	var remote [2]unix.RemoteIovec
	n := split(&remote, addr, len(p))
	r, _, e := unix.RawSyscall6(unix.SYS_PROCESS_VM_WRITEV, uintptr(tid),
		uintptr(unsafe.Pointer(&local)), 1, uintptr(unsafe.Pointer(&remote)), uintptr(n), 0)
	return int(r), e
}

func vmReadRanges(tid int, p []byte, from []Range) (int, unix.Errno) {
	local := unix.Iovec{Base: unsafe.SliceData(p), Len: uint64(len(p))}
	var remote [maxRanges]unix.RemoteIovec
	for i, r := range from {
		remote[i] = unix.RemoteIovec{Base: uintptr(r.Addr), Len: r.Len}
	}
	r, _, e := unix.RawSyscall6(unix.SYS_PROCESS_VM_READV, uintptr(tid),
		uintptr(unsafe.Pointer(&local)), 1, uintptr(unsafe.Pointer(&remote)), uintptr(len(from)), 0)
	return int(r), e
}

func split(remote *[2]unix.RemoteIovec, addr uint64, n int) int {
	first := pageSize - int(addr&(pageSize-1))
	if n <= first {
		remote[0] = unix.RemoteIovec{Base: uintptr(addr), Len: n}
		return 1
	}
	remote[0] = unix.RemoteIovec{Base: uintptr(addr), Len: first}
	remote[1] = unix.RemoteIovec{Base: uintptr(addr) + uintptr(first), Len: n - first}
	return 2
}

// readlinkRaw reads the link at the NUL-terminated path.
func readlinkRaw(path, buf []byte) (int, unix.Errno) {
	n, _, e := unix.RawSyscall6(unix.SYS_READLINKAT, uintptr(atFdcwd), uintptr(unsafe.Pointer(&path[0])),
		uintptr(unsafe.Pointer(&buf[0])), uintptr(len(buf)), 0, 0)
	return int(n), e
}

var atFdcwd = unix.AT_FDCWD
