// SPDX-License-Identifier: Apache-2.0

package netstack

import (
	"crypto/rand"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/stack"

	"vuos.dev/vunet/diag"
	"vuos.dev/vunet/genl"
	"vuos.dev/vunet/netconf"
	"vuos.dev/vunet/nlsock"
	"vuos.dev/vunet/rtnl"
)

// defaultMTU is an interface's MTU in bytes unless its Wire cannot carry it.
const defaultMTU = 1500

// Options say how a stack is made.
type Options struct {
	// UID and GID own the stack: its owner may configure it and open raw
	// sockets, others need CAP_NET_ADMIN or CAP_NET_RAW.
	UID, GID uint32

	// Logf, unless nil, is told of faults of the stack.
	Logf func(format string, a ...any)

	// Interfaces become vde0, vde1, ... The stack takes ownership of the wires.
	Interfaces []Interface
}

// Interface is one interface of a new stack.
type Interface struct {
	Name string // empty: vdeN
	Wire Wire
	MAC  []byte // empty: random, locally administered
	MTU  uint32 // bytes; 0: 1500
}

// Stack is a network stack. It implements engine.Stack.
type Stack struct {
	uid, gid uint32
	ino      uint64
	ip       *stack.Stack
	conf     *netconf.Config
	hubs     map[int]*nlsock.Hub // netlink, by protocol
	taps     taps
	events   *events
	loop     *loop
	links    map[int]*link
	made     time.Time
	logf     func(format string, a ...any)

	mu      sync.Mutex
	sockets map[uint64]record
}

var inodes atomic.Uint64

// New makes a stack with lo and the given interfaces, everything down. If it fails the
// wires are closed.
func New(o Options) (*Stack, error) {
	s := &Stack{
		uid: o.UID, gid: o.GID, ino: inodes.Add(1), events: newEvents(),
		links: map[int]*link{}, sockets: map[uint64]record{}, made: time.Now(), logf: o.Logf,
	}
	if s.logf == nil {
		s.logf = func(string, ...any) {}
	}
	s.ip = s.newIP()
	s.conf = netconf.New((*backend)(s))
	s.events.start()
	go s.watchStalls()
	if err := s.addLoop(); err != nil {
		s.Close()
		return nil, err
	}
	for i, n := range o.Interfaces {
		if err := s.addInterface(i, n); err != nil {
			for _, rest := range o.Interfaces[i:] {
				_ = rest.Wire.Close() // already failing
			}
			s.Close()
			return nil, err
		}
	}
	s.hubs = map[int]*nlsock.Hub{
		unix.NETLINK_ROUTE:     rtnl.New(s.conf).Hub(),
		unix.NETLINK_SOCK_DIAG: diag.New(s).Hub(),
		unix.NETLINK_GENERIC:   genl.NewHub(),
	}
	return s, nil
}

func (s *Stack) addLoop() error {
	s.loop = newLoop()
	err := s.ip.CreateNICWithOptions(loopIndex, s.loop, stack.NICOptions{Name: "lo", Disabled: true})
	if err != nil {
		return fmt.Errorf("lo: %w", errno(err))
	}
	s.setDAD(loopIndex, false)
	s.conf.AddLink(&netconf.Link{
		Index: loopIndex, Name: "lo", Type: unix.ARPHRD_LOOPBACK, Flags: unix.IFF_LOOPBACK,
		MTU: loopMTU, TxQLen: defaultQueueLen, Qdisc: "noop", UpDisc: "noqueue", Carrier: true,
		Addr: make([]byte, 6), Broadcast: make([]byte, 6),
	})
	return nil
}

func (s *Stack) addInterface(i int, n Interface) error {
	index := loopIndex + 1 + i
	if n.Name == "" {
		n.Name = fmt.Sprintf("vde%d", i)
	}
	if len(n.MAC) == 0 {
		n.MAC = randomMAC()
	}
	maxMTU := uint32(n.Wire.MaxFrame() - header.EthernetMinimumSize - vlanTagLen)
	if n.MTU == 0 {
		n.MTU = min(defaultMTU, maxMTU)
	}
	if len(n.MAC) != 6 || n.MAC[0]&1 != 0 {
		return fmt.Errorf("%s: not an interface's MAC address: %x: %w", n.Name, n.MAC, unix.EINVAL)
	}
	if n.MTU < header.IPv4MinimumMTU || n.MTU > maxMTU {
		return fmt.Errorf("%s: MTU %d is not from %d to %d: %w", n.Name, n.MTU, header.IPv4MinimumMTU, maxMTU, unix.EINVAL)
	}
	l := newLink(index, n.Wire, tcpip.LinkAddress(n.MAC), n.MTU, &s.taps, s.logf, func() {
		s.events.post(func() { s.conf.SetCarrier(index, false) })
	})
	err := s.ip.CreateNICWithOptions(tcpip.NICID(index), l, stack.NICOptions{Name: n.Name, Disabled: true, QDisc: l})
	if err != nil {
		return fmt.Errorf("%s: %w", n.Name, errno(err))
	}
	s.links[index] = l
	s.conf.AddLink(&netconf.Link{
		Index: index, Name: n.Name, Type: unix.ARPHRD_ETHER,
		Flags: unix.IFF_BROADCAST | unix.IFF_MULTICAST,
		MTU:   n.MTU, MinMTU: header.IPv4MinimumMTU, MaxMTU: maxMTU, TxQLen: defaultQueueLen,
		Qdisc: "noop", UpDisc: "pfifo_fast", Carrier: true,
		Addr: n.MAC, Broadcast: []byte{255, 255, 255, 255, 255, 255}, PermAddr: nil,
	})
	if c, ok := n.Wire.(Carrier); ok {
		go s.watchCarrier(index, c)
	}
	return nil
}

// watchCarrier follows a wire whose other end comes and goes.
func (s *Stack) watchCarrier(index int, c Carrier) {
	for {
		up, changed := c.Carrier()
		s.conf.SetCarrier(index, up)
		select {
		case <-changed:
		case <-s.events.closed:
			return
		}
	}
}

// randomMAC makes a unicast address of the locally administered kind.
func randomMAC() []byte {
	b := make([]byte, 6)
	_, _ = rand.Read(b) // never fails (crypto/rand)
	b[0] = b[0]&^1 | 2
	return b
}

// Config is the stack's configuration.
func (s *Stack) Config() *netconf.Config { return s.conf }

// Close ends the stack: connections are reset, the wires unplugged.
func (s *Stack) Close() {
	s.Abort()
	s.conf.Close()
	s.events.stop()
	for _, l := range s.links {
		l.Close()
		// Not by Destroy, which holds a lock meanwhile that a packet under way may need.
		l.Wait()
	}
	s.ip.Destroy()
}

// Abort resets every open socket; calls on them fail from now on.
func (s *Stack) Abort() {
	for _, r := range s.records() {
		r.abort()
	}
}

// Busy tells whether sockets are open.
func (s *Stack) Busy() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.sockets) > 0
}
