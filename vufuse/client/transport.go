// SPDX-License-Identifier: Apache-2.0

package client

import (
	"vuos.dev/engine"
	"vuos.dev/vufuse/proto"
)

// Transport carries requests to one server. Its methods may be called from several goroutines
// at once.
type Transport interface {
	// Start negotiates: it sends INIT and returns the server's answer. n gets the server's
	// notifications from then on, and is told when the connection has ended. It is called once, before everything else.
	Start(n Notifier, in *proto.InitIn) (*proto.InitOut, error)

	// Do sends r for the call c and waits for the reply. Unless r.Force is set, a signal for the caller asks the server to give up
	// (INTERRUPT), and a request that has not left yet ends with EINTR.
	//
	// Errors: the server's; EIO for a reply that breaks the protocol; ECONNABORTED
	// when the server dies meanwhile, ENOTCONN when it is dead already.
	Do(c engine.Call, r *Request) error

	// Send is the first half of Do: the function that it returns waits. It is for several requests of one call at
	// once, and is called once for each.
	Send(c engine.Call, r *Request) (wait func() error)

	// Post sends r without waiting, in order with what the same goroutine sends before and after. done is
	// called when the answer is there, from any goroutine; it may be nil.
	Post(r *Request, done func(error))

	// MaxData is how many bytes of data a request can carry, MaxReply a reply. MaxReply is known
	// after Start.
	MaxData() int
	MaxReply() int

	// Negotiated tells which minor version of the protocol is spoken from now on and whether
	// SETXATTR is the extended form.
	Negotiated(minor uint32, setxattrExt bool)

	// Abort ends everything that waits with ECONNABORTED and everything that comes later
	// with ENOTCONN.
	Abort()

	// Close ends the connection after DESTROY and waits until the server is gone or done is
	// closed.
	Close(done <-chan struct{})
}

// Notifier is who is to know of what no request asked for.
type Notifier interface {
	proto.Notifier

	// Ended is called when every request fails from now on. It does not wait.
	Ended()
}

// Request is one request and the room for its reply.
type Request struct {
	Op            proto.Op
	Node          uint64
	UID, GID, PID uint32
	Force         bool // it must not get lost (FR_FORCE)

	In    proto.Message // fixed part; nil if there is none
	Name  string        // sent with a NUL behind it if the operation has a name
	Name2 string
	Data  []byte // what follows

	Out proto.Message // fixed part of the reply, set by the transport; nil if there is none
	Buf []byte        // room for the variable part of the reply
	N   int           // length of the variable part, set by the transport

	// Unique is the number of the notification that a NOTIFY_REPLY answers.
	Unique uint64
}

// Names is how many names a request of this kind carries.
func (r *Request) Names() int {
	switch r.Op {
	case proto.Lookup, proto.Mknod, proto.Mkdir, proto.Unlink, proto.Rmdir, proto.Link, proto.Create,
		proto.Getxattr, proto.Removexattr, proto.Setxattr, proto.Tmpfile:
		return 1
	case proto.Rename, proto.Rename2, proto.Symlink:
		return 2
	}
	return 0
}
