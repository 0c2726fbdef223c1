// SPDX-License-Identifier: Apache-2.0

package dgram

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// Unix makes a non-blocking AF_UNIX socket of the given type.
func Unix(typ int) (fd int, err error) {
	fd, err = unix.Socket(unix.AF_UNIX, typ|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	return fd, os.NewSyscallError("socket", err)
}

// NewFile gives the non-blocking descriptor fd to the runtime's poller.
func NewFile(fd int, name string) *os.File { return os.NewFile(uintptr(fd), name) }

// UnixAddr makes a socket address of a path, which must fit into one.
func UnixAddr(path string) (*unix.SockaddrUnix, error) {
	if len(path) > MaxUnixPath {
		return nil, fmt.Errorf("%s: %d bytes are too long a name for a socket, which has at most %d", path, len(path), MaxUnixPath)
	}
	return &unix.SockaddrUnix{Name: path}, nil
}

// MaxUnixPath is the longest path of a socket in bytes: sun_path without the
// closing NUL, see unix(7).
const MaxUnixPath = 107
