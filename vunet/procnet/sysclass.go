// SPDX-License-Identifier: Apache-2.0

package procnet

import (
	"fmt"
	"net"

	"vuos.dev/vunet/netconf"
)

// SysClassNet returns the files of /sys/class/net/NAME by path below it, or nil if there
// is no such link.
func SysClassNet(c *netconf.Config, name string) map[string][]byte {
	l := c.LinkByName(name)
	if l == nil {
		return nil
	}
	st := c.Stats(l.Index)
	out := map[string][]byte{}
	text := func(path, format string, a ...any) { out[path] = []byte(fmt.Sprintf(format+"\n", a...)) }
	text("address", "%s", net.HardwareAddr(l.Addr))
	text("broadcast", "%s", net.HardwareAddr(l.Broadcast))
	text("addr_assign_type", "%d", 0)
	text("addr_len", "%d", len(l.Addr))
	text("type", "%d", l.Type)
	text("ifindex", "%d", l.Index)
	text("iflink", "%d", l.Index)
	text("ifalias", "%s", l.Alias)
	text("flags", "0x%x", l.Flags)
	text("mtu", "%d", l.MTU)
	text("tx_queue_len", "%d", l.TxQLen)
	text("netdev_group", "%d", l.Group)
	text("operstate", "%s", operState[l.OperState()])
	text("link_mode", "0")
	text("dormant", "0")
	text("carrier_changes", "%d", l.CarrierUp+l.CarrierDown)
	text("carrier_up_count", "%d", l.CarrierUp)
	text("carrier_down_count", "%d", l.CarrierDown)
	if l.Up() {
		carrier := 0
		if l.Carrier {
			carrier = 1
		}
		text("carrier", "%d", carrier)
	}
	text("uevent", "INTERFACE=%s\nIFINDEX=%d", l.Name, l.Index)
	for _, s := range []struct {
		name string
		v    uint64
	}{
		{"rx_packets", st.RxPackets}, {"tx_packets", st.TxPackets}, {"rx_bytes", st.RxBytes}, {"tx_bytes", st.TxBytes},
		{"rx_errors", st.RxErrors}, {"tx_errors", st.TxErrors}, {"rx_dropped", st.RxDropped}, {"tx_dropped", st.TxDropped},
		{"multicast", st.Multicast}, {"rx_length_errors", st.RxLength}, {"collisions", 0}, {"tx_carrier_errors", st.TxCarrier},
	} {
		text("statistics/"+s.name, "%d", s.v)
	}
	return out
}

var operState = map[uint8]string{
	netconf.OperUnknown: "unknown", netconf.OperDown: "down", netconf.OperUp: "up",
}
