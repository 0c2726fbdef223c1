// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"encoding/binary"
	"iter"
	"os"

	"golang.org/x/sys/unix"
	"vuos.dev/engine/internal/guest"
)

// sizeCmsghdr is that of struct cmsghdr: what comes before the data of a control message.
const sizeCmsghdr = 16

// controlMessage is one of the messages in the control data of a socket: header and data, without padding.
type controlMessage []byte

// controlMessages goes through control data, up to what is malformed.
func controlMessages(b []byte) iter.Seq[controlMessage] {
	return func(yield func(controlMessage) bool) {
		for len(b) >= sizeCmsghdr {
			n := binary.NativeEndian.Uint64(b)
			if n < sizeCmsghdr || n > uint64(len(b)) || !yield(b[:n:n]) {
				return
			}
			b = b[min((n+7)&^7, uint64(len(b))):]
		}
	}
}

// scmPidfd is SCM_PIDFD.
const scmPidfd = 4

// bringsFDs tells whether the data are descriptors.
func (m controlMessage) bringsFDs() bool {
	level, typ := binary.NativeEndian.Uint32(m[8:]), binary.NativeEndian.Uint32(m[12:])
	return level == unix.SOL_SOCKET && (typ == unix.SCM_RIGHTS || typ == scmPidfd)
}

// fds are the descriptors in the message. A pidfd may be a negative error number instead.
func (m controlMessage) fds() iter.Seq[int] {
	return func(yield func(int) bool) {
		if !m.bringsFDs() {
			return
		}
		for d := m[sizeCmsghdr:]; len(d) >= 4; d = d[4:] {
			if !yield(int(int32(binary.NativeEndian.Uint32(d)))) {
				return
			}
		}
	}
}

// zoned tells whether umvu's descriptor fd is one whose number in a guest is to be in the zone: a virtual open file, or
// a socket of a stack that is no stream.
func (s *Supervisor) zoned(fd int) bool {
	var buf [256]byte
	link, err := guest.FDLink(os.Getpid(), fd, buf[:])
	if err != nil {
		return false
	}
	x := s.socks.ByLink(link)
	return x != nil && !x.IsStream() || s.fileOf(os.Getpid(), fd) != nil
}

// installPassed gives the guest the descriptors in control data that umvu received for it, and returns the data with the
// numbers they have there. If there is no number for one it is left out, and those behind it
// (net/core/scm.c:scm_detach_fds()); cut is true then.
func (c *call) installPassed(b []byte, cloexec bool) (control []byte, cut bool) {
	control = make([]byte, 0, len(b)+7)
	for m := range controlMessages(b) {
		begin := len(control)
		if !m.bringsFDs() {
			control = append(control, m...)
		} else {
			control = append(control, m[:sizeCmsghdr]...)
			for own := range m.fds() {
				n := own
				if own >= 0 {
					if !cut {
						var err error
						n, err = c.installPassedFD(own, cloexec)
						cut = err != nil
					}
					unix.Close(own)
				}
				if !cut {
					control = binary.NativeEndian.AppendUint32(control, uint32(n))
				}
			}
			if len(control) == begin+sizeCmsghdr {
				control = control[:begin]
				continue
			}
			binary.NativeEndian.PutUint64(control[begin:], uint64(len(control)-begin))
		}
		for len(control)%8 != 0 {
			control = append(control, 0)
		}
	}
	return control[:min(len(control), len(b))], cut
}

// installPassedFD installs one: in the zone if it is virtual, otherwise where the kernel would.
func (c *call) installPassedFD(own int, cloexec bool) (int, error) {
	if c.s.zoned(own) {
		return c.installZone(own, cloexec, zoneFor(c.s.fileOf(os.Getpid(), own)))
	}
	return c.s.listener.AddLowest(c.n.ID, own, cloexec)
}
