// SPDX-License-Identifier: Apache-2.0

package host

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// NoSymlinks tells whether the walk along the absolute, NUL-terminated path meets no symbolic
// link, as far as it gets; one at the end counts if it would be followed. It uses umvu's
// own credentials, and does not allocate.
func NoSymlinks(c Caller, path []byte, follow bool) bool {
	how := unix.OpenHow{
		Flags:   unix.O_PATH | unix.O_CLOEXEC,
		Resolve: unix.RESOLVE_NO_SYMLINKS | unix.RESOLVE_NO_MAGICLINKS,
	}
	if !follow {
		how.Flags |= unix.O_NOFOLLOW
	}
	root := c.RootFD()
	if root != unix.AT_FDCWD {
		path = path[1:]
	}
	fd, _, e := unix.Syscall6(unix.SYS_OPENAT2, uintptr(root), uintptr(unsafe.Pointer(&path[0])),
		uintptr(unsafe.Pointer(&how)), unsafe.Sizeof(how), 0, 0)
	if e == 0 {
		_, _, _ = unix.RawSyscall(unix.SYS_CLOSE, fd, 0, 0)
	}
	return e != unix.ELOOP
}
