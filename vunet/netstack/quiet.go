// SPDX-License-Identifier: Apache-2.0

package netstack

import (
	"sync"
	"time"

	"gvisor.dev/gvisor/pkg/log"
)

// silence drops gVisor's own messages: they are about packets that anybody can send, and where they
// would go is the guests' terminal.
type silence struct{}

// Emit implements log.Emitter.
func (silence) Emit(int, log.Level, time.Time, string, ...any) {}

// silenceGVisor is done once for all stacks of the process.
var silenceGVisor = sync.OnceFunc(func() { log.SetTarget(silence{}) })
