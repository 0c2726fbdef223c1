// SPDX-License-Identifier: Apache-2.0

package client

import (
	"maps"
	"slices"
	"sync"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
	"vuos.dev/vufuse/proto"
)

// allEvents is what poll(2) can be asked for (include/uapi/asm-generic/poll.h: POLLIN to POLLWRBAND).
const allEvents = 0x3df

// Poll implements [engine.FilePoller] (fs/fuse/file.c:fuse_file_poll()). A file of which there are contents in the page cache is
// always ready. Nothing tells who waits: a notification is always asked for.
func (f *file) Poll(c engine.Call, changed func()) (events uint32, err error) {
	fs := f.n.fs
	if f.open&(proto.OpenDirectIO|proto.OpenNonseekable) == 0 || fs.lacks(proto.Poll) {
		return 0, unix.EOPNOTSUPP
	}
	in := &proto.PollIn{Fh: f.fh, Kh: f.handleOf(changed), Flags: proto.PollNotify, Events: allEvents}
	var out proto.PollOut
	err = fs.optional(c, &Request{Op: proto.Poll, Node: f.n.id, In: in, Out: &out}, unix.EOPNOTSUPP)
	return out.Revents, err
}

// handleOf is the number by which the server tells that the readiness has changed.
func (f *file) handleOf(changed func()) uint64 {
	if kh := f.polled.Load(); kh != 0 {
		return kh
	}
	f.polled.CompareAndSwap(0, f.n.fs.polled.add(changed))
	return f.polled.Load()
}

// polledFiles are the open files whose readiness somebody wants to know (struct fuse_conn, polled_files).
type polledFiles struct {
	mu      sync.Mutex
	last    uint64
	changed map[uint64]func()
}

func (p *polledFiles) add(changed func()) uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.changed == nil {
		p.changed = make(map[uint64]func())
	}
	p.last++
	p.changed[p.last] = changed
	return p.last
}

func (p *polledFiles) remove(kh uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.changed, kh)
}

// Poll implements [proto.Notifier] (fs/fuse/file.c:fuse_notify_poll_wakeup()): a number that is not known is not an error.
func (fs *FS) Poll(kh uint64) {
	fs.polled.mu.Lock()
	changed := fs.polled.changed[kh]
	fs.polled.mu.Unlock()
	if changed != nil {
		changed()
	}
}

// Ended implements [Notifier] (fs/fuse/dev.c:end_polls()): who waits for a file finds that it fails.
func (fs *FS) Ended() {
	fs.polled.mu.Lock()
	all := slices.Collect(maps.Values(fs.polled.changed))
	fs.polled.mu.Unlock()
	for _, changed := range all {
		changed()
	}
}
