// SPDX-License-Identifier: Apache-2.0

package fdesc

import (
	"fmt"
	"runtime/debug"
	"strconv"
	"sync"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
)

// readiness makes the stand-in of one open file poll as the file does. It is a fifo of which umvu holds both ends: it is readable
// as long as there is something in it, writable as long as it is not full, and broken when umvu lets go of it
// (fs/pipe.c:pipe_poll()). What that cannot show are urgent data, and of a file open for reading and writing
// an error, or that it is neither readable nor writable: it is writable then.
type readiness struct {
	s      *Store
	poller engine.FilePoller
	call   engine.Call // for what no guest asks for
	base   string      // name in Store.Dir
	first  uint32      // events before the guest has it
	access int         // of the guest

	// Guarded by busy, which is held while the file is asked.
	busy  sem
	fd    int // umvu's descriptor; -1 while the fifo is broken
	level int

	mu      sync.Mutex
	changed bool // it is to be asked again
	asking  bool // a goroutine does so
	ended   bool
}

// Levels of the fifo, in buffers (struct pipe_buffer) of one page each.
const (
	levelEmpty = 0
	levelSome  = 1
	levelFull  = 2
)

// Events that mean the same to who polls (include/uapi/asm-generic/poll.h: POLLRDNORM, POLLWRNORM).
const (
	pollIn     = unix.POLLIN | 0x40
	pollOut    = unix.POLLOUT | 0x100
	pollBroken = unix.POLLERR | unix.POLLHUP
)

// newReadiness makes the stand-in for o, and a link to it. It is nil for a file that is always ready.
func (s *Store) newReadiness(c engine.Call, o *Open) (*readiness, link, error) {
	poller, ok := o.File.(engine.FilePoller)
	if !ok || o.Flags&unix.O_PATH != 0 || o.Flags&accessMode == unix.O_ACCMODE {
		return nil, link{}, nil
	}
	r := &readiness{
		s: s, poller: poller, call: o.Background, access: o.Flags & accessMode, busy: newSem(), fd: -1,
		base: "i/" + strconv.FormatUint(s.nextID.Add(1), 10),
	}
	events, err := poller.Poll(c, r.news)
	if err == unix.EOPNOTSUPP {
		return nil, link{}, nil
	}
	if merr := unix.Mkfifoat(s.dirfd, r.base, 0o600); merr != nil {
		return nil, link{}, fmt.Errorf("stand-in: %w", merr)
	}
	l, lerr := s.links.file(r.base, false)
	if lerr == nil {
		if lerr = r.mend(); lerr == nil { // which the guest's open would wait for
			r.first = eventsOf(events, err)
			return r, l, nil
		}
		s.links.remove(l, 0)
	}
	r.end()
	return nil, link{}, lerr
}

// opened shows how the file was when it was opened.
func (r *readiness) opened() {
	if r != nil {
		r.busy <- struct{}{}
		r.show(r.first, false)
		r.busy.unlock()
	}
}

// Polls tells whether the file is one that is waited for.
func (o *Open) Polls() bool { return o.ready != nil }

// Used says that a guest has done something with the file that may change its readiness.
func (o *Open) Used(c engine.Call) { o.ready.update(c) }

// update shows what is true after c has used the file. If c is interrupted it is shown soon.
func (r *readiness) update(c engine.Call) {
	if r != nil && r.ask(c, false) != nil {
		r.news()
	}
}

// ask asks the file and shows the answer. Errors: EINTR.
func (r *readiness) ask(c engine.Call, edge bool) error {
	if err := r.busy.lock(c); err != nil {
		return err
	}
	defer r.busy.unlock()
	if r.over() {
		return nil
	}
	events, err := r.poller.Poll(c, r.news)
	if err == unix.EINTR {
		return err
	}
	if !r.over() {
		r.show(eventsOf(events, err), edge)
	}
	return nil
}

// eventsOf are the events of a file that was asked.
func eventsOf(events uint32, err error) uint32 {
	if err != nil {
		return unix.POLLERR
	}
	return events
}

// news has the file asked soon. It never waits.
func (r *readiness) news() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.changed = true
	if !r.asking && !r.ended {
		r.asking = true
		go r.follow()
	}
}

// follow asks until there is no more news.
func (r *readiness) follow() {
	defer func() {
		if p := recover(); p != nil {
			r.s.log(engine.LogErr, "panic without a guest: %v\n%s", p, debug.Stack())
		}
	}()
	for r.more() {
		if err := r.ask(r.call, true); err != nil {
			r.s.log(engine.LogDebug, "%s: readiness: %v", r.base, err)
		}
	}
}

// more takes the news.
func (r *readiness) more() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asking = r.changed && !r.ended
	r.changed = false
	return r.asking
}

func (r *readiness) over() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.ended
}

// show makes the fifo poll as events say. With edge, who waits for the next event (EPOLLET) gets one. busy is held,
// or nobody knows r yet.
func (r *readiness) show(events uint32, edge bool) {
	broken := events&pollBroken != 0
	in, out := broken || events&pollIn != 0, broken || events&pollOut != 0
	want := levelEmpty
	switch {
	case r.access == unix.O_WRONLY && !out, r.access == unix.O_RDWR && in && !out:
		want = levelFull
	case r.access != unix.O_WRONLY && in:
		want = levelSome
	}
	if r.fd < 0 && (!broken || r.level != want) {
		if err := r.mend(); err != nil {
			r.s.log(engine.LogErr, "stand-in %s: %v", r.base, err)
			return
		}
	}
	r.fill(want, edge)
	if broken && r.fd >= 0 {
		unix.Close(r.fd)
		r.fd = -1
	}
}

// fill brings the fifo to a level. It does not become empty on the way from one to another that is not.
func (r *readiness) fill(want int, edge bool) {
	if edge && r.level == want {
		switch want {
		case levelSome:
			r.move(+1)
			r.move(-1)
		case levelFull:
			r.move(-1)
			r.move(+1)
		}
	}
	r.move(want - r.level)
	r.level = want
}

// move puts n pages into the fifo, each of which takes one buffer, or takes -n out. Who waits is woken once.
func (r *readiness) move(n int) {
	var pages [levelFull * pageSize]byte
	var err error
	switch {
	case n > 0:
		_, err = unix.Write(r.fd, pages[:n*pageSize])
	case n < 0:
		_, err = unix.Read(r.fd, pages[:-n*pageSize])
	}
	if err != nil {
		r.s.log(engine.LogErr, "stand-in %s: %v", r.base, err)
	}
}

// mend takes hold of the fifo again. It has kept what was in it as long as the guest has it open, and does not poll as empty in between.
func (r *readiness) mend() (err error) {
	r.fd, err = unix.Openat(r.s.dirfd, r.base, unix.O_RDWR|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		r.fd = -1
		return err
	}
	n, err := unix.IoctlGetInt(r.fd, unix.TIOCINQ)
	if err != nil {
		return err
	}
	r.level = n / pageSize
	_, err = unix.FcntlInt(uintptr(r.fd), unix.F_SETPIPE_SZ, levelFull*pageSize)
	return err
}

// end is the last close. A question that is under way is not waited for: its answer is nothing to anybody.
func (r *readiness) end() {
	if r == nil {
		return
	}
	r.mu.Lock()
	r.ended = true
	r.mu.Unlock()
	go func() {
		r.busy <- struct{}{}
		if r.fd >= 0 {
			unix.Close(r.fd)
		}
	}()
	if err := unix.Unlinkat(r.s.dirfd, r.base, 0); err != nil {
		r.s.log(engine.LogWarning, "stand-in %s: %v", r.base, err)
	}
}
