// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"os"
	"strconv"

	"golang.org/x/sys/unix"
	"vuos.dev/engine"
	"vuos.dev/engine/internal/fdesc"
	"vuos.dev/engine/internal/guest"
	"vuos.dev/engine/internal/host"
	"vuos.dev/engine/internal/seccomp"
	"vuos.dev/engine/internal/task"
)

// call is one system call of a guest. What it knows of the guest is looked up when it is
// first asked for. It implements engine.Call and host.Caller.
type call struct {
	s       *Supervisor
	n       seccomp.Notif
	row     *row
	state   *task.State
	thread  *guest.Thread // kept from call to call by a receiver, or nil
	who     guest.Identity
	known   bool // who is
	mayAll  bool // the guest may do what umvu may; checked is whether that is known
	checked bool
	status  *guest.Status
	blocked bool
	watched bool  // within MayWait
	outer   *call // the call that this one is part of, or nil
	rootFD  int
	intr    *interrupt
	worker  *worker        // that handles it; nil for one that was not received
	leave   func(why) bool // the worker leaves its goroutine, see Sleep
	sleep   sleep
	path    [guest.PathMax]byte
	path2   [guest.PathMax]byte
	info    [512]byte
	// What the kernel tells of the descriptor that file was last asked for, if that is of the host's file: in info.
	told []byte
}

var (
	_ engine.Call  = (*call)(nil)
	_ host.Caller  = (*call)(nil)
	_ host.Patient = (*call)(nil)
)

const noRoot = -1 // no descriptor of the guest's root was opened

func newCall(s *Supervisor) *call { return &call{s: s, rootFD: noRoot} }

// finish forgets the call that was answered. It returns whether it had to wait, so that
// another goroutine is the receiver by now.
func (c *call) finish() (blocked bool) {
	if c.rootFD >= 0 {
		unix.Close(c.rootFD)
	}
	if c.intr != nil {
		c.s.interrupts.drop(c.intr)
		c.intr = nil
	}
	blocked, c.blocked = c.blocked, false
	c.state, c.status, c.rootFD = nil, nil, noRoot
	c.known, c.checked = false, false
	return blocked
}

func (c *call) name() string {
	if nr := int(c.n.NR); nr >= 0 && nr < maxNr {
		return c.s.rows[nr].name
	}
	return "syscall " + strconv.Itoa(int(c.n.NR))
}

// task is the state of the calling process.
func (c *call) task() *task.State {
	if c.state == nil {
		c.state = c.s.tasks.Of(c.TID())
	}
	return c.state
}

// setTask changes the state of the calling process.
func (c *call) setTask(change func(*task.State)) error {
	c.state = nil
	return c.s.tasks.Change(c.TID(), change)
}

// move changes the working directory or the root of the calling process, or thread.
func (c *call) move(change func(*task.State)) error {
	old := c.task()
	c.state = nil
	if err := c.s.tasks.Move(c.TID(), change); err != nil {
		return err
	}
	c.s.moved(old)
	return nil
}

func (c *call) stat() *guest.Status {
	if c.status == nil {
		st, err := guest.ReadStatus(c.TID())
		if err != nil { // the guest is gone: nobody will see the answer
			st = &guest.Status{TGID: c.TID(), Cred: engine.Cred{IDs: engine.SameIDs(^uint32(0), 0)}}
		}
		c.status = st
	}
	return c.status
}

// identity is what is asked of the guest most, and costs little.
func (c *call) identity() *guest.Identity {
	if !c.known {
		var err error
		if c.who, err = c.thread.Identity(c.TID()); err != nil {
			st := c.stat()
			c.who = guest.Identity{TGID: st.TGID, IDs: st.Cred.IDs}
		}
		c.known = true
	}
	return &c.who
}

// TID implements engine.Call.
func (c *call) TID() int { return int(c.n.PID) }

// PID implements engine.Call.
func (c *call) PID() int { return c.identity().TGID }

// IDs implements engine.Call.
func (c *call) IDs() *engine.IDs { return &c.identity().IDs }

// Cred implements engine.Call.
func (c *call) Cred() *engine.Cred { return &c.stat().Cred }

// Umask implements engine.Call.
func (c *call) Umask() uint32 { return c.stat().Umask }

// View implements engine.Call.
func (c *call) View() engine.View { return c.s.forModules(c.task().View) }

// Block implements engine.Call.
func (c *call) Block() {
	if c.outer != nil {
		c.outer.Block()
		return
	}
	if !c.blocked {
		c.blocked = true
		c.s.handOver()
	}
}

// Interrupted implements engine.Call.
func (c *call) Interrupted() <-chan struct{} {
	if c.outer != nil {
		return c.outer.Interrupted()
	}
	if c.intr == nil {
		c.intr = c.s.interrupts.add(c)
	}
	return c.intr.ch
}

