// SPDX-License-Identifier: Apache-2.0

package netstack

import (
	"encoding/binary"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// Numbers of linux/if_packet.h that x/sys/unix lacks.
const (
	tpacketAlign    = 16 // TPACKET_ALIGNMENT
	sizeofTpacket1  = 32 // struct tpacket_hdr, aligned
	blockAlign      = 8  // V3_ALIGNMENT
	sizeofBlockDesc = 48 // struct tpacket_block_desc
)

// maxRing is the most memory in bytes that a ring may have.
const maxRing = 256 << 20

// ring is the memory in which a packet socket leaves what it receives (PACKET_RX_RING, packet(7) and
// Documentation/networking/packet_mmap.rst): blocks that belong to the kernel's side or to the guest, as their status
// says. It is a file that guests map as well, so nothing that is read from it but the status may be
// believed, and that only as far as whose a block is.
type ring struct {
	version int
	reserve int // PACKET_RESERVE
	size    int // of a frame (V1, V2) or block (V3) in bytes
	perPage int // frames in a block; V3: 1
	block   int // size of a block
	count   int // frames or blocks
	private int // V3: size of the guest's own part of a block

	mu     sync.Mutex
	fd     int
	mem    []byte // nil once it is closed
	head   int    // the frame or block that is filled next
	drops  uint32 // since PACKET_STATISTICS was asked
	frozen uint32 // V3: how often no block was free
	open   openBlock
}

// frameInfo is a packet on its way into a ring.
type frameInfo struct {
	data []byte
	full int // length before it was cut
	net  int // where the network header is in data: 0 without a link header
	addr []byte
	now  time.Time
}

// headerLen is the length of the header before each packet (PACKET_HDRLEN).
func headerLen(version int) (int, bool) {
	switch version {
	case unix.TPACKET_V1:
		return sizeofTpacket1, true
	case unix.TPACKET_V2:
		return unix.SizeofTpacket2Hdr, true
	case unix.TPACKET_V3:
		return unix.SizeofTpacket3Hdr, true
	}
	return 0, false
}

func (r *ring) header() int {
	n, _ := headerLen(r.version)
	return n
}

func alignTo(n, to int) int { return (n + to - 1) / to * to }

// newRing makes a ring from a struct tpacket_req or tpacket_req3 (net/packet/af_packet.c:packet_set_ring()).
func newRing(version, reserve int, req []byte) (*ring, error) {
	want := int(16)
	if version == unix.TPACKET_V3 {
		want = 28
	}
	if len(req) < want {
		return nil, unix.EINVAL
	}
	field := func(i int) int { return int(binary.NativeEndian.Uint32(req[4*i:])) }
	block, blocks, frame, frames := field(0), field(1), field(2), field(3)
	r := &ring{version: version, reserve: reserve, block: block, fd: -1}
	least := alignTo(r.header(), tpacketAlign) + sizeofLinkLayer + reserve
	switch {
	case block <= 0 || block > maxRing || block%unix.Getpagesize() != 0, blocks <= 0:
		return nil, unix.EINVAL
	case frame < least || frame%tpacketAlign != 0 || frame > block, block/frame*blocks != frames:
		return nil, unix.EINVAL
	case blocks > maxRing/block:
		return nil, unix.ENOMEM
	}
	r.size, r.perPage, r.count = frame, block/frame, frames
	if version == unix.TPACKET_V3 {
		r.size, r.perPage, r.count, r.private = block, 1, blocks, field(5)
		if r.private > block || r.first()+least > block {
			return nil, unix.EINVAL
		}
		r.open.timeout = time.Duration(field(4)) * time.Millisecond
	}
	if err := r.allocate(block * blocks); err != nil {
		return nil, err
	}
	if version == unix.TPACKET_V3 {
		r.openBlock(time.Now())
	}
	return r, nil
}

func (r *ring) allocate(size int) (err error) {
	r.fd, err = unix.MemfdCreate("packet ring", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		return unix.ENOMEM
	}
	if err = unix.Ftruncate(r.fd, int64(size)); err == nil {
		// A guest that got hold of the file could take the memory away under us.
		_, err = unix.FcntlInt(uintptr(r.fd), unix.F_ADD_SEALS, unix.F_SEAL_SHRINK|unix.F_SEAL_GROW|unix.F_SEAL_SEAL)
	}
	if err == nil {
		r.mem, err = unix.Mmap(r.fd, 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	}
	if err != nil {
		unix.Close(r.fd)
		return unix.ENOMEM
	}
	return nil
}

// close gives the memory back. Guests keep what they have mapped.
func (r *ring) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.open.timer != nil {
		r.open.timer.Stop()
	}
	if r.mem != nil {
		_ = unix.Munmap(r.mem)
		unix.Close(r.fd)
	}
	r.mem = nil
}

// at is where frame or block i is.
func (r *ring) at(i int) []byte {
	off := i/r.perPage*r.block + i%r.perPage*r.size
	return r.mem[off : off+r.size]
}

// readable tells whether the guest has something to take: the frame or block before the one that is filled next.
func (r *ring) readable() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.mem != nil && loadStatus(r.at((r.head+r.count-1)%r.count), r.statusAt()) != unix.TP_STATUS_KERNEL
}

