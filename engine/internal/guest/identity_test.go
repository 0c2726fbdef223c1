// SPDX-License-Identifier: Apache-2.0

package guest

import (
	"os/exec"
	"runtime"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// TestIdentity: what the kernel tells at once is what it says in /proc, of threads and processes in turn.
func TestIdentity(t *testing.T) {
	child := exec.Command("sleep", "1000")
	if unix.Geteuid() == 0 {
		child.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 4711, Gid: 4712}}
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	end := func() {
		_ = child.Process.Kill()
		_ = child.Wait()
	}
	defer end()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var kept Thread
	defer kept.Close()
	for _, th := range []*Thread{&kept, nil} {
		for _, tid := range []int{unix.Gettid(), child.Process.Pid, child.Process.Pid, unix.Gettid()} {
			id, err := th.Identity(tid)
			if err == unix.ENOTTY && noInfo.Load() {
				t.Skip("PIDFD_GET_INFO is of Linux 6.13")
			}
			if err != nil {
				t.Fatal(err)
			}
			st, err := ReadStatus(tid)
			if err != nil {
				t.Fatal(err)
			}
			if want := (Identity{st.TGID, st.Cred.IDs}); id != want {
				t.Errorf("%d: %+v, want %+v", tid, id, want)
			}
			if caps, err := Effective(tid); err != nil || caps != st.Cred.CapEff {
				t.Errorf("%d: capabilities %#x, %v, want %#x", tid, caps, err, st.Cred.CapEff)
			}
		}
	}
	pid := child.Process.Pid
	if _, err := kept.Identity(pid); err != nil {
		t.Fatal(err)
	}
	end()
	if id, err := kept.Identity(pid); err != unix.ESRCH {
		t.Errorf("a process that has ended: %+v, %v", id, err)
	}
}
