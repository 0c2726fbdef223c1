// SPDX-License-Identifier: Apache-2.0

package exec

import (
	"path/filepath"

	"golang.org/x/sys/unix"
)

// Running tells whether a process runs from a copy of the file with that identity: it may not be written then (ETXTBSY).
func (c *Cache) Running(id any) bool {
	c.leasing.Lock() // another look at the same file would seem to be a program
	defer c.leasing.Unlock()
	for _, path := range c.copies(id) {
		fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if err != nil {
			continue
		}
		// A lease is refused where others use the file, and these are programs; to open it for writing would tell, too, but a
		// program that is about to be started from it would find it busy.
		_, err = unix.FcntlInt(uintptr(fd), unix.F_SETLEASE, unix.F_WRLCK)
		if err == nil {
			_, _ = unix.FcntlInt(uintptr(fd), unix.F_SETLEASE, unix.F_UNLCK)
		}
		unix.Close(fd)
		if err == unix.EAGAIN {
			return true
		}
	}
	return false
}

// Empty tells whether there is no copy at all.
func (c *Cache) Empty() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.entries) == 0
}

// copies are the paths of the copies of a file, one for each loader.
func (c *Cache) copies(id any) (paths []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for s, e := range c.entries {
		if s.id != id {
			continue
		}
		select {
		case <-e.ready:
			paths = append(paths, filepath.Join(e.dir, e.first))
		default: // nothing runs from it yet
		}
	}
	return paths
}
