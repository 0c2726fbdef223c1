// SPDX-License-Identifier: Apache-2.0

package rtnl

import (
	"golang.org/x/sys/unix"

	"vuos.dev/vunet/nl"
	"vuos.dev/vunet/nlsock"
)

// Attributes of RTM_NEWNETCONF (linux/netconf.h).
const (
	netconfaIfindex    = 1
	netconfaForwarding = 2
	netconfaAll        = -1
)

// dumpNetconf is RTM_GETNETCONF with NLM_F_DUMP (inet_netconf_dump_devconf): what
// `ip netconf` shows, as far as this stack has it.
func (s *Server) dumpNetconf(r *nlsock.Request) error {
	want := r.Body[0]
	for _, fam := range []uint8{unix.AF_INET, unix.AF_INET6} {
		if want != 0 && want != fam {
			continue
		}
		entry := func(index int32, forwarding bool) {
			m := nl.New(r.Header(unix.RTM_NEWNETCONF, unix.NLM_F_MULTI)).Raw([]byte{fam, 0, 0, 0})
			m.U32(netconfaIfindex, uint32(index)).U32(netconfaForwarding, uint32(truth(forwarding)))
			r.Dump(m.End())
		}
		for _, l := range s.conf.Links() {
			c := l.V4
			if fam == unix.AF_INET6 {
				c = l.V6
			}
			entry(int32(l.Index), c.Forwarding)
		}
		entry(netconfaAll, s.conf.Forwarding(fam))
	}
	return nil
}
