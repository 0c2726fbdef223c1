// SPDX-License-Identifier: Apache-2.0

package netstack

import (
	"sync/atomic"

	"vuos.dev/vunet/netconf"
)

// counters count what passes a link.
type counters struct {
	rxPackets, rxBytes, rxDropped, rxLength, multicast atomic.Uint64
	txPackets, txBytes, txDropped, txErrors            atomic.Uint64
}

func (c *counters) stats() netconf.LinkStats {
	return netconf.LinkStats{
		RxPackets: c.rxPackets.Load(), RxBytes: c.rxBytes.Load(),
		RxDropped: c.rxDropped.Load(), RxErrors: c.rxLength.Load(), RxLength: c.rxLength.Load(),
		TxPackets: c.txPackets.Load(), TxBytes: c.txBytes.Load(),
		TxDropped: c.txDropped.Load(), TxErrors: c.txErrors.Load(),
		Multicast: c.multicast.Load(),
	}
}
