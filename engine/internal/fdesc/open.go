// SPDX-License-Identifier: Apache-2.0

package fdesc

import (
	"fmt"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
)

// Spec describes a virtual open.
type Spec struct {
	Node  engine.Node
	File  engine.File // nil for O_PATH
	Flags int         // the guest's open flags
	Owner any         // the caller's own: mount, path

	// Background is the call with which the file is written back and released when the
	// guests are gone. nil: the store's.
	Background engine.Call

	// Unwatched says that nobody wants to know when guests read: they may do it natively.
	Unwatched bool

	// OnClose is called at the last close, before anything else. It must be quick.
	OnClose func()

	// OnRelease is called after File.Release, from any goroutine.
	OnRelease func()
}

// Open is a virtual open file description.
type Open struct {
	Spec
	s      *Store
	ino    *inode // nil for a directory or a stream
	link   link
	stream uint64     // inode number of the socket
	ready  *readiness // of a file that is not always ready

	// Guarded by Store.mu: links besides the first ([Open.Alias]), and how many of all are open.
	aliases []link
	open    int

	reader engine.FileReader
	writer engine.FileWriter
	direct bool // past the page cache (CacheNone)

	status atomic.Int64 // status flags last known
	native atomic.Bool  // materialized or read natively; changes with posLock held or before the guest has it
	seenWB atomic.Uint64
	ra     readahead

	using    sync.RWMutex // held for reading by Use
	released bool         // guarded by using

	posLock sem
	pos     int64 // offset; guarded by posLock

	// Guarded by ino.mu: page ranges that are mapped, and those of them shared and writable.
	pins, dirty extents
	owns        bool // materialized

	readsNatively bool     // [Open.ReadNatively]; changes before the guest has it
	backing       *backing // nil if there is a stand-in; changes before the guest has it
}

const accessMode = unix.O_ACCMODE

// standInFlags are the flags that a stand-in is opened with if the guest gave them.
// O_PATH is not among them: such descriptors cannot be installed.
const standInFlags = unix.O_ACCMODE | unix.O_APPEND | unix.O_NONBLOCK | unix.O_DSYNC | unix.O_SYNC | unix.O_LARGEFILE

// kernelFlags are the flags for what the guest gets. A device knows nothing of O_APPEND.
func (o *Open) kernelFlags() int {
	flags := o.Flags & standInFlags
	if o.Flags&unix.O_PATH != 0 {
		flags = unix.O_RDONLY
	}
	if o.Device() {
		flags &^= unix.O_APPEND
	}
	return flags | unix.O_CLOEXEC | unix.O_NOCTTY
}

func newOpen(s *Store, spec Spec) *Open {
	o := &Open{Spec: spec, s: s, posLock: newSem()}
	o.reader, _ = spec.File.(engine.FileReader)
	o.writer, _ = spec.File.(engine.FileWriter)
	o.status.Store(int64(spec.Flags))
	if o.Background == nil {
		o.Background = s.Background
	}
	return o
}

// Open makes the kernel object for a virtual open file. fd is to be installed in the guest and then closed; if
// it is closed without that, the file is released. After an error File was not released.
//
// Errors: ENFILE, EMFILE or ENOMEM without resources, those of Node.Stat.
func (s *Store) Open(c engine.Call, spec Spec) (*Open, int, error) {
	o := newOpen(s, spec)
	flags := 0
	fd, err := -1, error(nil)
	if spec.Node.Type() == unix.S_IFDIR {
		o.link, err = s.links.dir()
		flags = unix.O_DIRECTORY
	} else {
		fd, err = o.attach(c)
	}
	if err != nil {
		return nil, -1, err
	}
	s.mu.Lock()
	s.opens[o.link.id] = o
	o.open = 1
	s.live.Add(1)
	if o.backing != nil {
		s.backings.add(o.backing)
	}
	s.mu.Unlock()
	if o.backing != nil {
		go o.awaitClose()
		return o, fd, nil
	}
	fd, err = unix.Openat(s.dirfd, o.link.name(), flags|o.kernelFlags(), 0)
	if err != nil {
		s.forget(o)
		o.ready.end()
		o.detach()
		return nil, -1, fmt.Errorf("stand-in: %w", err)
	}
	o.ready.opened()
	return o, fd, nil
}

