// SPDX-License-Identifier: Apache-2.0

package nlsock

import (
	"encoding/binary"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
)

// boolean are the options of level SOL_NETLINK that are switches.
var boolean = map[int]bool{
	unix.NETLINK_PKTINFO: true, unix.NETLINK_BROADCAST_ERROR: true, unix.NETLINK_NO_ENOBUFS: true,
	unix.NETLINK_LISTEN_ALL_NSID: true, unix.NETLINK_CAP_ACK: true, unix.NETLINK_EXT_ACK: true,
	unix.NETLINK_GET_STRICT_CHK: true,
}

// Getsockopt implements engine.Socket.
func (s *Socket) Getsockopt(_ engine.Call, level, name, max int) ([]byte, error) {
	if max < 0 {
		return nil, unix.EINVAL
	}
	if level == unix.SOL_SOCKET {
		v, err := s.GetSocket(name, max)
		return v[:min(len(v), max)], err
	}
	if level != unix.SOL_NETLINK {
		return nil, unix.ENOPROTOOPT
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case name == unix.NETLINK_LIST_MEMBERSHIPS:
		b := make([]byte, (len(s.groups)+30)/32*4)
		for g := 1; g < len(s.groups); g++ {
			if s.groups[g] {
				at := (g - 1) / 32 * 4
				binary.NativeEndian.PutUint32(b[at:], binary.NativeEndian.Uint32(b[at:])|1<<((g-1)%32))
			}
		}
		return b[:min(len(b), max)], nil
	case !boolean[name]:
		return nil, unix.ENOPROTOOPT
	case max < 4:
		return nil, unix.EINVAL
	}
	v := uint32(0)
	if s.opts[name] {
		v = 1
	}
	return binary.NativeEndian.AppendUint32(nil, v), nil
}

// Setsockopt implements engine.Socket.
func (s *Socket) Setsockopt(_ engine.Call, level, name int, value []byte) error {
	if level == unix.SOL_SOCKET {
		if name == unix.SO_ATTACH_FILTER || name == unix.SO_DETACH_FILTER {
			return nil // programs that filter their netlink messages check them again
		}
		return s.SetSocket(name, value)
	}
	if level != unix.SOL_NETLINK {
		return unix.ENOPROTOOPT
	}
	if len(value) < 4 {
		return unix.EINVAL
	}
	v := binary.NativeEndian.Uint32(value)
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case name == unix.NETLINK_ADD_MEMBERSHIP, name == unix.NETLINK_DROP_MEMBERSHIP:
		if v == 0 || v >= uint32(len(s.groups)) {
			return unix.EINVAL
		}
		s.groups[v] = name == unix.NETLINK_ADD_MEMBERSHIP
		return nil
	case boolean[name]:
		s.opts[name] = v != 0
		return nil
	}
	return unix.ENOPROTOOPT
}

// Ioctl implements engine.Socket. What is about interfaces is the stack's, which
// sees it first.
func (s *Socket) Ioctl(_ engine.Call, m engine.Memory, cmd uint32, arg uint64) (int, error) {
	n := 0
	switch cmd {
	case unix.TIOCINQ:
		n = s.Pending()
	case unix.TIOCOUTQ:
	default:
		return 0, unix.ENOTTY
	}
	_, err := m.WriteAt(binary.NativeEndian.AppendUint32(nil, uint32(n)), arg)
	return 0, err
}
