// SPDX-License-Identifier: Apache-2.0

// Package inherited tells what the process was started with and Go's runtime has changed before any package is
// initialized: it handles signals that were ignored, raises RLIMIT_NOFILE, and opens /dev/null where a standard
// descriptor is closed. Children that are to find all as it was need that.
//
// Where there is cgo, the C library calls this package in time. A program without it must be linked so that its first
// instruction is this package's:
//
//	go build -ldflags '-E vuos.dev/engine/internal/inherited.entry'
//
// Otherwise what the process has now is what it is taken to have had.
package inherited

import "golang.org/x/sys/unix"

// What is found. The assembler knows the layouts.
var (
	known   uint32
	ignored uint64
	blocked uint64
	closed  uint64 // a bit for each standard descriptor
	noFile  unix.Rlimit
)

// entry runs before Go's runtime, and leaves to it.
//
//lint:ignore U1000 the linker is told of it
func entry()

// Signals is a set of signals as the kernel has it: signal N is bit N-1.
type Signals uint64

// Has tells whether a signal is in the set.
func (s Signals) Has(sig unix.Signal) bool { return s>>(uint(sig)-1)&1 != 0 }

// Ignored are the signals that were ignored.
func Ignored() Signals {
	if known == 0 {
		return ignoredNow()
	}
	return Signals(ignored)
}

// Blocked are the signals that the first thread blocked.
func Blocked() Signals {
	if known == 0 {
		return blockedNow()
	}
	return Signals(blocked)
}

// Closed tells whether a standard descriptor was closed.
func Closed(fd int) bool { return closed>>uint(fd)&1 != 0 }

// NoFile is RLIMIT_NOFILE.
func NoFile() (l unix.Rlimit, err error) {
	if known == 0 {
		err = unix.Getrlimit(unix.RLIMIT_NOFILE, &l)
		return l, err
	}
	return noFile, nil
}