// interrupted tells whether the guest has a signal to handle or is to stop.
func (c *call) interrupted() bool {
	if c.intr != nil {
		select {
		case <-c.intr.ch:
			return true
		default:
		}
	}
	return guest.State(c.TID()) == 'D'
}

// RootFD implements host.Caller.
func (c *call) RootFD() int {
	if !c.s.foreign.Load() {
		return unix.AT_FDCWD
	}
	if c.rootFD == noRoot {
		fd, err := unix.Open("/proc/"+strconv.Itoa(c.TID())+"/root", unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		if err != nil {
			return unix.AT_FDCWD
		}
		c.rootFD = fd
	}
	return c.rootFD
}

// Do implements host.Caller.
func (c *call) Do(f func() error) error {
	if c.s.noNew && os.Geteuid() != 0 {
		return f() // the guest cannot be anybody else than umvu
	}
	if c.maySame() {
		return f()
	}
	return host.As(&c.s.own, c.Cred(), f)
}

// maySame tells whether the guest is root as umvu is: then its supplementary groups give it nothing, and they are
// not looked at.
func (c *call) maySame() bool {
	if !c.checked {
		ids, own := c.IDs(), &c.s.own
		c.mayAll = ids.FSUID == own.FSUID && ids.FSGID == own.FSGID && own.CapEff&anyFile == anyFile
		if c.mayAll {
			caps, err := guest.Effective(c.TID())
			c.mayAll = err == nil && caps == own.CapEff
		}
		c.checked = true
	}
	return c.mayAll
}

// anyFile are the capabilities with which no group of a process matters to what it may do with files.
const anyFile = 1<<unix.CAP_CHOWN | 1<<unix.CAP_DAC_OVERRIDE | 1<<unix.CAP_DAC_READ_SEARCH | 1<<unix.CAP_FOWNER | 1<<unix.CAP_FSETID

func (c *call) mem() guest.Memory { return guest.Memory(c.n.PID) }

// at is 1 for the calls whose path comes behind a directory descriptor.
func (c *call) at() int { return c.row.at }

// dirFD is the descriptor in front of the path, or AT_FDCWD.
func (c *call) dirFD() int {
	if c.at() == 0 {
		return unix.AT_FDCWD
	}
	return int(int32(c.n.Args[0]))
}

// pathArg is the address of the path; arg the n-th argument behind it.
func (c *call) pathArg() uint64      { return c.n.Args[c.at()] }
func (c *call) arg(n int) uint64     { return c.n.Args[c.at()+1+n] }
func (c *call) intArg(n int) int     { return int(int32(c.arg(n))) }
func (c *call) modeArg(n int) uint32 { return uint32(c.arg(n)) & 0o7777 }

// fd is the n-th argument as a descriptor.
func (c *call) fd(n int) int { return int(int32(c.n.Args[n])) }

// file is the virtual open file that descriptor fd of the guest is, or nil if it is one of
// the kernel's own or none at all.
func (c *call) file(fd int) *fdesc.Open {
	if fd < 0 || c.s.files.Live() == 0 {
		return nil
	}
	f, info := c.s.look(c.TID(), fd, c.info[:0])
	c.told = info
	return f
}

// standIn is file, but nil for files of the host's: see [fdesc.Open.Backed].
func (c *call) standIn(fd int) *fdesc.Open {
	if fd < 0 || c.s.files.Live() == 0 {
		return nil
	}
	var name [256]byte
	f, _ := c.s.standIn(c.TID(), fd, name[:])
	return f
}

// fileOf is the virtual open file that descriptor fd of thread tid is, or nil.
func (s *Supervisor) fileOf(tid, fd int) *fdesc.Open {
	f, _ := s.look(tid, fd, nil)
	return f
}

// look is fileOf. Of a file that is the host's own it returns too what the kernel tells of the descriptor, in buf if that is long
// enough.
func (s *Supervisor) look(tid, fd int, buf []byte) (f *fdesc.Open, info []byte) {
	var name [256]byte
	f, link := s.standIn(tid, fd, name[:])
	if f != nil || !s.files.AnyBacked() || len(link) == 0 || link[0] != '/' {
		return f, nil
	}
	if !s.files.Backs(link, func() (dev, ino uint64, err error) { return guest.FDInode(tid, fd) }) {
		return nil, nil
	}
	info, err := guest.FDInfo(tid, fd, buf)
	if err != nil {
		return nil, nil
	}
	return s.files.ByTag(info), info
}

// standIn is the virtual open file of which descriptor fd of thread tid is a stand-in, or nil, and the text of its link in name.
func (s *Supervisor) standIn(tid, fd int, name []byte) (f *fdesc.Open, link []byte) {
	link, err := guest.FDLink(tid, fd, name)
	if err != nil {
		return nil, nil
	}
	return s.files.ByLinkBytes(link), link
}