// statusAt is where in a frame (V1, V2) or block (V3) its status is.
func (r *ring) statusAt() int {
	if r.version == unix.TPACKET_V3 {
		return blockStatus
	}
	return 0
}

// offsets are where in its frame a packet's link header and its network header go.
func (r *ring) offsets(f *frameInfo) (mac, net int) {
	link := max(f.net, 16)
	if f.net == 0 {
		mac = alignTo(alignTo(r.header(), tpacketAlign)+sizeofLinkLayer, tpacketAlign) + 16 + r.reserve
		return mac, mac
	}
	net = alignTo(alignTo(r.header(), tpacketAlign)+sizeofLinkLayer+link, tpacketAlign) + r.reserve
	return net - f.net, net
}

// put leaves a packet in the ring. wake says that there is news for the guest.
func (r *ring) put(f *frameInfo) (wake bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.mem == nil:
		return false
	case r.version == unix.TPACKET_V3:
		return r.putBlock(f)
	}
	b := r.at(r.head)
	if loadStatus(b, 0) != unix.TP_STATUS_KERNEL {
		r.drops++
		return true
	}
	mac, net := r.offsets(f)
	n := copy(b[min(mac, len(b)):], f.data)
	put := binary.NativeEndian.PutUint32
	fields := b[4:]
	if r.version == unix.TPACKET_V1 {
		put(b[4:], 0)
		fields = b[8:] // the status is an unsigned long
	}
	put(fields, uint32(f.full))
	put(fields[4:], uint32(n))
	binary.NativeEndian.PutUint16(fields[8:], uint16(mac))
	binary.NativeEndian.PutUint16(fields[10:], uint16(net))
	put(fields[12:], uint32(f.now.Unix()))
	if r.version == unix.TPACKET_V1 {
		put(fields[16:], uint32(f.now.Nanosecond()/1000))
	} else {
		put(fields[16:], uint32(f.now.Nanosecond()))
		clear(fields[20:28])
	}
	copy(b[alignTo(r.header(), tpacketAlign):], f.addr)
	storeStatus(b, 0, r.status())
	r.head = (r.head + 1) % r.count
	return true
}

// status is that of what is given to the guest.
func (r *ring) status() uint32 {
	if r.drops > 0 {
		return unix.TP_STATUS_USER | unix.TP_STATUS_LOSING
	}
	return unix.TP_STATUS_USER
}

// statistics is PACKET_STATISTICS of a socket with a ring; packets were received and not dropped.
func (r *ring) statistics(packets uint32) []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	b := binary.NativeEndian.AppendUint32(nil, packets)
	b = binary.NativeEndian.AppendUint32(b, r.drops)
	if r.version == unix.TPACKET_V3 {
		b = binary.NativeEndian.AppendUint32(b, r.frozen)
	}
	r.drops, r.frozen = 0, 0
	return b
}
