// SPDX-License-Identifier: Apache-2.0

package exec

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	osexec "os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"
)

// dirfdNumber is the number of the copy's directory in guests.
const dirfdNumber = 302

// harness is a hypervisor that knows nothing but execve.
type harness struct {
	t        *testing.T
	cache    *Cache
	files    map[string]string // virtual path to the file on the host
	interp   map[string]string // virtual path to its virtual loader's
	listener int
	reaper   sync.RWMutex
	hook     func(c Call) // runs before each rewrite

	pending  map[int]*Pending
	held     []*Binary
	rewrites int
	matched  int
	inPlace  int
	errs     []error
}

func newHarness(t *testing.T, files map[string]string) *harness {
	t.Helper()
	c, err := NewCache(t.TempDir(), CacheOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return &harness{t: t, cache: c, files: files, pending: make(map[int]*Pending), interp: map[string]string{}}
}

// run starts argv as a guest and returns its output and how it ended.
func (h *harness) run(argv ...string) (string, error) {
	h.t.Helper()
	self, err := os.Executable()
	if err != nil {
		h.t.Fatal(err)
	}
	cmd := osexec.Command(self, argv...)
	return h.runCmd(cmd)
}

func (h *harness) runCmd(cmd *osexec.Cmd) (string, error) {
	h.t.Helper()
	outR, outW, _ := os.Pipe()
	inR, inW, _ := os.Pipe()
	cmd.Env = append(os.Environ(), modeEnv+"=guest", quickRace)
	cmd.ExtraFiles = []*os.File{outW, inR}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		h.t.Fatal(err)
	}
	outW.Close()
	inR.Close()
	line, err := bufio.NewReader(outR).ReadString('\n')
	outR.Close()
	number, err2 := strconv.Atoi(strings.TrimSpace(line))
	if err != nil || err2 != nil {
		_ = cmd.Wait()
		h.t.Fatalf("guest did not start: %v %v\n%s", err, err2, out.String())
	}
	pidfd, err := unix.PidfdOpen(cmd.Process.Pid, 0)
	if err != nil {
		h.t.Fatal(err)
	}
	defer unix.Close(pidfd)
	h.listener, err = unix.PidfdGetfd(pidfd, number, 0)
	if err != nil {
		h.t.Fatal(err)
	}
	done := make(chan struct{})
	go func() { h.serve(); close(done) }()
	inW.Write([]byte{1})
	inW.Close()
	waitPidfd(pidfd) // Wait would take the stops of a guest that is attached
	h.reaper.Lock()
	err = cmd.Wait()
	h.reaper.Unlock()
	<-done
	unix.Close(h.listener)
	for _, p := range h.pending {
		p.Done()
	}
	for _, b := range h.held {
		b.Release()
	}
	h.held = nil
	for _, e := range h.errs {
		h.t.Error(e)
	}
	return out.String(), err
}

// waitPidfd waits until a process has ended, and takes nothing.
func waitPidfd(fd int) {
	p := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	for {
		if n, _ := unix.Poll(p, -1); n > 0 {
			return
		}
	}
}

// serve receives until all guests have ended.
func (h *harness) serve() {
	for {
		p := []unix.PollFd{{Fd: int32(h.listener), Events: unix.POLLIN}}
		if _, err := unix.Poll(p, -1); err != nil {
			continue
		}
		if p[0].Revents&unix.POLLIN == 0 {
			return // hang-up
		}
		var n notif
		if receive(h.listener, &n) != nil {
			continue
		}
		h.handle(&n)
	}
}

func (h *harness) cont(n *notif) error {
	return send(h.listener, notifResp{id: n.id, flags: respFlagContinue})
}

func (h *harness) handle(n *notif) {
	call := Call{TID: int(n.pid), Nr: int(n.nr), Args: n.args}
	if p := h.pending[call.TID]; p != nil && p.Matches(call) {
		h.matched++
		if err := p.Arm(); err != nil && !errors.Is(err, unix.ESRCH) {
			h.errs = append(h.errs, err)
		}
		_ = h.cont(n)
		return
	}
	path, err := memory(call.TID).readString(call.path())
	if err != nil {
		_ = h.cont(n)
		return
	}
	if _, ok := h.files[path]; !ok {
		_ = h.cont(n)
		return
	}
	if err := h.virtual(n, call, path); err != nil {
		var errno unix.Errno
		if !errors.As(err, &errno) {
			errno = unix.EIO
		}
		if errors.Is(err, ErrGone) {
			return
		}
		if err := send(h.listener, notifResp{id: n.id, err: -int32(errno)}); err != nil && err != unix.ENOENT {
			h.errs = append(h.errs, err)
		}
	}
}

func (h *harness) copyOf(path, interp string) (*Binary, error) {
	f, err := os.Open(h.files[path])
	if err != nil {
		return nil, err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return nil, err
	}
	b, err := h.cache.Copy(context.Background(), Source{ID: path, Size: st.Size(), Mtime: st.ModTime().UnixNano(),
		Name: filepath.Base(path), Content: f, Interp: interp})
	if err == nil {
		h.held = append(h.held, b)
	}
	return b, err
}

func (h *harness) virtual(n *notif, call Call, path string) error {
	var head []string
	bin := path
	for depth := 0; ; depth++ {
		f, err := os.Open(h.files[bin])
		if err != nil {
			return err
		}
		img, err := Probe(f)
		f.Close()
		if err != nil {
			return err
		}
		if img.Kind == ELF {
			break
		}
		if depth == MaxScripts {
			return unix.ELOOP
		}
		if head == nil {
			head = []string{path}
		}
		head = img.Head(head)
		bin = img.Interp
		if _, ok := h.files[bin]; !ok {
			h.files[bin] = bin // from the host
		}
	}
	loader := ""
	if l := h.interp[bin]; l != "" {
		b, err := h.copyOf(l, "")
		if err != nil {
			return err
		}
		loader = b.Path()
	}
	b, err := h.copyOf(bin, loader)
	if err != nil {
		return err
	}
	err = addfd(h.listener, notifAddfdArg{id: n.id, flags: addfdFlagSetfd, srcfd: uint32(b.Dirfd()),
		newfd: dirfdNumber, newfdFlags: unix.O_CLOEXEC})
	if err != nil {
		return fmt.Errorf("addfd: %w", err)
	}
	if h.hook != nil {
		h.hook(call)
	}
	var ready *Pending
	p, err := Rewrite(call, Target{Dirfd: dirfdNumber, Name: b.Name(), Head: head}, Options{
		Restart:  func() error { return send(h.listener, notifResp{id: n.id, err: restartError}) },
		Continue: func() error { return h.cont(n) },
		Ready: func(p *Pending) {
			ready = p
			tracer, known := tracerOf(p.TID)
			if state, _ := stateOf(p.TID); known && tracer == 0 && state != "Z" { // unless it was killed
				h.t.Errorf("thread %d runs already", p.TID)
			}
		},
		Reaper: h.reaper.RLocker(),
	})
	if err != nil {
		return err
	}
	if ready != p {
		return fmt.Errorf("Ready got %p, Rewrite returned %p", ready, p)
	}
	h.rewrites++
	if p.InPlace {
		h.inPlace++
	}
	if old := h.pending[call.TID]; old != nil {
		old.Done()
	}
	h.pending[call.TID] = p
	return nil
}
