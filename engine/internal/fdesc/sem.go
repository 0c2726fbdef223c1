// SPDX-License-Identifier: Apache-2.0

package fdesc

import (
	"golang.org/x/sys/unix"

	"vuos.dev/engine"
)

// sem is a lock that is held while a file system is called. Waiting for it is waiting for the outside.
type sem chan struct{}

func newSem() sem { return make(sem, 1) }

// lock errors: EINTR.
func (s sem) lock(c engine.Call) error {
	select {
	case s <- struct{}{}:
		return nil
	default:
	}
	c.Block()
	select {
	case s <- struct{}{}:
		return nil
	case <-c.Interrupted():
		return unix.EINTR
	}
}

func (s sem) unlock() { <-s }
