// SPDX-License-Identifier: Apache-2.0

// Package hypervisor runs commands in a view: it is umvu without its command line.
package hypervisor

import (
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
	"vuos.dev/engine"
	"vuos.dev/engine/internal/fork"
	"vuos.dev/engine/internal/inherited"
	"vuos.dev/engine/internal/sys"
	"vuos.dev/engine/internal/task"
)

// Config says what to run and how.
type Config struct {
	Name      string           // of the view
	Modules   []*engine.Module // built in
	LogTo     io.Writer
	LogLevel  engine.Level
	DebugTags string
	Colors    string // of debug tags, as vudebug has them

	// SyslogLevel is up to which level lines go to syslog(3) too; nil is none.
	SyslogLevel *engine.Level
	// NoNesting lets modules see the real system instead of the view.
	NoNesting bool
}

// Hypervisor is one umvu with its guests.
type Hypervisor struct {
	sup    *sys.Supervisor
	dir    string
	keeper *keeper

	children chan struct{} // tells that some child has ended
	stop     chan os.Signal
	closing  sync.Once
}

// New gets ready to run guests. The calling process becomes the reaper of orphaned guests, and its
// umask is 0 from then on: files for guests are made with the guests' masks.
func New(cfg Config) (*Hypervisor, error) {
	if err := checkSystem(); err != nil {
		return nil, err
	}
	dir, err := privateDir()
	if err != nil {
		return nil, err
	}
	h := &Hypervisor{dir: dir, children: make(chan struct{}, 1), stop: make(chan os.Signal, 4)}
	if err := h.open(cfg); err != nil {
		os.RemoveAll(dir)
		return nil, err
	}
	return h, nil
}

func (h *Hypervisor) open(cfg Config) (err error) {
	log := sys.NewLog(cfg.LogTo, cfg.LogLevel)
	log.SetTags(cfg.DebugTags)
	log.SetColors(cfg.Colors)
	if cfg.SyslogLevel != nil {
		if err := useSyslog(log, *cfg.SyslogLevel); err != nil {
			return err
		}
	}
	base := task.NewBase()
	if h.keeper, err = startKeeper(base, h.dir); err != nil { // early, so that it tidies up whatever happens
		return err
	}
	unix.Umask(0)
	for _, sub := range []string{"f", "x"} {
		if err := os.Mkdir(filepath.Join(h.dir, sub), 0o711); err != nil {
			return err
		}
	}
	h.sup, err = sys.New(sys.Config{
		Name: cfg.Name, Dir: h.dir, Modules: cfg.Modules, Log: log, TokenBase: base, NoNesting: cfg.NoNesting,
	})
	if err != nil {
		return err
	}
	h.handleSignals()
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("prctl(PR_SET_CHILD_SUBREAPER): %w", err)
	}
	return h.sup.Open()
}

// handleSignals: signals of the terminal are for the guests, which get them too. SIGTERM and SIGHUP
// end the view in good order. What was ignored when umvu was started remains so.
func (h *Hypervisor) handleSignals() {
	ignored := inherited.Ignored()
	for sig := unix.Signal(1); sig < unix.SIGSYS; sig++ {
		// Go itself needs SIGURG.
		if ignored.Has(sig) && sig != unix.SIGCHLD && sig != unix.SIGURG {
			signal.Ignore(sig)
		}
	}
	unheard := make(chan os.Signal, 1)
	for _, sig := range []unix.Signal{unix.SIGINT, unix.SIGQUIT, unix.SIGTTOU, unix.SIGPIPE, unix.SIGXFSZ} {
		if !ignored.Has(sig) {
			signal.Notify(unheard, sig)
		}
	}
	for _, sig := range []unix.Signal{unix.SIGTERM, unix.SIGHUP} {
		if !ignored.Has(sig) {
			signal.Notify(h.stop, sig)
		}
	}
	child := make(chan os.Signal, 1)
	signal.Notify(child, unix.SIGCHLD)
	go func() {
		for range child {
			h.reap()
		}
	}()
}

// reap waits for the children that have ended.
func (h *Hypervisor) reap() {
	for {
		var status unix.WaitStatus
		h.sup.Wait.Lock()
		pid, err := unix.Wait4(-1, &status, unix.WNOHANG, nil)
		h.sup.Wait.Unlock()
		if err == unix.EINTR {
			continue
		}
		if err != nil || pid == 0 {
			return
		}
		h.sup.Ended(pid, status)
		select {
		case h.children <- struct{}{}:
		default:
		}
	}
}

