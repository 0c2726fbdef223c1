// SPDX-License-Identifier: Apache-2.0

package client

import (
	"runtime"
	"sync/atomic"
	"time"
)

// collectDelay is how late a server may learn that an inode that it has invalidated is not used any more. What there is to collect
// is collected that often at most.
const collectDelay = 200 * time.Millisecond

var collecting atomic.Bool

// collectSoon has inodes that nobody uses any more found and forgotten. Normally that can wait for the garbage collector to have a
// reason of its own, but who says that a name is gone may wait for the kernel to let go of the inode, which it does at once.
func collectSoon() {
	if collecting.CompareAndSwap(false, true) {
		time.AfterFunc(collectDelay, func() {
			collecting.Store(false)
			runtime.GC()
		})
	}
}
