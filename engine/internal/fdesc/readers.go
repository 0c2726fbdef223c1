// SPDX-License-Identifier: Apache-2.0

package fdesc

import (
	"runtime/debug"
	"time"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
)

// wholeAtOpen is the size of files, in bytes, that are read as a whole when they are opened for reading, if the file system wants
// that: the first read would fetch as much.
const wholeAtOpen = smallBuf

// minFresh is for how long a file must be known not to change behind our back, to be read natively: the file system is asked
// again as often.
const minFresh = time.Second

// ReadNatively prepares a file that was just opened for being read at a number of the read zone: read, pread and lseek on all
// its descriptors are the kernel's to do from now on, on the stand-in, which then has all of the contents and keeps them up to
// the last close. It is refused, and nothing has changed, unless
//   - the file is open for reading only, and all of it is cached or it is small and may be read now,
//   - its file system tells for how long the contents can be taken from the cache ([engine.NodeFreshener]),
//   - there is room: half of the page cache may be bound so.
//
// Whatever changes the file goes to the stand-in as soon as it is known here: what guests write, before their
// call returns; another size and what the file system says has changed, when it says so; and what it only tells who asks, when
// the time is over for which it said that it needs not be asked.
func (o *Open) ReadNatively(c engine.Call) bool {
	fresh, ok := o.Node.(engine.NodeFreshener)
	if !ok || o.ino == nil || o.direct || o.reader == nil || !o.mayRead() || o.mayWrite() ||
		o.Flags&unix.O_DIRECT != 0 || o.Node.Type() != unix.S_IFREG {
		return false
	}
	d := fresh.Fresh()
	ino := o.ino
	size := ino.cachedSize()
	small := size <= wholeAtOpen && fresh.Prefetches()
	if d >= 0 && d < minFresh || policy(o.Node) == engine.CacheOpen || !small && !ino.wholeLoaded(size) || !ino.bind(size) {
		return false
	}
	if err := o.pin(c, o.reader, extent{0, lastPage}, false); err == nil && ino.wholeLoaded(ino.cachedSize()) {
		o.readsNatively = true
		o.native.Store(true)
		if d >= 0 {
			ino.askAgain(d)
		}
		return true
	}
	ino.unpin(o)
	ino.unbind()
	return false
}

// ReadsNatively tells whether [Open.ReadNatively] was done, or the file has a backing.
func (o *Open) ReadsNatively() bool { return o.readsNatively || o.backing != nil }

func (ino *inode) cachedSize() int64 {
	ino.mu.RLock()
	defer ino.mu.RUnlock()
	return ino.size
}

func (ino *inode) readNatively() bool {
	ino.mu.RLock()
	defer ino.mu.RUnlock()
	return ino.readers > 0
}

// bind counts one more open file that reads natively, or returns false if there is no room for a file of that size.
func (ino *inode) bind(size int64) bool {
	ino.mu.Lock()
	defer ino.mu.Unlock()
	if ino.natives > 0 {
		return false
	}
	if ino.readers == 0 {
		l := &ino.s.cache
		if l.bound.Add(size) > l.limit.Load()/2 && size > 0 {
			l.bound.Add(-size)
			return false
		}
		ino.boundBytes = size
	}
	ino.readers++
	return true
}

// unbind undoes bind.
func (ino *inode) unbind() {
	ino.mu.Lock()
	defer ino.mu.Unlock()
	if ino.readers--; ino.readers > 0 {
		return
	}
	ino.s.cache.bound.Add(-ino.boundBytes)
	if ino.timer != nil {
		ino.timer.Stop()
		ino.timer = nil
	}
	if ino.lags && !ino.gone && ino.natives == 0 {
		ino.truncateStandIn(ino.size)
	}
	ino.lags = false
}

// askAgain has the file system asked whether the file has changed, after d and as long as the file is read natively.
func (ino *inode) askAgain(d time.Duration) {
	ino.mu.Lock()
	defer ino.mu.Unlock()
	if ino.timer == nil && ino.readers > 0 {
		ino.timer = time.AfterFunc(max(d-d/8, minFresh/2), ino.ask)
	}
}

// ask asks whether the file has changed. What has comes by [engine.Pages]. It waits for the file system as long as that takes,
// and nobody waits for it.
func (ino *inode) ask() {
	defer func() {
		if p := recover(); p != nil {
			ino.s.log(engine.LogErr, "panic without a guest: %v\n%s", p, debug.Stack())
		}
	}()
	fresh := ino.node.(engine.NodeFreshener)
	if err := fresh.Revalidate(ino.s.Background); err != nil {
		ino.s.log(engine.LogDebug, "%s: asking whether it has changed: %v", ino.base, err)
	}
	ino.mu.Lock()
	ino.timer = nil
	ino.mu.Unlock()
	ino.askAgain(max(fresh.Fresh(), minFresh))
}

// shown is where the stand-in ends. While a file is read natively that may be before the end of the file: what comes behind is
// shown when it is there, in order. ino.mu is held.
func (ino *inode) shown() int64 {
	var st unix.Stat_t
	if err := unix.Fstat(ino.fd, &st); err != nil {
		return ino.size
	}
	return st.Size
}

// show lets the stand-in end at size at least, of which everything before is loaded.
func (ino *inode) show(size int64) {
	ino.mu.Lock()
	defer ino.mu.Unlock()
	if ino.readers > 0 && ino.natives == 0 {
		if size = min(size, ino.size); size > ino.shown() {
			ino.truncateStandIn(size)
		}
	}
}

func (ino *inode) truncateStandIn(size int64) {
	if err := unix.Ftruncate(ino.fd, size); err != nil {
		ino.s.log(engine.LogErr, "stand-in %s: size %d: %v", ino.base, size, err)
	}
}
