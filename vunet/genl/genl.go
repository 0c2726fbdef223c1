// SPDX-License-Identifier: Apache-2.0

// Package genl is generic netlink as a kernel has it in which no module has registered a family: there is
// the controller alone (net/netlink/genetlink.c, linux/genetlink.h).
package genl

import (
	"golang.org/x/sys/unix"

	"vuos.dev/vunet/nl"
	"vuos.dev/vunet/nlsock"
)

// The controller.
const (
	name      = "nlctrl"
	group     = "notify"
	version   = 2
	opFlags   = unix.GENL_CMD_CAP_DO | unix.GENL_CMD_CAP_DUMP | unix.GENL_CMD_CAP_HASPOL
	dumpFlags = unix.GENL_CMD_CAP_DUMP | unix.GENL_CMD_CAP_HASPOL
	getPolicy = 10 // CTRL_CMD_GETPOLICY
)

// sizeofHeader is the length of struct genlmsghdr in bytes.
const sizeofHeader = 4

// Server answers the requests of NETLINK_GENERIC.
type Server struct{}

// NewHub makes the hub of NETLINK_GENERIC.
func NewHub() *nlsock.Hub { return nlsock.NewHub(unix.NETLINK_GENERIC, Server{}) }

// Groups implements nlsock.Handler: the controller's group is the last one.
func (Server) Groups() int { return unix.GENL_ID_CTRL }

// Request implements nlsock.Handler (genl_rcv_msg).
func (Server) Request(r *nlsock.Request) (dumping bool, err error) {
	if r.Type != unix.GENL_ID_CTRL {
		return false, unix.ENOENT
	}
	if len(r.Body) < sizeofHeader {
		return false, unix.EINVAL
	}
	dump := r.Flags&unix.NLM_F_DUMP == unix.NLM_F_DUMP
	attrs, _ := nl.ParseAttrs(r.Body[sizeofHeader:], nl.HeaderLen+sizeofHeader)
	switch cmd := r.Body[0]; {
	case cmd == unix.CTRL_CMD_GETFAMILY && dump:
		r.Dump(controller(r, unix.NLM_F_MULTI))
		return true, nil
	case cmd == unix.CTRL_CMD_GETFAMILY:
		err := find(attrs)
		if err == nil {
			r.Reply(controller(r, 0))
		}
		return false, err
	case cmd == getPolicy && dump: // an empty one
		return true, find(attrs)
	}
	return false, unix.EOPNOTSUPP
}

// find looks for the family that a request names (ctrl_getfamily).
func find(attrs nl.Attrs) error {
	id, byID := attrs.U16(unix.CTRL_ATTR_FAMILY_ID)
	called, byName := attrs.String(unix.CTRL_ATTR_FAMILY_NAME)
	switch {
	case !byID && !byName:
		return unix.EINVAL
	case byName && called == name, !byName && id == unix.GENL_ID_CTRL:
		return nil
	}
	return unix.ENOENT
}

// controller describes the controller (ctrl_fill_info).
func controller(r *nlsock.Request, flags uint16) []byte {
	m := nl.New(r.Header(unix.GENL_ID_CTRL, flags)).Raw([]byte{unix.CTRL_CMD_NEWFAMILY, version, 0, 0})
	m.String(unix.CTRL_ATTR_FAMILY_NAME, name)
	m.U16(unix.CTRL_ATTR_FAMILY_ID, unix.GENL_ID_CTRL)
	m.U32(unix.CTRL_ATTR_VERSION, version)
	m.U32(unix.CTRL_ATTR_HDRSIZE, 0)
	m.U32(unix.CTRL_ATTR_MAXATTR, 0)
	m.Nest(unix.CTRL_ATTR_OPS, func(m *nl.Builder) {
		for i, op := range []struct{ id, flags uint32 }{{unix.CTRL_CMD_GETFAMILY, opFlags}, {getPolicy, dumpFlags}} {
			m.Nest(i+1, func(m *nl.Builder) {
				m.U32(unix.CTRL_ATTR_OP_ID, op.id)
				m.U32(unix.CTRL_ATTR_OP_FLAGS, op.flags)
			})
		}
	})
	m.Nest(unix.CTRL_ATTR_MCAST_GROUPS, func(m *nl.Builder) {
		m.Nest(1, func(m *nl.Builder) {
			m.U32(unix.CTRL_ATTR_MCAST_GRP_ID, unix.GENL_ID_CTRL)
			m.String(unix.CTRL_ATTR_MCAST_GRP_NAME, group)
		})
	})
	return m.End()
}
