// SPDX-License-Identifier: Apache-2.0

// Package syscalls is a conformance suite for the file system calls of Linux on amd64.
//
// Every case makes raw system calls in a scratch directory and compares results, error
// numbers, structure layouts and side effects with what the Linux kernel does. The kernel
// is the oracle: all cases pass natively, as root and as an ordinary user, on tmpfs, ext4
// and (with the few relaxations of [FUSE]) on a FUSE mount. The same program is then run
// where system calls are virtual, with the same expectations.
//
// Each case runs in a process of its own, so that a case that crashes, hangs or changes
// its process (root directory, ids, limits) harms no other. See [Run].
//
// A case skips only with a proof: what it probed and what the system answered.
package syscalls