// attach binds o to the inode of its node, and takes a link to its stand-in unless it has a backing, of which fd is the guest's
// descriptor then.
func (o *Open) attach(c engine.Call) (fd int, err error) {
	ino, err := o.s.inode(o.Node)
	if err != nil {
		return -1, err
	}
	o.ino = ino
	o.direct = policy(o.Node) == engine.CacheNone
	if o.File != nil && !o.direct {
		if err := o.freshen(c); err != nil {
			o.s.put(ino)
			return -1, err
		}
	}
	ino.mu.RLock()
	o.seenWB.Store(ino.wbSeq)
	ino.mu.RUnlock()
	if fd := o.openBacking(); fd >= 0 {
		return fd, nil
	}
	if o.ready, o.link, err = o.s.newReadiness(c, o); o.ready == nil && err == nil {
		o.link, err = ino.takeLink()
	}
	if err != nil {
		o.s.put(ino)
	}
	return -1, err
}

// freshen drops what may not be used by a new open, and takes the size over.
func (o *Open) freshen(c engine.Call) error {
	ino := o.ino
	drop := policy(o.Node) == engine.CacheOpen
	if drop || o.Flags&unix.O_TRUNC != 0 {
		ino.invalidate(pagesOf(0, -1))
	}
	_, err := ino.refresh(c, o)
	if err == nil && drop && ino.readNatively() {
		err = ino.reload(c, pagesOf(0, -1))
	}
	return err
}

func policy(n engine.Node) engine.CachePolicy {
	if p, ok := n.(engine.NodeCacher); ok {
		return p.Cache()
	}
	if n.Type() == unix.S_IFREG {
		return engine.CacheKeep
	}
	return engine.CacheNone
}

// detach undoes attach.
func (o *Open) detach() {
	switch {
	case o.stream != 0:
	case o.ino == nil:
		o.s.links.putDir(o.link)
	case o.backing != nil:
		o.backing.put(o.s)
		o.s.put(o.ino)
	default:
		if o.ready != nil {
			o.s.links.remove(o.link, 0)
		} else {
			o.ino.putLink(o.link)
		}
		for _, l := range o.aliases {
			o.ino.putLink(l)
		}
		o.s.put(o.ino)
	}
}

// SetStatus tells the status flags (O_APPEND, O_NONBLOCK, ...) that fcntl(F_SETFL) set, for calls without a
// descriptor.
func (o *Open) SetStatus(flags int) { o.status.Store(int64(flags)) }

// statusFlags looks at fd, a descriptor of the open file, or at what was last known if fd is -1.
func (o *Open) statusFlags(fd int) int {
	if fd >= 0 {
		if fl, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0); err == nil {
			return fl
		}
	}
	return int(o.status.Load())
}

// Native tells whether the file was materialized or is read natively: read, write and lseek on its descriptors are
// the kernel's to do.
func (o *Open) Native() bool { return o.native.Load() }

// Stream tells whether the file is a stream: read and write on its descriptors are the kernel's to do.
func (o *Open) Stream() bool { return o.stream != 0 }

func (o *Open) mayRead() bool {
	return o.Flags&unix.O_PATH == 0 && o.Flags&accessMode != unix.O_WRONLY
}

func (o *Open) mayWrite() bool {
	return o.Flags&unix.O_PATH == 0 && o.Flags&accessMode != unix.O_RDONLY
}

// cached tells whether data goes through the page cache: of a file without one, only while a
// mapping makes the stand-in the truth.
func (o *Open) cached() bool {
	return o.ino != nil && (!o.direct || o.ino.pinned.Load() > 0)
}
