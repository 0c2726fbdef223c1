// SPDX-License-Identifier: Apache-2.0

package netstack

import (
	"encoding/binary"
	"errors"
	"testing"

	"golang.org/x/sys/unix"
)

const ringProto = 0x88b5 // for experiments

// ringed makes a packet socket with a ring, which the test maps, and what sends to it.
func ringed(t *testing.T, version int32, req ...uint32) (p *sock, mem []byte, send func(text string)) {
	t.Helper()
	a, b := twoStacks(t)
	p = open(t, b, unix.AF_PACKET, unix.SOCK_RAW, 0xb588)
	p.set(unix.SOL_PACKET, unix.PACKET_VERSION, version)
	var v []byte
	for _, n := range req {
		v = binary.NativeEndian.AppendUint32(v, n)
	}
	p.must("ring", p.Setsockopt(caller(), unix.SOL_PACKET, unix.PACKET_RX_RING, v))
	fd, err := p.Socket.(*packet).Mmap(caller(), 0, int64(req[0]*req[1]))
	p.must("mmap", err)
	mem, err = unix.Mmap(fd, 0, int(req[0]*req[1]), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	p.must("mmap", err)
	t.Cleanup(func() { _ = unix.Munmap(mem) })
	x := open(t, a, unix.AF_PACKET, unix.SOCK_DGRAM, 0xb588)
	to := linkSockaddr(&frame{link: 2, proto: ringProto, source: []byte(b.links[2].LinkAddress())})
	return p, mem, func(text string) { x.send([]byte(text), to) }
}

// TestRingFrames takes packets from a TPACKET_V2 ring until it is full, and gives frames back.
func TestRingFrames(t *testing.T) {
	const frame, frames = 2048, 8
	p, mem, send := ringed(t, unix.TPACKET_V2, 8192, 2, frame, frames)
	for round := range 3 {
		for i := range frames {
			send(string(rune('a' + i)))
			b := mem[i*frame : (i+1)*frame]
			eventually(t, "a packet", func() bool { return loadStatus(b, 0)&unix.TP_STATUS_USER != 0 })
			mac, net := binary.NativeEndian.Uint16(b[12:]), binary.NativeEndian.Uint16(b[14:])
			if n := binary.NativeEndian.Uint32(b[4:]); n != 15 || net-mac != 14 || b[net] != 'a'+byte(i) {
				t.Fatalf("round %d, frame %d: %d bytes at %d, %q at %d", round, i, n, mac, b[net], net)
			}
		}
		if p.Ready()&unix.POLLIN == 0 {
			t.Fatal("not readable")
		}
		send("no room")
		eventually(t, "a drop", func() bool {
			st, err := p.Getsockopt(caller(), unix.SOL_PACKET, unix.PACKET_STATISTICS, 8)
			return err == nil && binary.NativeEndian.Uint32(st[4:]) == 1
		})
		for i := range frames {
			storeStatus(mem, i*frame, unix.TP_STATUS_KERNEL)
		}
		if p.Ready()&unix.POLLIN != 0 {
			t.Fatal("still readable")
		}
	}
	for what, err := range map[string]error{
		"another ring":         p.Setsockopt(caller(), unix.SOL_PACKET, unix.PACKET_RX_RING, make([]byte, 16)),
		"another version":      p.Setsockopt(caller(), unix.SOL_PACKET, unix.PACKET_VERSION, make([]byte, 4)),
		"reserve with a ring ": p.Setsockopt(caller(), unix.SOL_PACKET, unix.PACKET_RESERVE, make([]byte, 4)),
	} {
		if !errors.Is(err, unix.EBUSY) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// TestRingBlocks walks through the packets of TPACKET_V3 blocks.
func TestRingBlocks(t *testing.T) {
	const block, blocks = 4096, 4
	p, mem, send := ringed(t, unix.TPACKET_V3, block, blocks, 2048, 2*blocks, 5, 0, 0)
	got, at := 0, 0
	for sent := 0; sent < 500; {
		for range 20 {
			send(string(rune('a' + sent%26)))
			sent++
		}
		for ; got < sent; at = (at + 1) % blocks {
			b := mem[at*block : (at+1)*block]
			eventually(t, "a block", func() bool { return loadStatus(b, blockStatus)&unix.TP_STATUS_USER != 0 })
			if p.Ready()&unix.POLLIN == 0 {
				t.Fatal("not readable")
			}
			f := b[binary.NativeEndian.Uint32(b[blockFirst:]):]
			for range binary.NativeEndian.Uint32(b[blockPackets:]) {
				if net := binary.NativeEndian.Uint16(f[26:]); f[net] != 'a'+byte(got%26) {
					t.Fatalf("packet %d is %q", got, f[net])
				}
				got++
				f = f[binary.NativeEndian.Uint32(f):]
			}
			storeStatus(b, blockStatus, unix.TP_STATUS_KERNEL)
		}
	}
	if p.Ready()&unix.POLLIN != 0 {
		t.Error("still readable")
	}
}

// FuzzRing: whatever shape a guest asks for, packets of any length stay inside, also if the guest writes over everything.
func FuzzRing(f *testing.F) {
	f.Add(uint8(1), uint16(4), uint32(4096), uint32(2), uint32(2048), uint32(4), uint32(0), uint32(0), []byte("packet"))
	f.Add(uint8(2), uint16(0), uint32(4096), uint32(2), uint32(128), uint32(64), uint32(1), uint32(100), []byte("packet"))
	f.Fuzz(func(t *testing.T, version uint8, reserve uint16, block, blocks, frame, frames, timeout, private uint32, data []byte) {
		var req []byte
		for _, n := range []uint32{block, blocks, frame, frames, timeout, private, 0} {
			req = binary.NativeEndian.AppendUint32(req, n)
		}
		if uint64(block)*uint64(blocks) > 1<<20 {
			return
		}
		r, err := newRing(int(version%3), int(reserve), req)
		if err != nil {
			return
		}
		defer r.close()
		for i := range 2 * r.count {
			r.put(&frameInfo{data: data, full: len(data), net: min(14, len(data)), addr: make([]byte, sizeofLinkLayer)})
			if len(data) > 0 {
				r.mem[i*7919%len(r.mem)] = data[0]
			}
		}
	})
}
