// SPDX-License-Identifier: Apache-2.0

package nlsock

import (
	"errors"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
	"vuos.dev/vunet/netconf"
	"vuos.dev/vunet/nl"
)

// Send implements engine.Socket: the messages in m.Data are requests to the
// kernel. They are done when Send returns, and the answers wait to be received.
func (s *Socket) Send(c engine.Call, m *engine.Message, flags int) (int, error) {
	if flags&unix.MSG_OOB != 0 {
		return 0, unix.EOPNOTSUPP
	}
	if len(m.Data) == 0 {
		return 0, unix.ENODATA
	}
	s.mu.Lock()
	to := s.peer
	if len(m.Addr) > 0 {
		var groups uint32
		var err error
		to, groups, err = parseAddr(m.Addr)
		if err == nil && groups != 0 {
			err = unix.EPERM
		}
		if err != nil {
			s.mu.Unlock()
			return 0, err
		}
	}
	err := s.bound(0)
	port := s.port
	mode := nl.AckMode{Cap: s.opts[unix.NETLINK_CAP_ACK], Ext: s.opts[unix.NETLINK_EXT_ACK]}
	strict := s.opts[unix.NETLINK_GET_STRICT_CHK]
	s.mu.Unlock()
	if err != nil {
		return 0, err
	}
	if to != 0 {
		return 0, unix.ECONNREFUSED // no user-to-user messages in these protocols
	}
	admin := s.admin(c)
	for b := m.Data; ; {
		msg, rest, ok := nl.Next(b)
		if !ok {
			return len(m.Data), nil
		}
		r := &Request{Message: msg, Port: port, Admin: admin, Strict: strict}
		s.handle(r, mode)
		b = rest
	}
}

// handle is netlink_rcv_skb for one message.
func (s *Socket) handle(r *Request, mode nl.AckMode) {
	if r.Flags&unix.NLM_F_REQUEST == 0 {
		return
	}
	var dumping bool
	var err error
	if r.Type >= unix.NLMSG_MIN_TYPE {
		dumping, err = s.hub.handler.Request(r)
	}
	if dumping {
		r.Dump(nl.Done(&r.Message, r.Port, extended(err), mode))
		r.replies = append(r.replies, r.dump)
	} else if err != nil || r.Flags&unix.NLM_F_ACK != 0 {
		r.Reply(nl.Ack(&r.Message, r.Port, extended(err), mode))
	}
	for _, b := range r.replies {
		s.deliver(b, 0)
	}
}

// extended turns any error into one that an acknowledgement can carry.
func extended(err error) *nl.Error {
	var e *nl.Error
	var conf *netconf.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &e):
		return e
	case errors.As(err, &conf):
		return &nl.Error{Errno: conf.Errno, Message: conf.Message}
	}
	no, _ := engine.Errno(err)
	return &nl.Error{Errno: no}
}
