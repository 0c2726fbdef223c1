// SPDX-License-Identifier: Apache-2.0

package netconf

import (
	"net/netip"
	"time"
)

// Backend moves the packets. All methods are called with the configuration's
// lock held and must not call back into it; none of them waits.
type Backend interface {
	// SetUp turns a link on or off. Its addresses stay.
	SetUp(link int, up bool) error
	// SetMTU and SetHardwareAddr change a link, in flight if need be.
	SetMTU(link int, mtu uint32) error
	SetHardwareAddr(link int, addr []byte) error
	// SetPromiscuous makes a link take frames that are for others too.
	SetPromiscuous(link int, on bool)
	// SetForwarding turns forwarding of a family on a link on or off.
	SetForwarding(link int, family uint8, on bool) error

	// AddAddr assigns an address. An IPv6 address that is tentative undergoes
	// duplicate address detection, and the result comes through Config.AddrState.
	AddAddr(a *Addr) error
	// RemoveAddr takes it away again. It is not an error if it is not there.
	RemoveAddr(a *Addr)

	// SetRoutes replaces what the backend routes by: unicast routes, the one to
	// be preferred first among those of equal prefix.
	SetRoutes(routes []*Route)

	// Neighbours lists what is known of a link's neighbours.
	Neighbours(link int, family uint8) []Neighbour
	// AddNeighbour enters one for good, DelNeighbour forgets one: false if it
	// was not there.
	AddNeighbour(link int, ip netip.Addr, lladdr []byte) error
	DelNeighbour(link int, ip netip.Addr) bool

	// Stats are the counters of a link.
	Stats(link int) LinkStats
}

// Neighbour is an entry of the ARP or NDP table.
type Neighbour struct {
	Link    int
	IP      netip.Addr
	LLAddr  []byte
	State   uint16 // NUD_*
	Flags   uint8  // NTF_*
	Proxy   bool
	Updated time.Duration // ago
}
