// SPDX-License-Identifier: Apache-2.0

package netstack

import (
	"encoding/binary"
	"time"

	"golang.org/x/sys/unix"
)

// Where fields of struct tpacket_block_desc are (linux/if_packet.h).
const (
	blockVersion = 0
	blockPrivate = 4
	blockStatus  = 8
	blockPackets = 12
	blockFirst   = 16
	blockLen     = 20
	blockSeq     = 24
	blockTsFirst = 32
	blockTsLast  = 40
)

// blockTimeout is how long a block that is not full is kept if the guest leaves that to us
// (net/packet/af_packet.c:DEFAULT_PRB_RETIRE_TOV).
const blockTimeout = 8 * time.Millisecond

// openBlock is the block of a TPACKET_V3 ring that is being filled: number head.
type openBlock struct {
	timeout time.Duration
	timer   *time.Timer
	wake    func() // called when the timer has given a block to the guest
	is      bool   // false: the next block is still the guest's (the queue is frozen)
	used    int    // bytes
	packets int
	last    int // where the last packet is
	seq     uint64
}

// first is where the first packet of a block goes.
func (r *ring) first() int { return sizeofBlockDesc + alignTo(r.private, blockAlign) }

// openBlock begins to fill the block head, if it is free. The lock is held, or the ring is new.
func (r *ring) openBlock(now time.Time) {
	b := r.at(r.head)
	if loadStatus(b, blockStatus) != unix.TP_STATUS_KERNEL {
		r.open.is = false
		return
	}
	r.open.seq++
	r.open.is, r.open.used, r.open.packets, r.open.last = true, r.first(), 0, 0
	put := binary.NativeEndian.PutUint32
	put(b[blockVersion:], unix.TPACKET_V3)
	put(b[blockPrivate:], sizeofBlockDesc)
	put(b[blockFirst:], uint32(r.first()))
	binary.NativeEndian.PutUint64(b[blockSeq:], r.open.seq)
	putStamp(b[blockTsFirst:], now)
}

func putStamp(b []byte, t time.Time) {
	binary.NativeEndian.PutUint32(b, uint32(t.Unix()))
	binary.NativeEndian.PutUint32(b[4:], uint32(t.Nanosecond()))
}

// closeBlock gives the open block to the guest and opens the next one.
func (r *ring) closeBlock(now time.Time) {
	b, o := r.at(r.head), &r.open
	binary.NativeEndian.PutUint32(b[o.last:], 0) // no next one
	binary.NativeEndian.PutUint32(b[blockPackets:], uint32(o.packets))
	binary.NativeEndian.PutUint32(b[blockLen:], uint32(o.used))
	putStamp(b[blockTsLast:], now)
	storeStatus(b, blockStatus, r.status())
	r.head = (r.head + 1) % r.count
	r.openBlock(now)
	if !o.is {
		r.frozen++
	}
}

// putBlock is put for TPACKET_V3. The lock is held.
func (r *ring) putBlock(f *frameInfo) (wake bool) {
	o := &r.open
	if !o.is {
		if r.openBlock(f.now); !o.is {
			r.drops++
			return true
		}
	}
	mac, net := r.offsets(f)
	n := max(min(len(f.data), r.size-r.first()-mac-blockAlign), 0)
	size := alignTo(mac+n, blockAlign)
	if o.used+size >= r.size {
		r.closeBlock(f.now)
		wake = true
		if !o.is {
			r.drops++
			return true
		}
	}
	b := r.at(r.head)[o.used : o.used+size]
	put := binary.NativeEndian.PutUint32
	put(b, uint32(size)) // tp_next_offset
	putStamp(b[4:], f.now)
	put(b[12:], uint32(n))
	put(b[16:], uint32(f.full))
	put(b[20:], r.status())
	binary.NativeEndian.PutUint16(b[24:], uint16(mac))
	binary.NativeEndian.PutUint16(b[26:], uint16(net))
	clear(b[28:unix.SizeofTpacket3Hdr])
	copy(b[unix.SizeofTpacket3Hdr:], f.addr)
	copy(b[mac:], f.data[:n])
	o.last = o.used
	o.used += size
	o.packets++
	if o.packets == 1 {
		r.await()
	}
	return wake
}

// await has the open block closed when its time is over. The lock is held.
func (r *ring) await() {
	d, seq := r.open.timeout, r.open.seq
	if d <= 0 {
		d = blockTimeout
	}
	if r.open.timer != nil {
		r.open.timer.Stop()
	}
	r.open.timer = time.AfterFunc(d, func() {
		r.mu.Lock()
		due := r.mem != nil && r.open.is && r.open.seq == seq && r.open.packets > 0
		if due {
			r.closeBlock(time.Now())
		}
		wake := r.open.wake
		r.mu.Unlock()
		if due && wake != nil {
			wake()
		}
	})
}
