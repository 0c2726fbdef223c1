// SPDX-License-Identifier: Apache-2.0

package plugtest

import (
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// Host is a network namespace of the test's own, with a thread in it.
type Host struct {
	t    testing.TB
	tid  int
	work chan func()
	done chan struct{} // closed when the thread has ended
}

// NewHost makes a namespace with its loopback interface up, or skips the test
// if the kernel does not allow that.
func NewHost(t testing.TB) *Host {
	t.Helper()
	Program(t, "ip")
	h := &Host{t: t, work: make(chan func()), done: make(chan struct{})}
	ready := make(chan error)
	go func() {
		defer close(h.done)
		runtime.LockOSThread() // for good: the thread ends with the goroutine
		h.tid = unix.Gettid()
		err := unix.Unshare(unix.CLONE_NEWNET)
		ready <- err
		if err != nil {
			return
		}
		for f := range h.work {
			f()
		}
	}()
	if err := <-ready; err != nil {
		<-h.done
		t.Skipf("a network namespace needs CAP_SYS_ADMIN: unshare: %v", err)
	}
	t.Cleanup(func() {
		close(h.work)
		<-h.done
	})
	h.IP("link set lo up")
	return h
}

// Do runs f in the namespace and waits for it. f may fail the test.
func (h *Host) Do(f func()) {
	h.t.Helper()
	returned, ended := false, make(chan struct{})
	h.work <- func() {
		defer close(ended)
		f()
		returned = true
	}
	<-ended
	if !returned {
		h.t.FailNow()
	}
}

// IP runs ip(8) in the namespace.
func (h *Host) IP(args string) {
	h.t.Helper()
	h.Do(func() {
		h.t.Helper()
		if out, err := exec.Command("ip", strings.Fields(args)...).CombinedOutput(); err != nil {
			h.t.Fatalf("ip %s: %v: %s", args, err, out)
		}
	})
}

// Wire connects two namespaces by a pair of interfaces called eth0, with
// addresses 10.9.0.1 and .2, and fd09::1 and ::2.
func Wire(a, b *Host) {
	a.t.Helper()
	a.IP("link add eth0 type veth peer name eth0 netns " + strconv.Itoa(b.tid))
	for i, h := range []*Host{a, b} {
		n := strconv.Itoa(i + 1)
		h.IP("addr add 10.9.0." + n + "/24 dev eth0")
		h.IP("addr add fd09::" + n + "/64 dev eth0 nodad")
		h.IP("link set eth0 up")
		h.IP("route add 224.0.0.0/4 dev eth0")
	}
}
