// SPDX-License-Identifier: Apache-2.0

package enginetest

import (
	"fmt"
	"os"
	"os/exec"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
)

// Host is a fake [engine.Host]: programs run on the host, page caches are those that the test
// gave with SetPages, log lines go to Log. The zero value is usable.
type Host struct {
	Log func(format string, a ...any) // may be nil

	mu       sync.Mutex
	caches   map[engine.Node]engine.Pages
	attached map[string]engine.FileSystem
	dev      uint64
	devs     map[uint64]bool
}

var _ engine.Host = (*Host)(nil)

// Logf implements [engine.Host].
func (h *Host) Logf(_ engine.Level, format string, a ...any) { h.Debugf(format, a...) }

// Debugf implements [engine.Host].
func (h *Host) Debugf(format string, a ...any) {
	if h.Log != nil {
		h.Log(format, a...)
	}
}

// Background implements [engine.Host].
func (h *Host) Background() engine.Call { return NewCall() }

// Attach implements [engine.Host]: the file system is found with Attached.
func (h *Host) Attach(point, _ string, fs engine.FileSystem) (detach func() error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.attached == nil {
		h.attached = make(map[string]engine.FileSystem)
	}
	h.attached[point] = fs
	return func() error {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.attached, point)
		return nil
	}
}

// Attached is what is attached at a point now, or nil.
func (h *Host) Attached(point string) engine.FileSystem {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.attached[point]
}

// Pages implements [engine.Host].
func (h *Host) Pages(n engine.Node) engine.Pages {
	h.mu.Lock()
	defer h.mu.Unlock()
	if p, ok := h.caches[n]; ok {
		return p
	}
	return nil
}

// SetPages gives n a page cache.
func (h *Host) SetPages(n engine.Node, p engine.Pages) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.caches == nil {
		h.caches = make(map[engine.Node]engine.Pages)
	}
	h.caches[n] = p
}

// AnonDev implements [engine.Host].
func (h *Host) AnonDev() uint64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.dev++
	if h.devs == nil {
		h.devs = make(map[uint64]bool)
	}
	h.devs[h.dev] = true
	return h.dev
}

// Settle implements [engine.Host]: there are no guests.
func (*Host) Settle(engine.Call) {}

// Restart implements [engine.Host]: there are no guests.
func (*Host) Restart(int) bool { return false }

// FreeDev implements [engine.Host]. It panics if dev is not in use.
func (h *Host) FreeDev(dev uint64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.devs[dev] {
		panic(fmt.Sprintf("enginetest: device %d is not in use", dev))
	}
	delete(h.devs, dev)
}

// Devs is how many device numbers are in use.
func (h *Host) Devs() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.devs)
}

// Spawn implements [engine.Host].
func (h *Host) Spawn(_ engine.Call, p *engine.Program) (engine.Process, error) {
	if p.Channel != nil {
		return nil, unix.EBADF // nothing sees what a program writes
	}
	cmd := exec.Command(p.Path)
	cmd.Args, cmd.Env, cmd.Stderr = p.Args, p.Env, p.Stderr
	var own []*os.File
	defer func() {
		for _, f := range own {
			f.Close()
		}
	}()
	for i, fd := range p.Files {
		f, err := dup(fd)
		if err != nil {
			return nil, err
		}
		if f != nil {
			own = append(own, f)
		}
		switch {
		case i == 0 && f != nil:
			cmd.Stdin = f
		case i == 1 && f != nil:
			cmd.Stdout = f
		case i == 2 && f != nil:
			cmd.Stderr = f
		case i > 2:
			cmd.ExtraFiles = append(cmd.ExtraFiles, f)
		}
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	proc := &process{cmd: cmd, done: make(chan struct{})}
	go func() {
		cmd.Wait()
		close(proc.done)
	}()
	return proc, nil
}

func dup(fd int) (*os.File, error) {
	if fd < 0 {
		return nil, nil
	}
	n, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(n), "spawned"), nil
}

type process struct {
	cmd  *exec.Cmd
	done chan struct{}
}

func (p *process) PID() int              { return p.cmd.Process.Pid }
func (p *process) Done() <-chan struct{} { return p.done }

func (p *process) Signal(sig int) error {
	err := p.cmd.Process.Signal(syscall.Signal(sig))
	if err == os.ErrProcessDone {
		return nil
	}
	return err
}

func (p *process) Status() uint32 {
	<-p.done
	ws, _ := p.cmd.ProcessState.Sys().(syscall.WaitStatus)
	return uint32(ws)
}
