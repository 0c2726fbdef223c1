// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"golang.org/x/sys/unix"
	"vuos.dev/engine"
	"vuos.dev/engine/internal/fdesc"
)

// streamed lets the kernel do a read or write on a stream, if its module agrees.
func (c *call) streamed(f *fdesc.Open, t *transfer) reply {
	size := 0
	for _, v := range t.vec {
		size += int(v.n)
	}
	if err := checkStream(c, f, t.write, size); err != nil {
		return c.result(err)
	}
	return native
}

func checkStream(c *call, f *fdesc.Open, write bool, size int) error {
	if ch, ok := f.File.(engine.StreamChecker); ok {
		return ch.Check(c, write, size)
	}
	return nil
}

// spliceStream is splice(2) with a stream at one end. What comes from a pipe is one message: the kernel would
// make several of it where it is more than 16 buffers (fs/splice.c:splice_to_socket()). done is
// false if there is no stream.
func (c *call) spliceStream() (r reply, done bool) {
	size := min(c.n.Args[4], chunkBytes)
	if f := c.file(c.fd(0)); f != nil && f.Stream() {
		if err := checkStream(c, f, false, int(size)); err != nil {
			return c.result(err), true
		}
		return native, true
	}
	f := c.file(c.fd(2))
	if f == nil || !f.Stream() {
		return r, false
	}
	if err := checkStream(c, f, true, int(size)); err != nil {
		return c.result(err), true
	}
	return c.withFD(c.fd(0), func(pipe int) reply {
		n, isPipe := pipeLevel(pipe, false)
		if !isPipe || n <= 0 {
			return native
		}
		return c.withFD(c.fd(2), func(stream int) reply { return c.message(pipe, stream, min(int(size), int(n))) })
	}), true
}

// message moves n bytes, which are there, from a pipe to a stream.
func (c *call) message(pipe, stream, n int) reply {
	c.Block()
	buf := chunks.Get().(*[]byte)
	defer chunks.Put(buf)
	p := (*buf)[:n]
	for got := 0; got < n; {
		k, err := unix.Read(pipe, p[got:])
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return c.result(err)
		}
		if k == 0 {
			p = p[:got]
			break
		}
		got += k
	}
	if err := unix.Sendto(stream, p, unix.MSG_NOSIGNAL, nil); err != nil {
		return c.result(err)
	}
	return ok(int64(len(p)))
}
