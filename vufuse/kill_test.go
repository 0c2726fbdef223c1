// SPDX-License-Identifier: Apache-2.0

package vufuse_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
	"vuos.dev/engine/enginetest"
)

// spawning remembers the programs that a module started.
type spawning struct {
	enginetest.Host
	procs []engine.Process
}

func (h *spawning) Spawn(c engine.Call, p *engine.Program) (engine.Process, error) {
	proc, err := h.Host.Spawn(c, p)
	if err == nil {
		h.procs = append(h.procs, proc)
	}
	return proc, err
}

// TestProgramKilled kills a program that is stopped in the middle of its work, and while many are waiting for
// it.
func TestProgramKilled(t *testing.T) {
	passthrough(t)
	h := &spawning{}
	c := enginetest.NewCall()
	dir := t.TempDir()
	ok(t, os.WriteFile(filepath.Join(dir, "f"), make([]byte, 4096), 0o644))
	// In the foreground, so that the process is the one that serves.
	f, err := load(t, h).Mount(c, &engine.MountRequest{Type: "vufusepass", Source: dir, Data: "debug"})
	ok(t, err)
	x := &enginetest.Tree{FS: f, Call: c}
	file, err := x.Open("f", unix.O_RDWR, 0)
	ok(t, err)
	proc := h.procs[0]
	ok(t, proc.Signal(int(unix.SIGSTOP)))
	for !stopped(t, proc.PID()) {
		runtime.Gosched()
	}
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			_, err := file.ReadAt(make([]byte, 100), 0)
			if !errors.Is(err, unix.ECONNABORTED) && !errors.Is(err, unix.ENOTCONN) {
				t.Errorf("read from a dead server: %v", err)
			}
		})
	}
	ok(t, proc.Signal(int(unix.SIGKILL)))
	wg.Wait()
	_, err = x.Stat("other")
	fails(t, err, unix.ENOTCONN)
	_, err = file.WriteAt([]byte("x"), 0)
	fails(t, err, unix.ENOTCONN)
	file.Close()
	ok(t, f.Unmount(c))
	<-proc.Done()
	if h.Devs() != 0 {
		t.Error("device number not given back")
	}
}

// stopped tells whether no thread of a process runs any more: SIGSTOP takes them one after the other.
func stopped(t *testing.T, pid int) bool {
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
	ok(t, err)
	for _, thread := range threads {
		stat, err := os.ReadFile(thread)
		ok(t, err)
		if !bytes.Contains(stat, []byte(") T ")) {
			return false
		}
	}
	return true
}

// TestProgramInBackground checks a program that leaves its parent behind, as libfuse does without debug:
// Unmount still waits for it.
func TestProgramInBackground(t *testing.T) {
	passthrough(t)
	h := &spawning{}
	c := enginetest.NewCall()
	dir := t.TempDir()
	f, err := load(t, h).Mount(c, &engine.MountRequest{Type: "vufusepass", Source: dir})
	ok(t, err)
	<-h.procs[0].Done()
	x := &enginetest.Tree{FS: f, Call: c}
	ok(t, x.WriteFile("f", []byte("x"), 0o644))
	ok(t, f.Unmount(c))
}
