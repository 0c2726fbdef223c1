// SPDX-License-Identifier: Apache-2.0

package mmsg

import (
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// mmsghdr is struct mmsghdr of recvmmsg(2).
type mmsghdr struct {
	hdr unix.Msghdr
	n   uint32
}

// Batch is a vector of datagrams. Each may have a head of fixed length, which
// is kept apart from the body, and an address.
type Batch struct {
	msgs    []mmsghdr
	iovs    []unix.Iovec // two for each message: head and body
	heads   []byte
	names   []name
	headLen int
}

// New makes a batch for datagrams with a head of headLen bytes; named tells
// whether they have addresses (unconnected UDP sockets).
func New(headLen int, named bool) *Batch {
	b := &Batch{
		msgs:    make([]mmsghdr, Size),
		iovs:    make([]unix.Iovec, 2*Size),
		heads:   make([]byte, Size*headLen),
		headLen: headLen,
	}
	if named {
		b.names = make([]name, Size)
	}
	for i := range b.msgs {
		b.init(i)
	}
	return b
}

func (b *Batch) init(i int) {
	h := &b.msgs[i].hdr
	first := 2*i + 1
	if b.headLen > 0 {
		first = 2 * i
		b.iovs[first].Base = &b.heads[i*b.headLen]
		b.iovs[first].SetLen(b.headLen)
	}
	h.Iov = &b.iovs[first]
	h.SetIovlen(2*i + 2 - first)
	if b.names != nil {
		h.Name = (*byte)(unsafe.Pointer(&b.names[i]))
	}
}

// setBody makes buf the body of message i.
func (b *Batch) setBody(i int, buf []byte) {
	v := &b.iovs[2*i+1]
	v.Base = unsafe.SliceData(buf)
	v.SetLen(len(buf))
}

// Recv receives into at most Size of bufs without waiting and returns how
// many datagrams came. Len, Head, Addr and Truncated tell about each.
func (b *Batch) Recv(fd uintptr, bufs [][]byte) (n int, err error) {
	count := min(len(bufs), Size)
	for i := range count {
		b.setBody(i, bufs[i])
		h := &b.msgs[i].hdr
		h.Flags = 0
		if b.names != nil {
			h.Namelen = uint32(unsafe.Sizeof(name{}))
		}
	}
	for {
		r, _, errno := unix.Syscall6(unix.SYS_RECVMMSG, fd, uintptr(unsafe.Pointer(&b.msgs[0])),
			uintptr(count), unix.MSG_DONTWAIT, 0, 0)
		if errno == unix.EINTR {
			continue
		}
		b.release(count)
		if errno != 0 {
			return 0, errno
		}
		return int(r), nil
	}
}

// Send sends messages from up to, but not including, to, which were made with
// Put, without waiting, and returns how many were taken.
func (b *Batch) Send(fd uintptr, from, to int) (n int, err error) {
	for {
		r, _, errno := unix.Syscall6(unix.SYS_SENDMMSG, fd, uintptr(unsafe.Pointer(&b.msgs[from])),
			uintptr(to-from), unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL, 0, 0)
		switch errno {
		case 0:
			return int(r), nil
		case unix.EINTR:
		default:
			return 0, errno
		}
	}
}

// Put makes body message i, to be sent.
func (b *Batch) Put(i int, body []byte) { b.setBody(i, body) }

// Done forgets the bodies of the first n messages, so that a batch at rest
// does not keep a caller's frames alive.
func (b *Batch) Done(n int) { b.release(n) }

func (b *Batch) release(n int) {
	for i := range n {
		runtime.KeepAlive(b.iovs[2*i+1].Base)
		b.iovs[2*i+1].Base = nil
	}
}

// Len returns how many bytes of body message i has; negative if it is shorter
// than its head.
func (b *Batch) Len(i int) int { return int(b.msgs[i].n) - b.headLen }

// Truncated tells whether message i was longer than its buffer.
func (b *Batch) Truncated(i int) bool { return b.msgs[i].hdr.Flags&unix.MSG_TRUNC != 0 }

// Head returns the head of message i. When Len is negative it is incomplete.
func (b *Batch) Head(i int) []byte { return b.heads[i*b.headLen : (i+1)*b.headLen] }
