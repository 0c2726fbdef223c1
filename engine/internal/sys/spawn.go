// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sys/unix"
	"vuos.dev/engine"
	"vuos.dev/engine/internal/fork"
	"vuos.dev/engine/internal/seccomp"
	"vuos.dev/engine/internal/task"
)

// spawner starts guests. They are children of the one thread of umvu that has the filter
// installed; the listener it got is the one that serves them and all their descendants.
type spawner struct {
	start chan spawnRequest

	mu       sync.Mutex
	children map[int]*Process
}

type spawnRequest struct {
	do   func()
	done chan struct{}
}

// Process is a guest that umvu started itself. It implements engine.Process.
type Process struct {
	pid    int
	done   chan struct{}
	status unix.WaitStatus
	said   chan struct{} // closed when all that it wrote to its standard error was passed on; nil if nobody listens
}

// lastWords is how long a process that has ended may leave its standard error open, in a child for example, before it
// counts as silent.
const lastWords = time.Second

var _ engine.Process = (*Process)(nil)

// PID implements engine.Process.
func (p *Process) PID() int { return p.pid }

// Signal implements engine.Process.
func (p *Process) Signal(sig int) error {
	select {
	case <-p.done:
		return nil
	default:
	}
	if err := unix.Kill(p.pid, unix.Signal(sig)); err != nil && err != unix.ESRCH {
		return err
	}
	return nil
}

// Done implements engine.Process.
func (p *Process) Done() <-chan struct{} { return p.done }

// Status implements engine.Process.
func (p *Process) Status() uint32 { return uint32(p.status) }

// Open installs the filter and begins to serve guests, of which there are none yet.
func (s *Supervisor) Open() error {
	s.spawns.start = make(chan spawnRequest)
	s.spawns.children = map[int]*Process{}
	ready := make(chan error)
	go s.spawnThread(ready)
	if err := <-ready; err != nil {
		return err
	}
	go s.Serve()
	return nil
}

// spawnThread is the goroutine of the thread with the filter. Its own system calls are
// notified like those of guests.
func (s *Supervisor) spawnThread(ready chan<- error) {
	runtime.LockOSThread() // for ever: the thread dies with the goroutine
	// No signal is handled here, since the handler's calls would be notified: where Go's runtime ends the process with a
	// message, all other threads are stopped already.
	all := unix.Sigset_t{}
	for i := range all.Val {
		all.Val[i] = ^uint64(0)
	}
	if err := unix.PthreadSigmask(unix.SIG_SETMASK, &all, nil); err != nil {
		ready <- fmt.Errorf("rt_sigprocmask: %w", err)
		return
	}
	if s.noNew {
		if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
			ready <- fmt.Errorf("prctl(PR_SET_NO_NEW_PRIVS): %w", err)
			return
		}
	}
	l, err := seccomp.Install(Filter())
	s.listener = l
	ready <- err
	if err != nil {
		return
	}
	for r := range s.spawns.start {
		r.do()
		close(r.done)
	}
}

// onSpawnThread runs f on the thread whose children are guests.
func (s *Supervisor) onSpawnThread(f func()) {
	r := spawnRequest{f, make(chan struct{})}
	s.spawns.start <- r
	<-r.done
}

// Spawn starts a program as a guest of the first view.
func (s *Supervisor) Spawn(p *fork.Program) (*Process, error) {
	return s.spawnIn(*s.tasks.First(), p, nil)
}

func (s *Supervisor) spawnIn(st task.State, program *fork.Program, said chan struct{}) (*Process, error) {
	s.spawns.mu.Lock()
	defer s.spawns.mu.Unlock()
	// Not on the thread with the filter: it would wait for us to answer.
	if err := s.tasks.Enter(st); err != nil {
		return nil, err
	}
	var started *fork.Started
	var err error
	s.onSpawnThread(func() { started, err = program.Start() })
	if err != nil {
		return nil, err
	}
	if err := started.Wait(); err != nil {
		return nil, err
	}
	p := &Process{pid: started.PID, done: make(chan struct{}), said: said}
	s.spawns.children[p.pid] = p
	return p, nil
}

// Ended tells of a child that was waited for.
func (s *Supervisor) Ended(pid int, status unix.WaitStatus) {
	s.spawns.mu.Lock()
	p := s.spawns.children[pid]
	delete(s.spawns.children, pid)
	s.spawns.mu.Unlock()
	if p != nil {
		p.status = status
		go p.end()
	}
}

// end tells those who wait for a process that it is gone and what it said is known.
func (p *Process) end() {
	if p.said != nil {
		select {
		case <-p.said:
		case <-time.After(lastWords):
		}
	}
	close(p.done)
}

// spawnFor starts a module's program in the view of a call. Its working directory and root are the
// caller's view's root.
func (s *Supervisor) spawnFor(c engine.Call, p *engine.Program) (engine.Process, error) {
	st := *s.tasks.First()
	if v, ok := c.View().(moduleView); ok {
		st.View = v.v
	}
	st.Service = true
	program := &fork.Program{Path: p.Path, Args: p.Args, Env: p.Env, Dir: "/", Umask: 0o022, Session: true}
	for _, fd := range p.Files {
		if fd < 0 {
			fd = fork.Null
		}
		program.Files = append(program.Files, fd)
	}
	for len(program.Files) < 3 {
		program.Files = append(program.Files, fork.Null)
	}
	var said chan struct{}
	if p.Stderr != nil {
		r, w, err := os.Pipe()
		if err != nil {
			return nil, err
		}
		program.Files[2] = int(w.Fd())
		defer w.Close()
		said = make(chan struct{})
		go func() {
			defer close(said)
			defer r.Close()
			_, _ = io.Copy(p.Stderr, r)
		}()
	}
	if p.Channel != nil {
		return s.spawnWithChannel(st, program, said, p.Channel)
	}
	proc, err := s.spawnIn(st, program, said)
	if err != nil {
		return nil, err
	}
	return proc, nil
}
