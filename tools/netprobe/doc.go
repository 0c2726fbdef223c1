// SPDX-License-Identifier: Apache-2.0

// Package netprobe holds programs that the scripts of testdata/script run in network stacks: clients of other people's libraries for
// netlink, and Go's own network package. What they print is the same in a network namespace of the kernel's.
package netprobe
