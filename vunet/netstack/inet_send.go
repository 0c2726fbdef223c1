// SPDX-License-Identifier: Apache-2.0

package netstack

import (
	"bytes"

	"golang.org/x/sys/unix"
	"gvisor.dev/gvisor/pkg/tcpip"

	"vuos.dev/engine"
)

// maxDatagram is the most that a datagram can carry, in bytes.
const maxDatagram = 65535

// pendingDatagram is a datagram that grows until it is sent (MSG_MORE).
type pendingDatagram struct {
	data []byte
	opts tcpip.WriteOptions
}

// Send implements engine.Socket.
func (x *inet) Send(_ engine.Call, m *engine.Message, flags int) (int, error) {
	if flags&(unix.MSG_OOB|unix.MSG_FASTOPEN) != 0 {
		return 0, unix.EOPNOTSUPP
	}
	if x.stream() {
		return x.sendStream(m.Data, flags)
	}
	if x.typ != unix.SOCK_RAW || x.ep().SocketOptions().GetHeaderIncluded() { // sock_wmalloc() does not look at it
		if err := x.softError(); err != nil {
			return 0, err
		}
	}
	if len(m.Data) > maxDatagram {
		return 0, unix.EMSGSIZE
	}
	opts, err := x.sendOptions(m)
	if err != nil {
		return 0, err
	}
	if x.protocol == unix.IPPROTO_UDP && x.typ == unix.SOCK_DGRAM {
		return x.sendUDP(m.Data, opts, flags)
	}
	n, terr := x.ep().Write(bytes.NewReader(m.Data), opts)
	return int(n), x.sendError(terr)
}

func (x *inet) sendStream(p []byte, flags int) (int, error) {
	n, terr := x.ep().Write(bytes.NewReader(p), tcpip.WriteOptions{
		More:        flags&unix.MSG_MORE != 0,
		EndOfRecord: flags&unix.MSG_EOR != 0,
	})
	if n > 0 {
		return int(n), nil
	}
	if _, ok := terr.(*tcpip.ErrNotConnected); ok {
		return 0, unix.EPIPE
	}
	return 0, errno(terr)
}

// sendError adds what the kernel's datagram sockets do differently.
func (x *inet) sendError(terr tcpip.Error) error {
	switch terr.(type) {
	case *tcpip.ErrInvalidEndpointState:
		return unix.EPIPE
	case *tcpip.ErrNoPortAvailable:
		return unix.EAGAIN
	}
	return errno(terr)
}

// sendUDP sends a datagram, or collects it while MSG_MORE or UDP_CORK is set. The
// destination is that of the first piece.
func (x *inet) sendUDP(p []byte, opts tcpip.WriteOptions, flags int) (int, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	more := flags&unix.MSG_MORE != 0 || x.corked
	if x.pending == nil && !more {
		n, terr := x.ep().Write(bytes.NewReader(p), opts)
		return int(n), x.sendError(terr)
	}
	if x.pending == nil {
		if opts.To == nil {
			if _, terr := x.ep().GetRemoteAddress(); terr != nil {
				return 0, unix.EDESTADDRREQ
			}
		}
		x.pending = &pendingDatagram{opts: opts}
	}
	if len(x.pending.data)+len(p) > maxDatagram {
		x.pending = nil
		return 0, unix.EMSGSIZE
	}
	x.pending.data = append(x.pending.data, p...)
	if more {
		return len(p), nil
	}
	if err := x.flush(); err != nil {
		return 0, err
	}
	return len(p), nil
}

// flush sends what was held back. The lock is held.
func (x *inet) flush() error {
	d := x.pending
	x.pending = nil
	if d == nil {
		return nil
	}
	_, terr := x.ep().Write(bytes.NewReader(d.data), d.opts)
	return x.sendError(terr)
}

// sendOptions decodes address and control messages of a datagram.
func (x *inet) sendOptions(m *engine.Message) (tcpip.WriteOptions, error) {
	var opts tcpip.WriteOptions
	if len(m.Addr) > 0 {
		to, err := x.destination(m.Addr)
		if err != nil {
			return opts, err
		}
		opts.To = &to
	}
	if len(m.Control) == 0 {
		return opts, nil
	}
	nic, err := x.parseControl(m.Control, &opts.ControlMessages)
	if err != nil || nic == 0 {
		return opts, err
	}
	if opts.To == nil {
		to, terr := x.ep().GetRemoteAddress()
		if terr != nil {
			return opts, unix.EDESTADDRREQ
		}
		opts.To = &to
	}
	opts.To.NIC = nic
	return opts, nil
}
