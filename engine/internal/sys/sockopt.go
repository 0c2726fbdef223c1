// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"encoding/binary"
	"math"
	"time"

	"golang.org/x/sys/unix"
	"vuos.dev/engine"
	"vuos.dev/engine/internal/sockfd"
)

// maxOption is the longest value of an option in bytes, apart from a filter.
const maxOption = 64 << 10

// sysGetsockopt is getsockopt(fd, level, name, value, len).
func sysGetsockopt(c *call) reply {
	x := c.socket(c.fd(0))
	if x == nil {
		return native
	}
	var l [4]byte
	if _, err := c.mem().ReadAt(l[:], c.n.Args[4]); err != nil {
		return c.result(err)
	}
	size := int32(binary.NativeEndian.Uint32(l[:]))
	if size < 0 {
		return fail(unix.EINVAL)
	}
	level, name := c.fd(1), c.fd(2)
	v, err := c.optionValue(x, level, name, min(int(size), maxOption))
	if err != nil {
		return c.result(err)
	}
	if level == unix.SOL_SOCKET && name == unix.SO_ERROR {
		c.errorTaken(x, v)
	}
	if _, err := c.mem().WriteAt(v, c.n.Args[3]); err != nil {
		return c.result(err)
	}
	binary.NativeEndian.PutUint32(l[:], uint32(len(v)))
	_, err = c.mem().WriteAt(l[:], c.n.Args[4])
	return c.result(err)
}

// optionValue is what getsockopt(2) returns in size bytes, which may hold a question.
func (c *call) optionValue(x *sockfd.Socket, level, name, size int) ([]byte, error) {
	if a, ok := x.Socket.(engine.SocketAsker); ok {
		var b [8]byte
		q := b[:min(size, len(b))]
		if _, err := c.mem().ReadAt(q, c.n.Args[3]); err == nil {
			if v, asked, err := a.Ask(c, level, name, q); asked {
				return v[:min(len(v), size)], err
			}
		}
	}
	return x.Getsockopt(c, level, name, size)
}

// errorTaken takes the error that the guest was told from the stand-in as well.
func (c *call) errorTaken(x *sockfd.Socket, value []byte) {
	if !x.IsStream() {
		c.settle(x, 0)
		return
	}
	for _, b := range value {
		if b != 0 {
			c.withFD(c.fd(0), func(own int) reply {
				x.ClearError(own)
				return native
			})
			return
		}
	}
}

// sysSetsockopt is setsockopt(fd, level, name, value, len).
func sysSetsockopt(c *call) reply {
	x := c.socket(c.fd(0))
	if x == nil {
		return native
	}
	level, name, size := c.fd(1), c.fd(2), int32(c.n.Args[4])
	if size < 0 || size > maxOption {
		return fail(unix.EINVAL)
	}
	v := make([]byte, size)
	if _, err := c.mem().ReadAt(v, c.n.Args[3]); err != nil {
		return c.result(err)
	}
	if level == unix.SOL_SOCKET && name == unix.SO_ATTACH_FILTER {
		var err error
		if v, err = c.filterProgram(v); err != nil {
			return c.result(err)
		}
	}
	if err := x.Setsockopt(c, level, name, v); err != nil {
		return c.result(err)
	}
	if level == unix.SOL_SOCKET {
		c.setTimeout(x, name, v)
	}
	return ok(0)
}

// filterProgram is the program that a struct sock_fprog points to.
func (c *call) filterProgram(v []byte) ([]byte, error) {
	const sizeFprog, sizeFilter, maxInsns = 16, 8, 4096
	if len(v) != sizeFprog {
		return nil, unix.EINVAL
	}
	n := int(binary.NativeEndian.Uint16(v))
	if n == 0 || n > maxInsns {
		return nil, unix.EINVAL
	}
	code := make([]byte, n*sizeFilter)
	_, err := c.mem().ReadAt(code, binary.NativeEndian.Uint64(v[8:]))
	return code, err
}

// setTimeout notes SO_RCVTIMEO and SO_SNDTIMEO, which the stack has found good. For the data of a stream the kernel
// obeys them.
func (c *call) setTimeout(x *sockfd.Socket, name int, v []byte) {
	to := &x.SendTimeout
	switch name {
	case unix.SO_RCVTIMEO_OLD, unix.SO_RCVTIMEO_NEW:
		to = &x.ReceiveTimeout
	case unix.SO_SNDTIMEO_OLD, unix.SO_SNDTIMEO_NEW:
	default:
		return
	}
	if len(v) < 16 {
		return
	}
	sec, usec := int64(binary.NativeEndian.Uint64(v)), int64(binary.NativeEndian.Uint64(v[8:]))
	if sec < 0 || sec > math.MaxInt64/int64(time.Second)-1 {
		sec, usec = 0, 0
	}
	to.Store(sec*int64(time.Second) + usec*int64(time.Microsecond))
	if x.IsStream() {
		c.withFD(c.fd(0), func(own int) reply {
			return c.result(unix.SetsockoptTimeval(own, unix.SOL_SOCKET, name, &unix.Timeval{Sec: sec, Usec: usec}))
		})
	}
}
