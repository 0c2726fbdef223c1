// SPDX-License-Identifier: Apache-2.0

package fork

import (
	"runtime"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
	"vuos.dev/engine/internal/inherited"
)

// step is a system call of the child, prepared before the fork.
type step struct {
	nr, a, b, c, d uintptr
	may            bool // it may fail
}

// steps are all that a child does. What they point to is kept.
type steps struct {
	list []step
	keep []any
	told [4]byte // the error number of what failed
	to   uintptr // a descriptor to write it to
}

func (s *steps) add(nr uintptr, args ...uintptr) *step {
	var a [4]uintptr
	copy(a[:], args)
	s.list = append(s.list, step{nr, a[0], a[1], a[2], a[3], false})
	return &s.list[len(s.list)-1]
}

// point is the address of what v points to.
func point[T any](s *steps, v *T) uintptr {
	s.keep = append(s.keep, v)
	return uintptr(unsafe.Pointer(v))
}

// text is the address of a string with a NUL behind it.
func (s *steps) text(v string) (uintptr, error) {
	p, err := syscall.BytePtrFromString(v)
	return point(s, p), err
}

// texts is the address of a list of strings with NULL behind it.
func (s *steps) texts(v []string) (uintptr, error) {
	list, err := syscall.SlicePtrFromStrings(v)
	if err != nil {
		return 0, err
	}
	s.keep = append(s.keep, list)
	return point(s, &list[0]), nil
}

// signals leaves those in ignored alone and lets no handler of this process run in the child.
func (s *steps) signals(ignored inherited.Signals) {
	actions := new([2][4]uintptr) // struct sigaction of SIG_DFL and SIG_IGN
	actions[1][0] = 1
	for sig := unix.Signal(1); sig <= 64; sig++ {
		action := &actions[0]
		if ignored.Has(sig) {
			action = &actions[1]
		}
		s.add(unix.SYS_RT_SIGACTION, uintptr(sig), point(s, action), 0, maskSize).may = true // SIGKILL and SIGSTOP
	}
}

// start makes a child that goes through the steps, of which the last one is an execve or exit_group.
func (s *steps) start() (pid int, err error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	syscall.ForkLock.Lock()
	defer syscall.ForkLock.Unlock()
	defer runtime.KeepAlive(s)
	return s.fork()
}

// fork is start on a goroutine that is locked to its thread.
//
//go:norace
func (s *steps) fork() (pid int, err error) {
	var old uint64
	p, e := Raw(unix.SIGCHLD, &old)
	if e != 0 {
		return 0, e
	}
	if p == 0 {
		s.run()
	}
	return int(p), nil
}

// run is the child.
//
//go:nosplit
//go:norace
func (s *steps) run() {
	for i := range s.list {
		t := &s.list[i]
		if _, _, e := unix.RawSyscall6(t.nr, t.a, t.b, t.c, t.d, 0, 0); e != 0 && !t.may {
			s.told[0], s.told[1] = byte(e), byte(e>>8)
			unix.RawSyscall(unix.SYS_WRITE, s.to, uintptr(unsafe.Pointer(&s.told)), unsafe.Sizeof(s.told))
			break
		}
	}
	for {
		unix.RawSyscall(unix.SYS_EXIT_GROUP, 127, 0, 0)
	}
}
