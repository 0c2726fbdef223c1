// SPDX-License-Identifier: Apache-2.0

package rtnl

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
	"vuos.dev/engine/enginetest"
	"vuos.dev/vunet/netconf"
	"vuos.dev/vunet/nl"
	"vuos.dev/vunet/nlsock"
)

// idle is a backend that does nothing; addresses are as if duplicate address
// detection ended at once when finish is called.
type idle struct{ neigh []netconf.Neighbour }

func (*idle) SetUp(int, bool) error                { return nil }
func (*idle) SetMTU(int, uint32) error             { return nil }
func (*idle) SetHardwareAddr(int, []byte) error    { return nil }
func (*idle) SetPromiscuous(int, bool)             {}
func (*idle) SetForwarding(int, uint8, bool) error { return nil }
func (*idle) AddAddr(*netconf.Addr) error          { return nil }
func (*idle) RemoveAddr(*netconf.Addr)             {}
func (*idle) SetRoutes([]*netconf.Route)           {}
func (*idle) Stats(int) (s netconf.LinkStats)      { return }
func (b *idle) Neighbours(link int, fam uint8) (out []netconf.Neighbour) {
	for _, n := range b.neigh {
		if n.Link == link && n.IP.Is4() == (fam == unix.AF_INET) {
			out = append(out, n)
		}
	}
	return out
}
func (b *idle) AddNeighbour(link int, ip netip.Addr, ll []byte) error {
	b.DelNeighbour(link, ip)
	b.neigh = append(b.neigh, netconf.Neighbour{Link: link, IP: ip, LLAddr: ll, State: unix.NUD_PERMANENT})
	return nil
}
func (b *idle) DelNeighbour(link int, ip netip.Addr) bool {
	n := len(b.neigh)
	b.neigh = slices.DeleteFunc(b.neigh, func(x netconf.Neighbour) bool { return x.Link == link && x.IP == ip })
	return len(b.neigh) < n
}

var mac = []byte{0x7e, 0x76, 0xc0, 0xd7, 0x3b, 0x37}

// testConfig is lo and vde0, as the kernel has them in the namespace.
func testConfig() *netconf.Config {
	c := netconf.New(&idle{})
	c.AddLink(&netconf.Link{Index: 1, Name: "lo", Type: unix.ARPHRD_LOOPBACK, Flags: unix.IFF_LOOPBACK, MTU: 65536,
		TxQLen: 1000, Qdisc: "noop", UpDisc: "noqueue", Carrier: true, Addr: make([]byte, 6), Broadcast: make([]byte, 6)})
	c.AddLink(&netconf.Link{Index: 2, Name: "vde0", Type: unix.ARPHRD_ETHER, Flags: unix.IFF_BROADCAST | unix.IFF_MULTICAST, MTU: 1500,
		MinMTU: 68, MaxMTU: 65521, TxQLen: 1000, Qdisc: "noop", UpDisc: "pfifo_fast", Carrier: true, Addr: mac,
		Broadcast: []byte{255, 255, 255, 255, 255, 255}})
	return c
}

// ours asks the server through a socket.
type ours struct {
	t testing.TB
	s *nlsock.Socket
	c *enginetest.Call
}

func newOurs(t testing.TB, conf *netconf.Config) *ours {
	c := enginetest.NewCall()
	s := New(conf).Hub().NewSocket(nlsock.Options{Type: unix.SOCK_RAW, Process: 1, Admin: func(engine.Call) bool { return true }})
	for _, o := range []int{unix.NETLINK_EXT_ACK, unix.NETLINK_GET_STRICT_CHK} {
		if err := s.Setsockopt(c, unix.SOL_NETLINK, o, u32(1)); err != nil {
			t.Fatal(err)
		}
	}
	return &ours{t, s, c}
}

func (o *ours) ask(req []byte) (out []nl.Message) {
	o.t.Helper()
	if _, err := o.s.Send(o.c, &engine.Message{Data: req}, 0); err != nil {
		o.t.Fatal(err)
	}
	for {
		m := &engine.Message{Data: make([]byte, 1<<16)}
		n, err := o.s.Recv(o.c, m, 0)
		if err != nil {
			return out
		}
		out, _ = split(out, m.Data[:n])
	}
}

