// SPDX-License-Identifier: Apache-2.0

package sockfd

import (
	"os"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
)

// Table has all sockets of stacks that guests have open.
type Table struct {
	dir string // private, for the names of listening sockets
	log func(level engine.Level, format string, a ...any)
	own engine.Call // with which sockets are served when no guest calls

	live    atomic.Int64
	next    atomic.Uint64
	closing atomic.Int64 // sockets that are closed but not yet released
	ended   signal       // one of them is

	mu    sync.RWMutex
	byIno map[uint64]*Socket
	byWd  map[int32]*Socket
	watch *watcher // made with the first socket
	pair  *pairer
}

// NewTable makes a table. Names of sockets are made in dir, which nobody else may enter; own is a call of umvu's.
func NewTable(dir string, own engine.Call, log func(engine.Level, string, ...any)) *Table {
	return &Table{dir: dir, log: log, own: own, byIno: map[uint64]*Socket{}, byWd: map[int32]*Socket{}}
}

// Live is how many sockets there are. It costs nothing.
func (t *Table) Live() int64 { return t.live.Load() }

const (
	linkPrefix = "socket:["
	inoDigits  = 18
)

// ByLink finds a socket by the text of /proc/TID/fd/N, or returns nil.
func (t *Table) ByLink(text []byte) *Socket {
	n := len(text)
	if n <= len(linkPrefix)+1 || n > len(linkPrefix)+inoDigits || string(text[:len(linkPrefix)]) != linkPrefix {
		return nil
	}
	ino := uint64(0)
	for _, d := range text[len(linkPrefix) : n-1] {
		ino = ino*10 + uint64(d-'0')
	}
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.byIno[ino]
}

// enter registers the socket whose stand-in is fd, and watches for its last close.
func (t *Table) enter(x *Socket, fd int) error {
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.watch == nil {
		w, err := newWatcher(t)
		if err != nil {
			return err
		}
		t.watch = w
	}
	wd, err := t.watch.add(fd)
	if err != nil {
		return err
	}
	x.ino, x.wd = st.Ino, wd
	if n, ok := x.Socket.(engine.SocketNumberer); ok {
		n.Number(x.ino)
	}
	t.byIno[x.ino], t.byWd[wd] = x, x
	t.live.Add(1)
	x.use.Get()
	return nil
}

// closed is called when the last descriptor of a stand-in is closed.
func (t *Table) closed(wd int32) {
	t.mu.Lock()
	x := t.byWd[wd]
	if x != nil {
		delete(t.byWd, wd)
		delete(t.byIno, x.ino)
		t.live.Add(-1)
		t.closing.Add(1)
	}
	t.mu.Unlock()
	if x == nil {
		return
	}
	go func() {
		x.end()
		x.use.Put()
		t.closing.Add(-1)
		t.ended.raise()
	}()
}

// all is the sockets there are now.
func (t *Table) all() []*Socket {
	t.mu.RLock()
	defer t.mu.RUnlock()
	out := make([]*Socket, 0, len(t.byIno))
	for _, x := range t.byIno {
		out = append(out, x)
	}
	return out
}

// Drain waits until the closes that have happened are known and what was written before them was handed to the
// stacks, but not longer than d.
func (t *Table) Drain(d time.Duration) {
	t.mu.RLock()
	w := t.watch
	t.mu.RUnlock()
	if w == nil {
		return
	}
	w.drain()
	for late := time.After(d); ; {
		ended := t.ended.wait()
		if t.closing.Load() == 0 {
			return
		}
		select {
		case <-ended:
		case <-late:
			return
		}
	}
}

// nonblocking makes the file through which umvu's end of a stand-in is used.
func nonblocking(fd int, name string) (*os.File, error) {
	if err := unix.SetNonblock(fd, true); err != nil {
		unix.Close(fd)
		return nil, err
	}
	return os.NewFile(uintptr(fd), name), nil
}
