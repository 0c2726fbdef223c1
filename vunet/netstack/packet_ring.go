// SPDX-License-Identifier: Apache-2.0

package netstack

import (
	"encoding/binary"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
)

var (
	_ engine.SocketMapper = (*packet)(nil)
	_ engine.SocketAsker  = (*packet)(nil)
)

// setRing is PACKET_RX_RING. The lock is held.
func (p *packet) setRing(req []byte) error {
	if len(req) < 16 {
		return unix.EINVAL
	}
	blocks, frames := binary.NativeEndian.Uint32(req[4:]), binary.NativeEndian.Uint32(req[12:])
	switch {
	case p.mapped:
		return unix.EBUSY
	case blocks == 0 && frames != 0:
		return unix.EINVAL
	case blocks == 0:
		p.dropRing()
		return nil
	case p.ring.Load() != nil:
		return unix.EBUSY
	}
	r, err := newRing(p.version, p.reserve, req)
	if err != nil {
		return err
	}
	r.mu.Lock()
	r.open.wake = p.Wake
	r.mu.Unlock()
	p.ring.Store(r)
	return nil
}

// dropRing ends the ring, if there is one. The lock is held.
func (p *packet) dropRing() {
	if r := p.ring.Swap(nil); r != nil {
		r.close()
	}
}

// setRingOption changes the shape of a ring to come. The lock is held. ok is false for any other option.
func (p *packet) setRingOption(name int, v int32) (ok bool, err error) {
	switch name {
	case unix.PACKET_VERSION:
		if _, known := headerLen(int(v)); !known {
			return true, unix.EINVAL
		}
	case unix.PACKET_RESERVE:
		if v < 0 {
			return true, unix.EINVAL
		}
		if v > maxRing {
			return true, unix.ENOMEM
		}
	default:
		return false, nil
	}
	if p.ring.Load() != nil {
		return true, unix.EBUSY
	}
	if name == unix.PACKET_VERSION {
		p.version = int(v)
	} else {
		p.reserve = int(v)
	}
	return true, nil
}

// Mmap implements engine.SocketMapper (net/packet/af_packet.c:packet_mmap()).
func (p *packet) Mmap(_ engine.Call, off, length int64) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	r := p.ring.Load()
	if r == nil || off != 0 || length != int64(len(r.mem)) {
		return -1, unix.EINVAL
	}
	p.mapped = true
	return r.fd, nil
}

// Ask implements engine.SocketAsker: PACKET_HDRLEN of a version.
func (p *packet) Ask(_ engine.Call, level, name int, question []byte) (value []byte, asked bool, err error) {
	if level != unix.SOL_PACKET || name != unix.PACKET_HDRLEN {
		return nil, false, nil
	}
	if len(question) < 4 {
		return nil, true, unix.EINVAL
	}
	n, ok := headerLen(int(int32(binary.NativeEndian.Uint32(question))))
	if !ok {
		return nil, true, unix.EINVAL
	}
	return binary.NativeEndian.AppendUint32(nil, uint32(n)), true, nil
}
