// SPDX-License-Identifier: Apache-2.0

package dhcp

import (
	"encoding/binary"
	"io"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"
	"golang.org/x/sys/unix"
	"gvisor.dev/gvisor/pkg/tcpip/header"

	"vuos.dev/vunet/netconf"
	"vuos.dev/vunet/netstack"
)

// server is a wire at whose other end is a DHCP server that gives out one
// address.
type server struct {
	t      *testing.T
	out    chan []byte
	closed chan struct{}
	once   sync.Once
}

func (s *server) MaxFrame() int { return 1518 }

func (s *server) Close() error {
	s.once.Do(func() { close(s.closed) })
	return nil
}

func (s *server) Recv(bufs [][]byte, sizes []int) (int, error) {
	select {
	case f := <-s.out:
		sizes[0] = copy(bufs[0], f)
		return 1, nil
	case <-s.closed:
		return 0, io.EOF
	}
}

func (s *server) Send(frames [][]byte) (int, error) {
	for _, f := range frames {
		if len(f) < headers || binary.BigEndian.Uint16(f[36:]) != serverPort {
			continue
		}
		req, err := dhcpv4.FromBytes(f[headers:])
		if err != nil {
			s.t.Errorf("request: %v", err)
			continue
		}
		typ := dhcpv4.MessageTypeOffer
		if req.MessageType() == dhcpv4.MessageTypeRequest {
			typ = dhcpv4.MessageTypeAck
		}
		rep, err := dhcpv4.NewReplyFromRequest(req, dhcpv4.WithMessageType(typ),
			dhcpv4.WithYourIP(net.IPv4(10, 7, 0, 42)), dhcpv4.WithServerIP(net.IPv4(10, 7, 0, 1)),
			dhcpv4.WithNetmask(net.CIDRMask(24, 32)), dhcpv4.WithRouter(net.IPv4(10, 7, 0, 1)), dhcpv4.WithLeaseTime(3600),
			dhcpv4.WithOption(dhcpv4.OptServerIdentifier(net.IPv4(10, 7, 0, 1))))
		if err != nil {
			s.t.Errorf("reply: %v", err)
			continue
		}
		s.out <- answer(f, rep.ToBytes())
	}
	return len(frames), nil
}

// answer puts a reply into a frame to the sender of req.
func answer(req, payload []byte) []byte {
	f := append(append([]byte(nil), req[:headers]...), payload...)
	copy(f, req[6:12])
	copy(f[6:], []byte{2, 0, 0, 0, 0, 1})
	ip := header.IPv4(f[header.EthernetMinimumSize:])
	ip.SetTotalLength(uint16(len(ip)))
	u := header.UDP(ip[header.IPv4MinimumSize:])
	u.SetSourcePort(serverPort)
	u.SetDestinationPort(clientPort)
	u.SetLength(uint16(len(u)))
	return f
}

func TestLease(t *testing.T) {
	w := &server{t: t, out: make(chan []byte, 16), closed: make(chan struct{})}
	s, err := netstack.New(netstack.Options{Interfaces: []netstack.Interface{{Wire: w}}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Config().SetLink(2, &netconf.LinkChange{Flags: unix.IFF_UP, Mask: unix.IFF_UP}); err != nil {
		t.Fatal(err)
	}
	routed := make(chan struct{})
	var once sync.Once
	s.Config().Subscribe(func(e netconf.Event) {
		if e.Route != nil && e.Route.Proto == unix.RTPROT_DHCP {
			once.Do(func() { close(routed) })
		}
	})
	c, err := New(s, 2)
	if err != nil {
		t.Fatal(err)
	}
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		c.Run(stop, t.Logf)
	}()
	select {
	case <-routed:
	case <-time.After(20 * time.Second):
		t.Fatal("no lease")
	}
	a, err := s.Config().Lookup(netconf.Query{Dst: netip.MustParseAddr("8.8.8.8")})
	if err != nil || a.Src != netip.MustParseAddr("10.7.0.42") || a.Hop.Gateway != netip.MustParseAddr("10.7.0.1") {
		t.Errorf("route %+v, %v", a, err)
	}
	for _, x := range s.Config().Addrs() {
		if x.Local.Is4() && (x.Bits != 24 || x.Flags&unix.IFA_F_PERMANENT != 0 || x.Valid.IsZero()) {
			t.Errorf("address %+v", x)
		}
	}
	close(stop)
	select {
	case <-done:
	case <-time.After(20 * time.Second):
		t.Fatal("the client does not stop")
	}
}

func FuzzDatagram(f *testing.F) {
	f.Add(make([]byte, headers))
	f.Fuzz(func(t *testing.T, b []byte) {
		if data, _, ok := datagram(b); ok && len(data) > len(b)-headers {
			t.Errorf("%d bytes of %d", len(data), len(b))
		}
	})
}
