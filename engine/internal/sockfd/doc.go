// SPDX-License-Identifier: Apache-2.0

// Package sockfd keeps the kernel objects that stand for sockets of network stacks (engine.Socket) in the guests.
//
// # Streams
//
// A stream socket's stand-in is a stream socket of AF_UNIX: unconnected, it polls as an unconnected TCP socket
// does; when the connection is there, it is connected to a peer in umvu, and two goroutines pump data
// between that peer and the stack. read, write, send, recv, poll, splice and shutdown are then the kernel's,
// with their semantics of blocking, signals and time-outs. A listening socket's stand-in listens, and umvu
// connects to it once for each connection that the stack has accepted, so that it polls
// as readable exactly while accept(2) would not wait.
//
// A connection that is in progress must not poll as writable: the stand-in is then connected already and its
// send buffer full. One byte always stays unread at umvu's end, whose data went to the
// stack before: closing a socket with unread data makes the other end fail with ECONNRESET
// (net/unix/af_unix.c:unix_release_sock()), which is how a reset reaches the guest.
//
// # Messages
//
// The stand-in of any other socket is a datagram socket whose calls are all trapped; it only polls. A message in its
// queue makes it readable; one in its peer's queue, beyond the send buffer, makes it not writable; and a peer
// that disconnects with data unread gives it an error (unix_dgram_disconnected()). What only the guest's
// own descriptor can undo is undone in the call that changes the state, see [Socket.Settle].
//
// # Last close
//
// An inotify watch on the inode of the stand-in tells of the last close. umvu keeps no descriptor of it; a
// copy taken for the time of a call delays the event. Should the queue of events overflow, all sockets are looked at.
package sockfd
