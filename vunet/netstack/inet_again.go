// SPDX-License-Identifier: Apache-2.0

package netstack

import (
	"slices"
	"sync"

	"golang.org/x/sys/unix"
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"

	"vuos.dev/engine"
)

// again is what makes a stream's endpoint anew. One of gVisor's whose connect failed cannot be used any more, while the
// kernel's can (net/ipv4/af_inet.c:__inet_stream_connect()).
type again struct {
	connecting sync.Mutex // held by a call of Connect; taken before inet.mu
	failed     bool       // the caller knows that the connect failed. Guarded by connecting

	// Guarded by inet.mu.
	bound   *tcpip.FullAddress // by bind(2)
	options []keptOption       // in the order in which they were set
}

type keptOption struct {
	option
	value []byte
}

// keepName notes that the socket was bound.
func (x *inet) keepName(a tcpip.FullAddress) {
	if x.stream() {
		x.mu.Lock()
		defer x.mu.Unlock()
		x.again.bound = &a
	}
}

// keepOption notes that an option was set.
func (x *inet) keepOption(o option, value []byte) {
	x.mu.Lock()
	defer x.mu.Unlock()
	l := slices.DeleteFunc(x.again.options, func(k keptOption) bool { return k.option == o })
	x.again.options = append(l, keptOption{o, slices.Clone(value)})
}

// connectStream connects, with a new endpoint if the last attempt has failed.
func (x *inet) connectStream(c engine.Call, to tcpip.FullAddress) error {
	if x.listening() {
		return unix.EISCONN
	}
	a := &x.again
	a.connecting.Lock()
	defer a.connecting.Unlock()
	if a.failed {
		if err := x.renew(c); err != nil {
			return err
		}
		a.failed = false
	}
	err := errno(x.ep().Connect(to))
	switch err {
	case nil, unix.EINPROGRESS, unix.EALREADY, unix.EISCONN:
		return err
	}
	_ = x.takeError() // the caller has been told
	a.failed = tcp.EndpointState(x.ep().State()) == tcp.StateError
	return err
}

// renew puts a new endpoint in the place of one whose connect failed: bound as it was, with the options that were set.
// The lock connecting is held.
func (x *inet) renew(c engine.Call) error {
	ep, terr := x.s.ip.NewEndpoint(tcp.ProtocolNumber, netProto(uint8(x.domain)), x.wq)
	if terr != nil {
		return errno(terr)
	}
	ep.SetOwner(owner{x.uid, x.gid})
	x.ep().Close() // its port becomes free
	x.endpoint.Store(&ep)
	x.mu.Lock()
	bound, options := x.again.bound, slices.Clone(x.again.options)
	x.mu.Unlock()
	for _, o := range options {
		_ = x.set(c, o.level, o.name, o.value) // it could be set before
	}
	if bound == nil {
		return nil
	}
	return errno(ep.Bind(*bound))
}
