// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"os"
	"sync"

	"golang.org/x/sys/unix"
	"vuos.dev/engine"
	"vuos.dev/engine/internal/task"
	"vuos.dev/engine/internal/view"
)

// moduleHost is the engine as a module sees it.
type moduleHost struct {
	s    *Supervisor
	tag  byte
	view *view.View
}

var _ engine.Host = (*moduleHost)(nil)

func (h *moduleHost) Logf(l engine.Level, format string, a ...any) { h.s.log.Logf(l, format, a...) }
func (h *moduleHost) Debugf(format string, a ...any)               { h.s.log.Debugf(h.tag, format, a...) }
func (h *moduleHost) Background() engine.Call                      { return &ownCall{h.s, h.view} }
func (h *moduleHost) Pages(n engine.Node) engine.Pages             { return h.s.files.Pages(n) }
func (h *moduleHost) AnonDev() uint64                              { return h.s.devs.take() }
func (h *moduleHost) FreeDev(dev uint64)                           { h.s.devs.give(dev) }
func (h *moduleHost) Settle(c engine.Call)                         { h.s.files.Drain(c) }

// Restart implements engine.Host.
func (h *moduleHost) Restart(tid int) bool { return h.s.restartRead(tid) }

// Attach implements engine.Host.
func (h *moduleHost) Attach(point, fstype string, fs engine.FileSystem) func() error {
	m := h.s.attach(h.view, view.Info{Source: fstype, Type: fstype, FS: fs}, point)
	return func() error {
		c := newCall(h.s)
		c.n.PID, c.blocked = uint32(os.Getpid()), true
		c.state = &task.State{View: h.view}
		if partOfOther(m) {
			return c.umount(m, unix.MNT_DETACH)
		}
		return c.umount(m, 0)
	}
}

func (h *moduleHost) Spawn(c engine.Call, p *engine.Program) (engine.Process, error) {
	return h.s.spawnFor(c, p)
}

// ownCall is a call that umvu makes for itself in a view.
type ownCall struct {
	s    *Supervisor
	view *view.View
}

// background is a call of umvu's own in the first view.
func (s *Supervisor) background() engine.Call { return &ownCall{s, s.tasks.First().View} }

// callFor is a call of umvu's own that a guest's call waits for: it may wait as that one may.
type callFor struct {
	ownCall
	guest *call
}

// asOwn is c with umvu's own credentials.
func (c *call) asOwn() engine.Call { return &callFor{ownCall{c.s, c.task().View}, c} }

var _ engine.Sleeper = (*callFor)(nil)

func (o *callFor) Block()                       { o.guest.Block() }
func (o *callFor) Interrupted() <-chan struct{} { return o.guest.Interrupted() }
func (o *callFor) Sleep(interruptible bool)     { o.guest.Sleep(interruptible) }
func (o *callFor) Wake(by engine.Call)          { o.guest.Wake(by) }

func (o *ownCall) PID() int                     { return os.Getpid() }
func (o *ownCall) TID() int                     { return os.Getpid() }
func (o *ownCall) IDs() *engine.IDs             { return &o.s.own.IDs }
func (o *ownCall) Cred() *engine.Cred           { return &o.s.own }
func (o *ownCall) Umask() uint32                { return 0o022 }
func (o *ownCall) View() engine.View            { return o.s.forModules(o.view) }
func (o *ownCall) Block()                       {}
func (o *ownCall) Interrupted() <-chan struct{} { return nil }

// devNumbers are the device numbers of file systems without a device: major 0, like the
// kernel's anonymous ones, but from the top of the minors.
type devNumbers struct {
	mu   sync.Mutex
	used map[uint32]bool
	next uint32
}

const topMinor = 1<<20 - 1

func (d *devNumbers) take() uint64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.used == nil {
		d.used = map[uint32]bool{}
	}
	for d.used[topMinor-d.next] {
		d.next = (d.next + 1) & (topMinor >> 1)
	}
	n := topMinor - d.next
	d.used[n] = true
	return unix.Mkdev(0, n)
}

func (d *devNumbers) give(dev uint64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.used, unix.Minor(dev))
}
