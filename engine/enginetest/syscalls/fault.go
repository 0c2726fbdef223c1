// SPDX-License-Identifier: Apache-2.0

package syscalls

import (
	"runtime"
	"runtime/debug"
	"sync/atomic"
)

// loaded keeps reads of memory from being optimized away.
var loaded atomic.Uint32

// load reads one byte of memory.
func load(b []byte, i int) { loaded.Store(uint32(b[i])) }

// faults tells whether f ends in a memory fault (SIGBUS or SIGSEGV).
func faults(f func()) (bad bool) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		switch v := recover().(type) {
		case nil:
		case runtime.Error:
			bad = true
		default:
			panic(v)
		}
	}()
	f()
	return false
}
