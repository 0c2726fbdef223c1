// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// messages sends requests of its own making with mdlayher/netlink, which checks strictly and shows extended acknowledgements.
func messages(index int, w io.Writer) error {
	c, err := netlink.Dial(unix.NETLINK_ROUTE, &netlink.Config{Strict: true})
	if err != nil {
		return err
	}
	defer c.Close()
	link := make([]byte, unix.SizeofIfInfomsg)
	one := append([]byte(nil), link...)
	one[4] = byte(index)
	mtu := append(append([]byte(nil), one...), 8, 0, unix.IFLA_MTU, 0, 9, 0, 0, 0)
	for _, r := range []struct {
		what  string
		typ   netlink.HeaderType
		flags netlink.HeaderFlags
		data  []byte
	}{
		{"links", unix.RTM_GETLINK, netlink.Dump, link},
		{"links by index", unix.RTM_GETLINK, netlink.Dump, one},
		{"links short", unix.RTM_GETLINK, netlink.Dump, link[:8]},
		{"one link", unix.RTM_GETLINK, 0, one},
		{"no link", unix.RTM_GETLINK, 0, link},
		{"addresses", unix.RTM_GETADDR, netlink.Dump, make([]byte, unix.SizeofIfAddrmsg)},
		{"addresses with flags", unix.RTM_GETADDR, netlink.Dump, []byte{0, 0, 5, 0, 0, 0, 0, 0}},
		{"addresses of no link", unix.RTM_GETADDR, netlink.Dump, []byte{0, 0, 0, 0, 99, 0, 0, 0}},
		{"routes with a prefix", unix.RTM_GETROUTE, netlink.Dump, []byte{unix.AF_INET, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}},
		{"routes of a table", unix.RTM_GETROUTE, netlink.Dump, []byte{unix.AF_INET, 0, 0, 0, 78, 0, 0, 0, 0, 0, 0, 0}},
		{"mtu", unix.RTM_NEWLINK, netlink.Acknowledge, mtu},
		{"attribute too short", unix.RTM_NEWLINK, netlink.Acknowledge, append(append([]byte(nil), one...), 6, 0, unix.IFLA_MTU, 0, 9, 0, 0, 0)},
		{"attribute too long", unix.RTM_NEWLINK, netlink.Acknowledge, append(append([]byte(nil), one...), 60, 0, unix.IFLA_MTU, 0, 9, 0, 0, 0)},
		{"new address", unix.RTM_NEWADDR, netlink.Acknowledge | netlink.Create | netlink.Excl, []byte{unix.AF_INET, 33, 0, 0, byte(index), 0, 0, 0, 8, 0, unix.IFA_LOCAL, 0, 10, 0, 0, 1}},
		{"unknown", unix.RTM_MAX + 8, netlink.Acknowledge, link},
	} {
		answer, err := c.Execute(netlink.Message{Header: netlink.Header{Type: r.typ, Flags: netlink.Request | r.flags}, Data: r.data})
		fmt.Fprintln(w, r.what+":", kinds(answer), describe(err))
	}
	return nil
}

// kinds counts messages by type.
func kinds(m []netlink.Message) map[netlink.HeaderType]bool {
	n := map[netlink.HeaderType]bool{}
	for _, m := range m {
		n[m.Header.Type] = true
	}
	return n
}

// describe prints an error with its extended acknowledgement.
func describe(err error) string {
	var op *netlink.OpError
	if !errors.As(err, &op) {
		return fmt.Sprint(err)
	}
	return fmt.Sprintf("%v %q at %d", op.Err, op.Message, op.Offset)
}
