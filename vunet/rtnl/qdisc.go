// SPDX-License-Identifier: Apache-2.0

package rtnl

import (
	"encoding/binary"

	"golang.org/x/sys/unix"

	"vuos.dev/vunet/nl"
	"vuos.dev/vunet/nlsock"
)

// Attributes of RTM_NEWQDISC and what is in struct tcmsg (linux/rtnetlink.h, linux/pkt_sched.h).
const (
	tcaKind      = 1
	tcaOptions   = 2
	tcaHWOffload = 12

	sizeofTcmsg = 20
	tcHRoot     = 0xffffffff
	noop        = "noop"
	pfifoFast   = "pfifo_fast"
)

// prioBands and prioMap are struct tc_prio_qopt of pfifo_fast (net/sched/sch_generic.c:pfifo_fast_dump()).
const prioBands = 3

var prioMap = []byte{1, 2, 2, 2, 1, 2, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1}

// dumpQdiscs is RTM_GETQDISC with NLM_F_DUMP (tc_dump_qdisc): the discipline that each link got when it came up.
func (s *Server) dumpQdiscs(r *nlsock.Request) error {
	for _, l := range s.conf.Links() {
		if l.Qdisc == noop {
			continue // built in, and not shown
		}
		b := make([]byte, sizeofTcmsg)
		binary.NativeEndian.PutUint32(b[4:], uint32(l.Index))
		binary.NativeEndian.PutUint32(b[12:], tcHRoot)
		binary.NativeEndian.PutUint32(b[16:], 2) // references
		m := nl.New(r.Header(unix.RTM_NEWQDISC, unix.NLM_F_MULTI)).Raw(b)
		m.String(tcaKind, l.Qdisc)
		if l.Qdisc == pfifoFast {
			m.Bytes(tcaOptions, append(binary.NativeEndian.AppendUint32(nil, prioBands), prioMap...))
		}
		m.U8(tcaHWOffload, 0)
		r.Dump(m.End())
	}
	return nil
}
