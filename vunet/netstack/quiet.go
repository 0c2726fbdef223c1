// SPDX-License-Identifier: Apache-2.0

package netstack

import (
	"time"

	"gvisor.dev/gvisor/pkg/log"
)

// silence drops gVisor's own messages: they are about packets that anybody can send, and where they
// would go is the guests' terminal.
type silence struct{}

// Emit implements log.Emitter.
func (silence) Emit(int, log.Level, time.Time, string, ...any) {}

// Its loggers that limit their rate hold on to the first one that there was.
func init() { log.Log().Emitter = silence{} }
