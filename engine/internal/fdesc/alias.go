// SPDX-License-Identifier: Apache-2.0

package fdesc

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// Alias makes one more kernel object for the open file of a device, for a descriptor whose number is not trapped.
// A device is not a sequence of bytes that could be copied into the stand-in, as [Open.Materialize] does with a file, so
// what such a descriptor can do is what is trapped for every number: to be duplicated to a number that is trapped, as
// shells do for "cmd <&5", to be opened again as /proc/PID/fd/N, fsync, fallocate and the like. The
// alias is opened for neither reading nor writing, so that a read(2) of the number itself is EBADF and not the end
// of the file. fd is to be installed and then closed; the file is released when neither is open.
func (o *Open) Alias() (fd int, err error) {
	l, err := o.ino.takeLink()
	if err != nil {
		return -1, err
	}
	o.s.mu.Lock()
	o.s.opens[l.id] = o
	o.aliases = append(o.aliases, l)
	o.open++
	o.s.mu.Unlock()
	// Access mode 3: ioctl only (open(2), fs/open.c:OPEN_FMODE()).
	fd, err = unix.Openat(o.s.dirfd, l.name(), unix.O_ACCMODE|unix.O_CLOEXEC, 0)
	if err != nil {
		o.s.linkClosed(l.id)
		return -1, fmt.Errorf("stand-in: %w", err)
	}
	return fd, nil
}

// linkClosed is the last close of what was opened through a link.
func (s *Store) linkClosed(id uint64) {
	s.mu.Lock()
	o := s.opens[id]
	last := o != nil && o.open == 1
	if o != nil && !last {
		delete(s.opens, id)
		o.open--
	}
	s.mu.Unlock()
	if last {
		s.begin(o)
	}
}

// Device tells whether the file is an open device without a stream of its own, or a file that is as one: its contents are not
// in its stand-in, which polls as it does.
func (o *Open) Device() bool {
	return o.ino != nil && o.Flags&unix.O_PATH == 0 && (o.ready != nil || o.Node.Type() != unix.S_IFREG)
}