// Run runs a command as a guest and waits until it and all processes that it left
// have ended. mask is the guest's umask. The result is the command's exit status, 128+N if a signal N ended it;
// 126 or 127 with an error if it could not be run.
func (h *Hypervisor) Run(argv []string, mask int) (int, error) {
	code, stopped, err := h.RunBefore(argv, mask)
	if stopped || err != nil {
		return code, err
	}
	return code, h.linger()
}

// RunBefore is Run for a command that others follow: it does not wait for the processes that the
// command left. stopped tells that SIGTERM or SIGHUP has ended the view.
func (h *Hypervisor) RunBefore(argv []string, mask int) (code int, stopped bool, err error) {
	p, err := h.start(argv, mask)
	if err != nil {
		code := 126
		if os.IsNotExist(err) || err == unix.ENOENT {
			code = 127
		}
		return code, false, fmt.Errorf("%s: %w", argv[0], err)
	}
	select {
	case <-p.Done():
		return exitCode(unix.WaitStatus(p.Status())), false, nil
	case sig := <-h.stop:
		h.Terminate()
		return 128 + int(sig.(syscall.Signal)), true, nil
	}
}

// linger waits for the guests that the command left behind.
func (h *Hypervisor) linger() error {
	for h.sup.Busy() {
		select {
		case <-h.children:
		case <-h.stop:
			h.Terminate()
			return nil
		}
	}
	return nil
}

func (h *Hypervisor) start(argv []string, mask int) (*sys.Process, error) {
	path, err := h.sup.LookPath(argv[0], os.Getenv("PATH"))
	if err != nil {
		return nil, err
	}
	program := &fork.Program{
		Path: path, Args: argv, Env: os.Environ(), Files: []int{0, 1, 2}, Umask: mask,
		Ignored: inherited.Ignored(), Blocked: inherited.Blocked(),
	}
	for fd := range program.Files {
		if inherited.Closed(fd) {
			program.Files[fd] = fork.Closed
		}
	}
	p, err := h.sup.Spawn(program)
	if err == unix.ENOEXEC { // a script without #!, as execvp(3) runs it
		program.Path, program.Args = "/bin/sh", append([]string{"sh", path}, argv[1:]...)
		return h.sup.Spawn(program)
	}
	return p, err
}

func exitCode(st unix.WaitStatus) int {
	if st.Signaled() {
		return 128 + int(st.Signal())
	}
	return st.ExitStatus()
}

// graceful is how long guests have to end after SIGTERM.
const graceful = 300 * time.Millisecond

// Terminate ends all guests: with SIGTERM first, then with SIGKILL. Servers of file systems stay, they
// are needed to unmount.
func (h *Hypervisor) Terminate() {
	h.sup.Signal(unix.SIGTERM)
	h.sup.Signal(unix.SIGCONT)
	deadline := time.After(graceful)
	for h.sup.Guests() {
		select {
		case <-h.children:
		case <-deadline:
			h.killed(func() int { return h.sup.Signal(unix.SIGKILL) })
			return
		}
	}
}

// killed repeats kill until it finds nobody any more.
func (h *Hypervisor) killed(kill func() int) {
	for kill() > 0 {
		h.reap()
		time.Sleep(time.Millisecond)
	}
}

// Close unmounts everything and removes all temporary files.
func (h *Hypervisor) Close() {
	h.closing.Do(func() {
		h.sup.Close()
		h.Terminate() // servers that did not end with their mounts
		h.killed(h.sup.Kill)
		if os.RemoveAll(h.dir) == nil { // which takes descriptors, of which there may be none left
			h.keeper.dismiss()
		}
	})
}

// checkSystem finds out early what would make everything fail later.
func checkSystem() error {
	b, err := os.ReadFile("/proc/sys/kernel/yama/ptrace_scope")
	if err == nil && os.Geteuid() != 0 {
		if s := strings.TrimSpace(string(b)); s >= "2" {
			return fmt.Errorf("kernel.yama.ptrace_scope is %s: guests cannot be read, 0 or 1 is needed", s)
		}
	}
	return nil
}
