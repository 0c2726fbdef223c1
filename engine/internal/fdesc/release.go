// SPDX-License-Identifier: Apache-2.0

package fdesc

import (
	"os"
	"runtime/debug"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
)

// Release ends a stream, or another open file if its last close is known otherwise. It returns at once; File.Release
// is called from another goroutine. Only the first call counts.
func (o *Open) Release() { o.s.begin(o) }

// forget takes o out of the tables; false if it was not there any more.
func (s *Store) forget(o *Open) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case o.stream != 0 && s.streams[o.stream] == o:
		delete(s.streams, o.stream)
	case o.stream == 0 && o.open > 0:
		o.open = 0
		delete(s.opens, o.link.id)
		if o.backing != nil {
			s.backings.remove(o.backing)
		}
		for _, l := range o.aliases {
			delete(s.opens, l.id)
		}
	default:
		return false
	}
	s.live.Add(-1)
	return true
}

// Use runs f while the file is not released; it does nothing if it is on its way.
func (o *Open) Use(f func() error) error {
	o.using.RLock()
	defer o.using.RUnlock()
	if o.released {
		return nil
	}
	return f()
}

// begin starts the release of o.
func (s *Store) begin(o *Open) {
	s.releases.add(1)
	if !s.forget(o) {
		s.releases.add(-1)
		return
	}
	if o.OnClose != nil {
		o.OnClose()
	}
	if o.ino != nil {
		o.ino.releasing.add(1)
	}
	s.spawn(o.finish)
}

// spawn runs f, which calls modules, with a place in releases that was taken for it.
func (s *Store) spawn(f func()) {
	go func() {
		defer s.releases.add(-1)
		defer func() {
			if p := recover(); p != nil {
				s.log(engine.LogErr, "panic without a guest: %v\n%s", p, debug.Stack())
			}
		}()
		f()
	}()
}

func (o *Open) finish() {
	if o.ino != nil {
		defer o.ino.releasing.add(-1)
	}
	if o.OnRelease != nil {
		defer o.OnRelease()
	}
	defer o.detach()
	c := o.Background
	o.ready.end()
	if o.ino != nil {
		o.ino.lastClose(c, o)
	}
	if o.File != nil {
		o.using.Lock()
		o.released = true
		o.using.Unlock()
		o.File.Release(c)
	}
}

// lastClose writes back what o had mapped and gives its pages free.
func (ino *inode) lastClose(c engine.Call, o *Open) {
	o.adoptBacking(c)
	ino.mu.RLock()
	dirty := len(o.dirty) > 0
	ino.mu.RUnlock()
	if dirty {
		// The error was logged, and waits for the next fsync.
		_ = ino.writeBack(c, o, 0, lastPage)
	}
	ino.unpin(o)
	if o.readsNatively {
		ino.unbind()
	}
	if o.direct && ino.pinned.Load() == 0 {
		ino.Invalidate(0, -1)
	}
}

// background is a call of umvu's own.
type background struct{}

func (background) PID() int                     { return os.Getpid() }
func (background) TID() int                     { return os.Getpid() }
func (background) Umask() uint32                { return 0o022 }
func (background) View() engine.View            { return nil }
func (background) Block()                       {}
func (background) Interrupted() <-chan struct{} { return nil }

func (b background) IDs() *engine.IDs { return &b.Cred().IDs }

func (background) Cred() *engine.Cred {
	return &engine.Cred{IDs: engine.SameIDs(uint32(unix.Geteuid()), uint32(unix.Getegid()))}
}
