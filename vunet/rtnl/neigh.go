// SPDX-License-Identifier: Apache-2.0

package rtnl

import (
	"encoding/binary"
	"time"

	"golang.org/x/sys/unix"

	"vuos.dev/vunet/netconf"
	"vuos.dev/vunet/nl"
	"vuos.dev/vunet/nlsock"
)

// fillNeigh is neigh_fill_info.
func fillNeigh(h nl.Header, n *netconf.Neighbour) []byte {
	hdr := make([]byte, unix.SizeofNdMsg)
	hdr[0] = unix.AF_INET6
	if n.IP.Is4() {
		hdr[0] = unix.AF_INET
	}
	binary.NativeEndian.PutUint32(hdr[4:], uint32(n.Link))
	binary.NativeEndian.PutUint16(hdr[8:], n.State)
	hdr[10], hdr[11] = n.Flags, unix.RTN_UNICAST
	m := nl.New(h).Raw(hdr)
	m.Bytes(unix.NDA_DST, n.IP.AsSlice())
	const valid = unix.NUD_PERMANENT | unix.NUD_NOARP | unix.NUD_REACHABLE | unix.NUD_PROBE | unix.NUD_STALE | unix.NUD_DELAY
	if n.State&valid != 0 && len(n.LLAddr) > 0 {
		m.Bytes(unix.NDA_LLADDR, n.LLAddr)
	}
	m.U32(unix.NDA_PROBES, 0)
	age := uint32(n.Updated / (10 * time.Millisecond))
	m.Bytes(unix.NDA_CACHEINFO, words([]uint32{age, age, age, 0}))
	return m.End()
}

var neighDump = dumpRule{
	what: "neighbor dump", size: unix.SizeofNdMsg, zero: []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 11},
	attrs: map[int]bool{unix.NDA_IFINDEX: true, unix.NDA_MASTER: true},
}

// dumpNeighs is RTM_GETNEIGH with NLM_F_DUMP (neigh_dump_info).
func (s *Server) dumpNeighs(r *nlsock.Request) error {
	hdr, attrs, err := neighDump.parse(r)
	if err != nil {
		return err
	}
	index, ok := attrs.U32(unix.NDA_IFINDEX)
	flags := uint16(unix.NLM_F_MULTI)
	if ok && index != 0 {
		flags |= filtered
	}
	if hdr[0] != 0 && hdr[0] != unix.AF_INET && hdr[0] != unix.AF_INET6 || hdr[10]&unix.NTF_PROXY != 0 {
		return nil
	}
	if m, _ := attrs.U32(unix.NDA_MASTER); m != 0 {
		return nil
	}
	for _, n := range s.conf.Neighbours(int(index), hdr[0]) {
		r.Dump(fillNeigh(r.Header(unix.RTM_NEWNEIGH, flags), &n))
	}
	return nil
}

// parseNeigh decodes a request about one neighbour.
func (s *Server) parseNeigh(r *nlsock.Request) (*netconf.Neighbour, error) {
	hdr, attrs, err := parse(r, unix.SizeofNdMsg)
	if err != nil {
		return nil, err
	}
	if hdr[0] != unix.AF_INET && hdr[0] != unix.AF_INET6 {
		return nil, unix.EAFNOSUPPORT
	}
	a, ok := attrs[unix.NDA_DST]
	if !ok {
		return nil, fail(unix.EINVAL, "Network address not specified")
	}
	n := &netconf.Neighbour{
		Link: int(int32(binary.NativeEndian.Uint32(hdr[4:]))), IP: attrs.IP(unix.NDA_DST, hdr[0]),
		State: binary.NativeEndian.Uint16(hdr[8:]), Flags: hdr[10],
	}
	if !n.IP.IsValid() {
		return nil, failAt(unix.EINVAL, "Invalid network address", a)
	}
	if n.Link != 0 && s.conf.Link(n.Link) == nil {
		return nil, unix.ENODEV
	}
	if ll, ok := attrs[unix.NDA_LLADDR]; ok {
		n.LLAddr = ll.Value
	}
	return n, nil
}

// getNeigh is RTM_GETNEIGH for one neighbour (neigh_get).
func (s *Server) getNeigh(r *nlsock.Request) error {
	want, err := s.parseNeigh(r)
	if err != nil {
		return err
	}
	if want.Link == 0 {
		return fail(unix.EINVAL, "No device specified")
	}
	for _, n := range s.conf.Neighbours(want.Link, 0) {
		if n.IP == want.IP {
			r.Reply(fillNeigh(r.Header(unix.RTM_NEWNEIGH, 0), &n))
			return nil
		}
	}
	return fail(unix.ENOENT, "Neighbour entry not found")
}

// newNeigh is RTM_NEWNEIGH (neigh_add). Whatever its state, an entry that was
// added stays until it is deleted.
func (s *Server) newNeigh(r *nlsock.Request) error {
	n, err := s.parseNeigh(r)
	if err != nil {
		return err
	}
	switch {
	case n.Flags&unix.NTF_PROXY != 0:
		return unix.EOPNOTSUPP
	case n.Link == 0:
		return unix.EINVAL
	}
	f := r.Flags
	return s.conf.AddNeighbour(n, f&unix.NLM_F_CREATE != 0, f&unix.NLM_F_EXCL != 0, f&unix.NLM_F_REPLACE != 0)
}

// delNeigh is RTM_DELNEIGH (neigh_delete).
func (s *Server) delNeigh(r *nlsock.Request) error {
	n, err := s.parseNeigh(r)
	if err != nil {
		return err
	}
	if n.Link == 0 {
		return unix.EINVAL
	}
	return s.conf.DelNeighbour(n.Link, n.IP)
}
