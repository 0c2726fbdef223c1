// SPDX-License-Identifier: Apache-2.0

package netstack

import (
	"time"

	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
)

// gVisor's CUBIC can come to a congestion window of 0 segments after losses: an acknowledgement of many segments pulls a window
// of 2 below 1, and it is cut (cubicState.getCwnd). Such a connection sends nothing any more, not even its end, and no
// timer of its own wakes it. The kernel's never falls below 1 (net/ipv4/tcp_input.c).

const (
	// stallLook is how often losses are looked for, stallWatch for how long connections are looked at after some.
	stallLook  = 250 * time.Millisecond
	stallWatch = 10 * time.Second
)

// losses counts what a congestion window shrinks at.
func (s *Stack) losses() uint64 {
	st := s.ip.Stats().TCP
	return st.Timeouts.Value() + st.FastRecovery.Value() + st.SACKRecovery.Value() + st.TLPRecovery.Value()
}

// watchStalls has connections go on that have no window left, until the stack is closed.
func (s *Stack) watchStalls() {
	tick := time.NewTicker(stallLook)
	defer tick.Stop()
	var seen uint64
	var last time.Time
	for {
		select {
		case <-s.events.closed:
			return
		case now := <-tick.C:
			if n := s.losses(); n != seen {
				seen, last = n, now
			}
			if now.Sub(last) < stallWatch {
				s.unstall()
			}
		}
	}
}

// unstall looks at all connections, those that nobody has open any more as well.
func (s *Stack) unstall() {
	for _, e := range s.ip.RegisteredEndpoints() {
		ep, ok := e.(*tcp.Endpoint)
		if !ok {
			continue
		}
		ep.LockUser()
		cwnd := congestionWindow(ep)
		stalled := cwnd != nil && *cwnd < 1
		if stalled {
			*cwnd = tcp.InitialCwnd
		}
		ep.UnlockUser()
		if stalled {
			ep.OnCorkOptionSet(false) // sends what waits
		}
	}
}
