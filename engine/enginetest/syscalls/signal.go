// SPDX-License-Identifier: Apache-2.0

package syscalls

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

var signalCases = []Case{
	{"signal/fifo-open", Anyone, signalFifoOpen},
	{"signal/record-lock", Anyone, signalRecordLock},
	{"signal/flock", Anyone, signalFlock},
	{"signal/pipe-read", Anyone, signalPipeRead},
	{"signal/path-calls-are-not-interrupted", Anyone, signalStorm},
}

// blocked is a system call that waits in a thread of its own.
type blocked struct {
	tid  int
	done chan error
}

// block starts a call that will wait.
func block(nr uintptr, args ...any) blocked {
	b := blocked{done: make(chan error, 1)}
	tid := make(chan int)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		tid <- unix.Gettid()
		b.done <- second(sys(nr, args...))
	}()
	b.tid = <-tid
	return b
}

// sleeps tells whether the thread waits in the kernel.
func (b blocked) sleeps() bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/self/task/%d/stat", b.tid))
	_, after, _ := strings.Cut(string(stat), ") ")
	return err == nil && strings.HasPrefix(after, "S")
}

// interrupt sends signals until the call returns; it must return EINTR.
func (b blocked) interrupt(t *T) {
	for end := time.Now().Add(patience); time.Now().Before(end); {
		t.NoError(unix.Tgkill(unix.Getpid(), b.tid, unix.SIGUSR1), "tgkill")
		select {
		case err := <-b.done:
			same(t, "error", err, error(unix.EINTR))
			return
		case <-time.After(time.Millisecond):
		}
	}
	t.Fatalf("not interrupted after %v", patience)
}

// restarts sends signals to the waiting call, which must go on waiting, and then lets it
// succeed by release.
func (b blocked) restarts(t *T, release func()) {
	t.Check(eventually(b.sleeps), "the call does not wait")
	for range 20 {
		t.NoError(unix.Tgkill(unix.Getpid(), b.tid, unix.SIGUSR1), "tgkill")
		select {
		case err := <-b.done:
			t.Fatalf("returned %v on a signal", err)
		case <-time.After(time.Millisecond):
		}
	}
	release()
	select {
	case err := <-b.done:
		t.NoError(err, "restarted call")
	case <-time.After(patience):
		t.Fatalf("still waiting after %v", patience)
	}
}

// both runs wait with a handler that interrupts, and with one that restarts.
func (t *T) both(wait func() blocked, release func()) {
	handle(t, unix.SIGUSR1, false)
	wait().interrupt(t)
	handle(t, unix.SIGUSR1, true)
	wait().restarts(t, release)
}

func signalFifoOpen(t *T) {
	p := t.fifo("p")
	t.both(func() blocked { return block(unix.SYS_OPENAT, unix.AT_FDCWD, p, unix.O_RDONLY, 0) },
		func() { t.Open(p, unix.O_WRONLY, 0) })
	q := t.fifo("q")
	t.both(func() blocked { return block(unix.SYS_OPENAT, unix.AT_FDCWD, q, unix.O_WRONLY, 0) },
		func() { t.Open(q, unix.O_RDONLY, 0) })
}

func signalRecordLock(t *T) {
	p := t.File("f", "")
	a, b := t.Open(p, unix.O_RDWR, 0), t.Open(p, unix.O_RDWR, 0)
	t.Do(unix.SYS_FCNTL, a, unix.F_OFD_SETLK, record(unix.F_WRLCK, 0, 0))
	for _, cmd := range []int{unix.F_SETLKW, unix.F_OFD_SETLKW} {
		t.Do(unix.SYS_FCNTL, a, unix.F_OFD_SETLK, record(unix.F_WRLCK, 0, 0))
		t.both(func() blocked { return block(unix.SYS_FCNTL, b, cmd, record(unix.F_RDLCK, 0, 0)) },
			func() { t.Do(unix.SYS_FCNTL, a, unix.F_OFD_SETLK, record(unix.F_UNLCK, 0, 0)) })
		t.Do(unix.SYS_FCNTL, b, map[int]int{unix.F_SETLKW: unix.F_SETLK, unix.F_OFD_SETLKW: unix.F_OFD_SETLK}[cmd], record(unix.F_UNLCK, 0, 0))
	}
}

func signalFlock(t *T) {
	p := t.File("f", "")
	a, b := t.Open(p, unix.O_RDWR, 0), t.Open(p, unix.O_RDWR, 0)
	t.Do(unix.SYS_FLOCK, a, unix.LOCK_EX)
	t.both(func() blocked { return block(unix.SYS_FLOCK, b, unix.LOCK_SH) },
		func() { t.Do(unix.SYS_FLOCK, a, unix.LOCK_UN) })
}

func signalPipeRead(t *T) {
	r, w := t.pipe()
	buf := make([]byte, 4)
	t.both(func() blocked { return block(unix.SYS_READ, r, buf, 4) }, func() { t.Write(w, "abc") })
	same(t, "read", string(buf[:3]), "abc")
}

// Calls that wait for nobody never return EINTR, however many signals arrive.
func signalStorm(t *T) {
	handle(t, unix.SIGUSR1, false)
	p := t.File("f", "abc")
	tid, stop, done := make(chan int), make(chan bool), make(chan bool)
	go func() {
		target := <-tid
		for {
			select {
			case <-stop:
				close(done)
				return
			case <-time.After(50 * time.Microsecond):
				t.expected("tgkill", unix.Tgkill(unix.Getpid(), target, unix.SIGUSR1))
			}
		}
	}()
	onOwnThread(func() {
		tid <- unix.Gettid()
		defer func() { stop <- true; <-done }()
		for range 300 {
			t.Stat(p)
			t.Close(t.Open(p, unix.O_RDWR, 0))
			t.Do(unix.SYS_RENAME, p, t.Path("g"))
			t.Do(unix.SYS_RENAME, t.Path("g"), p)
			t.names(t.Dir)
		}
	})
	t.Holds(p, "abc")
}
