// SPDX-License-Identifier: Apache-2.0

package rtnl

import (
	"errors"
	"slices"
	"testing"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
	"vuos.dev/engine/enginetest"
	"vuos.dev/vunet/nl"
	"vuos.dev/vunet/nlsock"
)

// TestNotifications has a member of the groups see what a change brings.
func TestNotifications(t *testing.T) {
	conf := testConfig()
	hub := New(conf).Hub()
	c := enginetest.NewCall()
	s := hub.NewSocket(nlsock.Options{Type: unix.SOCK_RAW, Process: 1, Admin: func(engine.Call) bool { return true }})
	for _, g := range []uint32{unix.RTNLGRP_LINK, unix.RTNLGRP_IPV4_IFADDR, unix.RTNLGRP_IPV4_ROUTE} {
		if err := s.Setsockopt(c, unix.SOL_NETLINK, unix.NETLINK_ADD_MEMBERSHIP, u32(g)); err != nil {
			t.Fatal(err)
		}
	}
	for _, req := range [][]byte{
		request(unix.RTM_NEWLINK, 0, ifinfo(2, 1, 1), nil),
		addrReq(unix.RTM_NEWADDR, unix.NLM_F_CREATE, 2, "10.1.1.1/24", nil),
		request(unix.RTM_NEWLINK, 0, ifinfo(2, 0, 1), nil),
	} {
		if _, err := s.Send(c, &engine.Message{Data: req}, 0); err != nil {
			t.Fatal(err)
		}
	}
	var got []uint16
	for {
		m := &engine.Message{Data: make([]byte, 1<<16)}
		n, err := s.Recv(c, m, 0)
		if errors.Is(err, unix.EAGAIN) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		msg, _, ok := nl.Next(m.Data[:n])
		if !ok {
			t.Fatalf("malformed: %x", m.Data[:n])
		}
		got = append(got, msg.Type)
	}
	want := []uint16{
		unix.RTM_NEWLINK, unix.RTM_NEWADDR,
		unix.RTM_NEWROUTE, unix.RTM_NEWROUTE, unix.RTM_NEWROUTE, // local, network, broadcast
		unix.RTM_NEWLINK,
	}
	if !slices.Equal(got, want) {
		t.Errorf("notified of %v, not %v", got, want)
	}
}

// TestPermission refuses changes by who may not make them, and answers questions.
func TestPermission(t *testing.T) {
	o := newOurs(t, testConfig())
	o.s = New(testConfig()).Hub().NewSocket(nlsock.Options{Type: unix.SOCK_RAW, Process: 1, Admin: func(engine.Call) bool { return false }})
	if out := o.ask(request(unix.RTM_NEWLINK, ack, ifinfo(2, 1, 1), nil)); len(out) != 1 || describe(out[0]) != `error operation not permitted ""` {
		t.Errorf("change: %v", out)
	}
	if out := o.ask(dump(unix.RTM_GETLINK, 0)); len(out) != 3 {
		t.Errorf("dump: %d messages", len(out))
	}
}
