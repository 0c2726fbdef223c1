// SPDX-License-Identifier: Apache-2.0

package netstack

import (
	"io"

	"golang.org/x/sys/unix"
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/header"

	"vuos.dev/engine"
)

// sink takes everything and keeps as much as there is room for: a datagram is
// consumed whole.
type sink struct {
	p []byte
	n int
}

// Write implements io.Writer.
func (s *sink) Write(b []byte) (int, error) {
	s.n += copy(s.p[s.n:], b)
	return len(b), nil
}

// Recv implements engine.Socket.
func (x *inet) Recv(_ engine.Call, m *engine.Message, flags int) (int, error) {
	m.Flags = 0
	switch {
	case flags&unix.MSG_ERRQUEUE != 0:
		return x.recvError(m)
	case flags&unix.MSG_OOB != 0:
		if x.stream() {
			return 0, unix.EINVAL
		}
		return 0, unix.EOPNOTSUPP
	case x.stream():
		return x.recvStream(m, flags)
	}
	if err := x.softError(); err != nil {
		return 0, err
	}
	return x.recvDatagram(m, flags)
}

func (x *inet) recvStream(m *engine.Message, flags int) (int, error) {
	var w io.Writer
	if flags&unix.MSG_TRUNC != 0 {
		w = &tcpip.LimitedWriter{W: io.Discard, N: int64(len(m.Data))}
	} else {
		sw := tcpip.SliceWriter(m.Data)
		w = &sw
	}
	if len(m.Data) == 0 {
		return 0, nil
	}
	res, terr := x.ep().Read(w, tcpip.ReadOptions{Peek: flags&unix.MSG_PEEK != 0})
	switch terr.(type) {
	case nil:
	case *tcpip.ErrClosedForReceive:
		return 0, nil
	default:
		return 0, errno(terr)
	}
	if flags&unix.MSG_PEEK == 0 {
		x.ep().ModerateRecvBuf(res.Count)
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.inq {
		if q, err := x.ep().GetSockOptInt(tcpip.ReceiveQueueSizeOption); err == nil {
			m.Control = appendInt32(m.Control, unix.SOL_TCP, unix.TCP_CM_INQ, int32(q))
		}
	}
	return res.Count, nil
}

func (x *inet) recvDatagram(m *engine.Message, flags int) (int, error) {
	for {
		w := &sink{p: m.Data}
		res, terr := x.ep().Read(w, tcpip.ReadOptions{Peek: flags&unix.MSG_PEEK != 0, NeedRemoteAddr: true})
		if _, ok := terr.(*tcpip.ErrClosedForReceive); ok {
			return 0, nil
		}
		if terr != nil {
			return 0, errno(terr)
		}
		x.mu.Lock()
		f, unwanted := x.filter, x.unwanted(m.Data[:w.n])
		x.mu.Unlock()
		if unwanted || f != nil && !x.passes(f, m.Data[:w.n]) {
			if flags&unix.MSG_PEEK != 0 {
				_, _ = x.ep().Read(io.Discard, tcpip.ReadOptions{}) // drops what was looked at
			}
			continue
		}
		x.finish(m, &res)
		total := res.Total
		if w.n < total {
			m.Flags |= unix.MSG_TRUNC
		}
		if flags&unix.MSG_TRUNC != 0 {
			return total, nil
		}
		return w.n, nil
	}
}

// passes runs the socket's filter over a datagram. The filter sees the transport
// header first in the kernel; here a raw socket's data, which for IPv4 begins with the IP
// header, or the payload of a datagram behind an empty header.
func (x *inet) passes(f *filter, p []byte) bool {
	if x.typ != unix.SOCK_RAW {
		p = append(make([]byte, udpHeaderLen), p...)
	}
	return f.run(p, x.protocol) > 0
}

// unwanted tells whether ICMP_FILTER of a raw socket refuses a message: one bit for
// each of the first 32 types. The lock is held.
func (x *inet) unwanted(p []byte) bool {
	mask := uint32(x.ints[option{unix.SOL_RAW, icmpFilter}])
	if mask == 0 || len(p) < header.IPv4MinimumSize {
		return false
	}
	at := int(header.IPv4(p).HeaderLength())
	return at < len(p) && p[at] < 32 && mask&(1<<p[at]) != 0
}

const udpHeaderLen = 8

// finish fills in address, time stamp and control messages of a datagram.
func (x *inet) finish(m *engine.Message, res *tcpip.ReadResult) {
	from := res.RemoteAddr
	if x.typ == unix.SOCK_RAW {
		from.Port = 0
	}
	m.Addr = sockaddr(x.domain, from)
	x.mu.Lock()
	x.stamp = res.ControlMessages.Timestamp
	mode := x.stamps
	x.mu.Unlock()
	m.Control = x.control(m.Control[:0], &res.ControlMessages, mode)
}
