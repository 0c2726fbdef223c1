// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"runtime"

	"golang.org/x/sys/unix"
	"vuos.dev/engine"
	"vuos.dev/engine/internal/exec"
	"vuos.dev/engine/internal/fdesc"
	"vuos.dev/engine/internal/guest"
)

// streamed is a read or write on a stream: its module takes what is written, if it likes to; otherwise it is the kernel's
// to do, if the module agrees.
func (c *call) streamed(f *fdesc.Open, t *transfer) reply {
	size := 0
	for _, v := range t.vec {
		size += int(v.n)
	}
	if !t.write {
		return c.readStream(f, size)
	}
	w, isWriter := f.File.(engine.StreamWriter)
	if !isWriter {
		return native
	}
	if size > w.MaxMessage() {
		return fail(unix.EINVAL)
	}
	buf := chunks.Get().(*[]byte)
	defer chunks.Put(buf)
	p := (*buf)[:size]
	if !c.mem().ReadRanges(p, ranges(t.vec)) {
		if _, err := c.gather(&t.vec, p); err != nil {
			return c.result(err)
		}
	}
	return c.hand(w, p)
}

// hand gives a module one message.
func (c *call) hand(w engine.StreamWriter, p []byte) reply {
	if len(p) > w.MaxMessage() {
		return fail(unix.EINVAL)
	}
	if err := w.WriteMessage(c, p); err != nil {
		return c.result(err)
	}
	return ok(int64(len(p)))
}

// readStream lets the kernel do a read, if the module agrees.
func (c *call) readStream(f *fdesc.Open, room int) reply {
	if ch, ok := f.File.(engine.StreamReadChecker); ok {
		if err := ch.CheckRead(c, c.fd(0), room); err != nil {
			return c.result(err)
		}
	}
	return native
}

// restartRead has a thread that waits in a read of a stream begin it anew. One that is on its way there is running, and
// one that was just let in waits for the receiver: both are met a moment later.
func (s *Supervisor) restartRead(tid int) bool {
	for range restartTries {
		nr, fd, waits := guest.Waiting(tid)
		if !waits {
			if st := guest.State(tid); st != 'R' {
				return false
			}
			runtime.Gosched()
			continue
		}
		switch nr {
		case unix.SYS_READ, unix.SYS_READV, unix.SYS_SPLICE:
		default:
			return false
		}
		f := s.fileOf(tid, int(int32(fd)))
		return f != nil && f.Stream() && exec.Restart(tid, &s.Wait)
	}
	return false
}

// restartTries bounds how often a thread that runs is looked at: it may be doing anything.
const restartTries = 100

// statusChanged tells a stream of new status flags.
func (c *call) statusChanged(f *fdesc.Open, flags int) {
	if s, ok := f.File.(engine.StreamStatuser); ok {
		s.SetStatus(c, flags)
	}
}

// spliceStream is splice(2) with a stream at one end. What comes from a pipe is one message: the kernel would
// make several of it where it is more than 16 buffers (fs/splice.c:splice_to_socket()). done is
// false if there is no stream.
func (c *call) spliceStream() (r reply, done bool) {
	size := int(min(c.n.Args[4], chunkBytes))
	if f := c.file(c.fd(0)); f != nil && f.Stream() {
		return c.readStream(f, size), true
	}
	f := c.file(c.fd(2))
	if f == nil || !f.Stream() {
		return r, false
	}
	return c.withFD(c.fd(0), func(pipe int) reply {
		n, isPipe := pipeLevel(pipe, false)
		if !isPipe || n <= 0 {
			return native
		}
		return c.message(f, pipe, min(size, n))
	}), true
}

// message moves n bytes, which are there, from a pipe to a stream.
func (c *call) message(f *fdesc.Open, pipe, n int) reply {
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
	if w, isWriter := f.File.(engine.StreamWriter); isWriter {
		return c.hand(w, p)
	}
	return c.withFD(c.fd(2), func(stream int) reply {
		if err := unix.Sendto(stream, p, unix.MSG_NOSIGNAL, nil); err != nil {
			return c.result(err)
		}
		return ok(int64(len(p)))
	})
}
