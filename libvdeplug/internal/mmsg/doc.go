// SPDX-License-Identifier: Apache-2.0

// Package mmsg sends and receives datagrams many at a time, with recvmmsg(2)
// and sendmmsg(2).
//
// A Batch holds the kernel's structures for one direction of one socket, so
// that nothing is allocated per call. It is not safe for concurrent use.
package mmsg

// Size is how many datagrams one call moves at most. Larger batches gain
// little: the cost of the system call itself is already spread thin.
const Size = 64
