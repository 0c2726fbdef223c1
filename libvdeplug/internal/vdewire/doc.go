// SPDX-License-Identifier: Apache-2.0

// Package vdewire is the protocol by which a plug joins a vde_switch.
//
// The switch has a directory with a stream socket "ctl". The plug binds a
// datagram socket for its frames, connects to ctl and sends a request with
// the path of that socket; the switch answers with the path of the datagram
// socket it has made for the plug. The two datagram sockets then carry a frame
// in each datagram, and the stream is silent: its end is the end of the
// connection. (vde_switch/datasock.c: struct request_v3; numbers are in the
// order of the machine, both ends being on the same one.)
package vdewire
