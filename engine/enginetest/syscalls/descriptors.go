// SPDX-License-Identifier: Apache-2.0

package syscalls

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// procFD is the name of a descriptor in /proc.
func procFD(fd int) string { return fmt.Sprintf("/proc/self/fd/%d", fd) }

// pipe makes a pipe.
func (t *T) pipe() (r, w int) {
	var p [2]int32
	t.Do(unix.SYS_PIPE2, &p, unix.O_CLOEXEC)
	return int(p[0]), int(p[1])
}

// cwd is what getcwd says.
func cwd(t *T) string {
	b := make([]byte, 4096)
	n := t.Do(unix.SYS_GETCWD, b, len(b))
	return string(b[:n-1])
}

// isOpen tells whether fd is an open descriptor.
func isOpen(fd int) bool {
	_, err := sys(unix.SYS_FCNTL, fd, unix.F_GETFD)
	return err == nil
}
