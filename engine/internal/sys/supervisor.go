// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"fmt"
	"os"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"
	"vuos.dev/engine"
	"vuos.dev/engine/internal/exec"
	"vuos.dev/engine/internal/fdesc"
	"vuos.dev/engine/internal/guest"
	"vuos.dev/engine/internal/seccomp"
	"vuos.dev/engine/internal/sockfd"
	"vuos.dev/engine/internal/task"
	"vuos.dev/engine/internal/view"
	"vuos.dev/engine/internal/watch"
)

// Config is what a Supervisor is made from.
type Config struct {
	Name    string           // name of the first view
	Dir     string           // private directory; files in it can be executed
	Modules []*engine.Module // modules built in
	Log     *Log

	TokenBase uint64 // tells guests of this umvu from all other processes, see [task.NewBase]
	NoNesting bool   // modules see the real system, not what is virtual in a view
}

// Supervisor serves the guests of one umvu.
type Supervisor struct {
	rows     [maxNr]row
	log      *Log
	dir      string
	listener *seccomp.Listener
	tasks    *task.Table
	files    *fdesc.Store
	execs    *exec.Cache
	modules  modules
	own      engine.Cred // umvu's
	token    uint64      // Config.TokenBase: guests do not know it
	noNew    bool        // umvu set no_new_privs on its guests
	bare     *view.View  // what modules see of each view instead of it, or nil

	mounts  atomic.Int64 // attachments of mounts in all views
	listed  atomic.Int64 // those that are to be listed in their directory
	foreign atomic.Bool  // some guest may have another root directory than umvu

	mountMu sync.Mutex
	mountID int
	views   []*view.View // the first one, and those that processes have entered
	devs    devNumbers
	errText mountErrors

	numbers [64]numbers   // of virtual descriptors, by process
	baton   chan struct{} // wakes a receiver that has nothing to do
	workers workers
	idle    atomic.Int32
	late    late

	watches  *watch.Tree
	locks    remoteLocks
	socks    *sockfd.Table // of stacks
	sockets  unixSockets
	fifos    fifos
	programs programs
	standing standing
	rewrites rewrites
	interrupts
	Wait   sync.Mutex // held by who waits for a child
	spawns spawner
}

// New makes a Supervisor that has no guests yet.
func New(cfg Config) (*Supervisor, error) {
	st, err := guest.ReadStatus(os.Getpid())
	if err != nil {
		return nil, fmt.Errorf("/proc is needed: %w", err)
	}
	v := view.New(cfg.Name)
	tasks, err := task.NewTable(cfg.TokenBase, task.State{View: v})
	if err != nil {
		return nil, err
	}
	files, err := fdesc.NewStore(cfg.Dir+"/f", cfg.Log.Logf)
	if err != nil {
		return nil, err
	}
	execs, err := exec.NewCache(cfg.Dir+"/x", exec.CacheOptions{})
	if err != nil {
		return nil, err
	}
	s := &Supervisor{
		rows: byNumber(),
		log:  cfg.Log, dir: cfg.Dir, token: cfg.TokenBase, tasks: tasks, files: files, execs: execs,
		own: st.Cred, views: []*view.View{v}, baton: make(chan struct{}),
	}
	s.noNew = !st.Cred.HasCap(unix.CAP_SYS_ADMIN)
	if cfg.NoNesting {
		s.bare = view.New(cfg.Name)
	}
	s.watches = watch.New(cfg.Dir+"/n", func(yield func(pid int)) {
		for pid := range tasks.Living() {
			yield(pid)
		}
	})
	s.socks = sockfd.NewTable(cfg.Dir, s.background(), cfg.Log.Logf)
	s.modules.init(s, cfg.Modules)
	s.interrupts.init()
	s.late.init(s.handOver)
	s.locks.init()
	return s, nil
}

// Serve answers notifications until the last guest has ended.
func (s *Supervisor) Serve() { s.receive() }

// pristine tells whether nothing at all is virtual, in no view.
func (s *Supervisor) pristine() bool {
	return s.mounts.Load() == 0 && s.files.Live() == 0 && s.tasks.Only()
}

// Close detaches all mounts and waits until their file systems have ended.
func (s *Supervisor) Close() {
	s.mountMu.Lock()
	views := s.views
	s.mountMu.Unlock()
	s.socks.Drain(lingerMost)
	for _, v := range views {
		v.End()
	}
	s.modules.endAll()
	s.files.Close()
	if err := s.watches.Close(); err != nil {
		s.log.Logf(engine.LogWarning, "%v", err)
	}
}
