// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"encoding/binary"
	"sync"

	"golang.org/x/sys/unix"
	"vuos.dev/engine/internal/guest"
)

// iovec is one piece of a guest's memory.
type iovec struct {
	addr uint64
	n    uint64
}

const (
	iovMax     = 1024       // UIO_MAXIOV
	maxRW      = 0x7ffff000 // MAX_RW_COUNT
	chunkBytes = 1 << 20
)

// chunks are the buffers through which data of guests is copied.
var chunks = sync.Pool{New: func() any { b := make([]byte, chunkBytes); return &b }}

// iovecs reads an array of struct iovec and limits its sum to MAX_RW_COUNT.
func (c *call) iovecs(addr, count uint64) ([]iovec, error) {
	if count > iovMax {
		return nil, unix.EINVAL
	}
	b := make([]byte, 16*count)
	if _, err := c.mem().ReadAt(b, addr); err != nil {
		return nil, err
	}
	out := make([]iovec, 0, count)
	left := uint64(maxRW)
	for ; len(b) > 0; b = b[16:] {
		v := iovec{binary.NativeEndian.Uint64(b), binary.NativeEndian.Uint64(b[8:])}
		if int64(v.n) < 0 {
			return nil, unix.EINVAL
		}
		v.n = min(v.n, left)
		left -= v.n
		if v.n > 0 {
			out = append(out, v)
		}
	}
	return out, nil
}

// toGuest fills the guest's memory piece by piece from read, which is called with room for the next
// bytes until it comes up short. It returns the count and the first error.
func (c *call) toGuest(vec []iovec, read func(p []byte) (int, error)) (int, error) {
	buf := chunks.Get().(*[]byte)
	defer chunks.Put(buf)
	total := 0
	for len(vec) > 0 {
		n := span(vec, chunkBytes)
		k, err := read((*buf)[:n])
		if k > 0 {
			w, werr := c.scatter(&vec, (*buf)[:k])
			total += w
			if werr != nil {
				return total, werr
			}
		}
		if err != nil || k < n {
			return total, err
		}
	}
	return total, nil
}

// span is how many bytes the pieces have, at most limit.
func span(vec []iovec, limit int) int {
	n := 0
	for _, v := range vec {
		n += int(min(v.n, uint64(limit-n)))
	}
	return n
}

// ranges are the pieces as one system call takes them.
func ranges(vec []iovec) []guest.Range {
	out := make([]guest.Range, len(vec))
	for i, v := range vec {
		out[i] = guest.Range{Addr: v.addr, Len: int(v.n)}
	}
	return out
}

// scatter copies p to the front of the pieces and cuts that off.
func (c *call) scatter(vec *[]iovec, p []byte) (int, error) {
	total := 0
	for len(p) > 0 && len(*vec) > 0 {
		v := &(*vec)[0]
		n := int(min(v.n, uint64(len(p))))
		k, err := c.mem().WriteAt(p[:n], v.addr)
		total += k
		if err != nil {
			return total, err
		}
		p = p[n:]
		v.addr += uint64(n)
		if v.n -= uint64(n); v.n == 0 {
			*vec = (*vec)[1:]
		}
	}
	return total, nil
}

// fromGuest takes the guest's memory piece by piece to write, until it comes up short.
func (c *call) fromGuest(vec []iovec, write func(p []byte) (int, error)) (int, error) {
	buf := chunks.Get().(*[]byte)
	defer chunks.Put(buf)
	total := 0
	for len(vec) > 0 {
		n, gerr := c.gather(&vec, *buf)
		if n == 0 && gerr != nil {
			return total, gerr
		}
		k, err := write((*buf)[:n])
		total += k
		if err != nil || k < n || gerr != nil {
			if err == nil && total == 0 {
				err = gerr
			}
			return total, err
		}
	}
	return total, nil
}

// gather copies from the front of the pieces into buf and cuts that off.
func (c *call) gather(vec *[]iovec, buf []byte) (int, error) {
	total := 0
	for total < len(buf) && len(*vec) > 0 {
		v := &(*vec)[0]
		n := int(min(v.n, uint64(len(buf)-total)))
		k, err := c.mem().ReadAt(buf[total:total+n], v.addr)
		total += k
		if err != nil {
			return total, err
		}
		v.addr += uint64(n)
		if v.n -= uint64(n); v.n == 0 {
			*vec = (*vec)[1:]
		}
	}
	return total, nil
}