// loose are attributes that need not be alike: counters, times, the tables of
// protocol details, and what a tap has that an interface of ours has not.
var loose = map[uint16][]int{
	unix.RTM_NEWLINK: {unix.IFLA_STATS, unix.IFLA_STATS64, unix.IFLA_AF_SPEC, unix.IFLA_LINKINFO, unix.IFLA_DEVLINK_PORT,
		65 /* IFLA_DPLL_PIN */, unix.IFLA_CARRIER_CHANGES, unix.IFLA_CARRIER_UP_COUNT, unix.IFLA_CARRIER_DOWN_COUNT,
		68 /* IFLA_HEADROOM */, 69 /* IFLA_TAILROOM */, unix.IFLA_OPERSTATE},
	unix.RTM_NEWADDR:  {unix.IFA_CACHEINFO},
	unix.RTM_NEWROUTE: {unix.RTA_CACHEINFO},
	unix.RTM_NEWNEIGH: {unix.NDA_CACHEINFO, unix.NDA_PROBES},
}

var fixedLen = map[uint16]int{unix.RTM_NEWLINK: 16, unix.RTM_NEWADDR: 8, unix.RTM_NEWROUTE: 12, unix.RTM_NEWNEIGH: 12, unix.RTM_NEWRULE: 12}

// describe prints a message for comparison.
func describe(m nl.Message) string {
	switch m.Type {
	case unix.NLMSG_DONE:
		attrs, _ := nl.ParseAttrs(m.Body[4:], 0)
		text, _ := attrs.String(1)
		return fmt.Sprintf("done %v %q", unix.Errno(-int32(binary.NativeEndian.Uint32(m.Body))), text)
	case unix.NLMSG_ERROR:
		e := int32(binary.NativeEndian.Uint32(m.Body))
		text := ""
		if m.Flags&nl.FlagAckTLVs != 0 {
			skip := 4 + nl.HeaderLen
			if m.Flags&nl.FlagCapped == 0 {
				skip = 4 + (int(binary.NativeEndian.Uint32(m.Body[4:]))+3)&^3
			}
			attrs, _ := nl.ParseAttrs(m.Body[skip:], 0)
			text, _ = attrs.String(1)
		}
		return fmt.Sprintf("error %v %q", unix.Errno(-e), text)
	}
	n := fixedLen[m.Type]
	s := fmt.Sprintf("type %d flags %#x %x", m.Type, m.Flags, m.Body[:n])
	list := nl.ListAttrs(m.Body[n:], 0)
	slices.SortFunc(list, func(a, b nl.Attr) int { return a.Type - b.Type })
	for _, a := range list {
		if !slices.Contains(loose[m.Type], a.Type) {
			s += fmt.Sprintf("\n\t%d: %x", a.Type, a.Value)
		}
	}
	return s
}

// compare tells where two answers differ.
func compareAnswers(t *testing.T, what string, kernel, our []nl.Message) {
	t.Helper()
	for i := range max(len(kernel), len(our)) {
		var a, b string
		if i < len(kernel) {
			a = describe(kernel[i])
		}
		if i < len(our) {
			b = describe(our[i])
		}
		if a != b {
			t.Errorf("%s, message %d:\nkernel %s\nours   %s", what, i, without(a, b), without(b, a))
		}
	}
}

// without is a less the lines that it shares with b, but for the first.
func without(a, b string) string {
	lines := strings.Split(a, "\n")
	theirs := strings.Split(b, "\n")
	kept := lines[:1:1]
	for _, l := range lines[1:] {
		if !slices.Contains(theirs, l) {
			kept = append(kept, l)
		}
	}
	return strings.Join(kept, "\n")
}

// request makes one.
func request(typ, flags uint16, fixed []byte, f func(*nl.Builder)) []byte {
	b := nl.New(nl.Header{Type: typ, Flags: unix.NLM_F_REQUEST | flags, Seq: 7}).Raw(fixed)
	if f != nil {
		f(b)
	}
	return b.End()
}

func dump(typ uint16, fam byte) []byte {
	fixed := make([]byte, fixedLen[typ-2])
	fixed[0] = fam
	return request(typ, unix.NLM_F_DUMP, fixed, nil)
}
