// SPDX-License-Identifier: Apache-2.0

// Package fork starts programs by fork(2) and execve(2).
//
// [syscall.ForkExec] holds the calling thread, and with it one of Go's processors, until the child has executed its
// program. The execve of a guest waits for this very process to answer it, which then may have no processor left to run
// on, and a garbage collector that begins meanwhile waits for a thread that cannot be stopped. A child by fork holds up
// nobody. What it costs more is to copy the page tables.
package fork
