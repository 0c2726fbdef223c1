// SPDX-License-Identifier: Apache-2.0

package rtnl

import (
	"encoding/binary"

	"golang.org/x/sys/unix"

	"vuos.dev/vunet/netconf"
	"vuos.dev/vunet/nl"
)

// Attributes of links that x/sys/unix lacks (linux/if_link.h).
const (
	rtextSkipStats       = 8 // RTEXT_FILTER_SKIP_STATS (linux/rtnetlink.h)
	iflaGSOIPv4MaxSize   = 63
	iflaGROIPv4MaxSize   = 64
	iflaMaxPacingHorizon = 66
	iflaNetnsImmutable   = 67
)

const (
	gsoMaxSize = 65536
	gsoMaxSegs = 65535
)

// linkHeader is struct ifinfomsg.
func linkHeader(family uint8, l *netconf.Link, change uint32) []byte {
	b := make([]byte, unix.SizeofIfInfomsg)
	b[0] = family
	binary.NativeEndian.PutUint16(b[2:], l.Type)
	binary.NativeEndian.PutUint32(b[4:], uint32(l.Index))
	binary.NativeEndian.PutUint32(b[8:], l.AllFlags())
	binary.NativeEndian.PutUint32(b[12:], change)
	return b
}

// fillLink is rtnl_fill_ifinfo. mask are the RTEXT_FILTER_* of the request. The
// hypervisor's view of queues and offloads is that of a tap interface.
func fillLink(h nl.Header, l *netconf.Link, st netconf.LinkStats, change, mask uint32) []byte {
	m := nl.New(h).Raw(linkHeader(unix.AF_UNSPEC, l, change))
	m.String(unix.IFLA_IFNAME, l.Name)
	m.U32(unix.IFLA_TXQLEN, l.TxQLen)
	m.U8(unix.IFLA_OPERSTATE, l.OperState())
	m.U8(unix.IFLA_LINKMODE, 0)
	m.U8(iflaNetnsImmutable, truth(l.Loopback()))
	m.U32(unix.IFLA_MTU, l.MTU)
	m.U32(unix.IFLA_MIN_MTU, l.MinMTU)
	m.U32(unix.IFLA_MAX_MTU, l.MaxMTU)
	m.U32(unix.IFLA_GROUP, l.Group)
	m.U32(unix.IFLA_PROMISCUITY, l.Promiscuity)
	m.U32(unix.IFLA_ALLMULTI, l.AllMulti)
	m.U32(unix.IFLA_NUM_TX_QUEUES, 1)
	m.U32(unix.IFLA_GSO_MAX_SEGS, gsoMaxSegs)
	m.U32(unix.IFLA_GSO_MAX_SIZE, gsoMaxSize)
	m.U32(unix.IFLA_GRO_MAX_SIZE, gsoMaxSize)
	m.U32(iflaGSOIPv4MaxSize, gsoMaxSize)
	m.U32(iflaGROIPv4MaxSize, gsoMaxSize)
	m.U32(unix.IFLA_TSO_MAX_SIZE, tsoMaxSize(l))
	m.U32(unix.IFLA_TSO_MAX_SEGS, gsoMaxSegs)
	m.U32(iflaMaxPacingHorizon, 0)
	m.U32(unix.IFLA_NUM_RX_QUEUES, 1)
	m.U8(unix.IFLA_CARRIER, truth(l.Carrier))
	m.U32(unix.IFLA_CARRIER_CHANGES, l.CarrierUp+l.CarrierDown)
	m.U32(unix.IFLA_CARRIER_UP_COUNT, l.CarrierUp)
	m.U32(unix.IFLA_CARRIER_DOWN_COUNT, l.CarrierDown)
	m.U8(unix.IFLA_PROTO_DOWN, truth(l.ProtoDown))
	if l.Alias != "" {
		m.String(unix.IFLA_IFALIAS, l.Alias)
	}
	m.Bytes(unix.IFLA_ADDRESS, l.Addr)
	m.Bytes(unix.IFLA_BROADCAST, l.Broadcast)
	if mask&rtextSkipStats == 0 {
		m.Bytes(unix.IFLA_STATS64, stats64(&st))
		m.Bytes(unix.IFLA_STATS, stats32(&st))
	}
	m.Nest(unix.IFLA_XDP, func(m *nl.Builder) { m.U8(unix.IFLA_XDP_ATTACHED, 0) })
	m.String(unix.IFLA_QDISC, l.Qdisc)
	fillAFSpec(m, l)
	m.Bytes(unix.IFLA_MAP, make([]byte, sizeofIfMap))
	if len(l.PermAddr) > 0 {
		m.Bytes(unix.IFLA_PERM_ADDRESS, l.PermAddr)
	}
	return m.End()
}

const sizeofIfMap = 32 // struct rtnl_link_ifmap

func tsoMaxSize(l *netconf.Link) uint32 {
	if l.Loopback() {
		return 524280
	}
	return gsoMaxSize
}

func truth(b bool) uint8 {
	if b {
		return 1
	}
	return 0
}

// counters are struct rtnl_link_stats64 in order.
func counters(st *netconf.LinkStats) []uint64 {
	return []uint64{
		st.RxPackets, st.TxPackets, st.RxBytes, st.TxBytes, st.RxErrors, st.TxErrors,
		st.RxDropped, st.TxDropped, st.Multicast, 0, // collisions
		st.RxLength, 0, 0, st.RxFrame, 0, 0, // over, crc, frame, fifo, missed
		0, st.TxCarrier, 0, 0, 0, // aborted, carrier, fifo, heartbeat, window
		0, 0, st.RxNoHandler, // compressed
	}
}

func stats64(st *netconf.LinkStats) []byte {
	var b []byte
	for _, v := range append(counters(st), 0) { // rx_otherhost_dropped
		b = binary.NativeEndian.AppendUint64(b, v)
	}
	return b
}

func stats32(st *netconf.LinkStats) []byte {
	var b []byte
	for _, v := range counters(st) {
		b = binary.NativeEndian.AppendUint32(b, uint32(v))
	}
	return b
}
