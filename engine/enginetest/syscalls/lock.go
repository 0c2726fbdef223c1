// SPDX-License-Identifier: Apache-2.0

package syscalls

import (
	"fmt"
	"strconv"

	"golang.org/x/sys/unix"
)

var lockCases = []Case{
	{"lock/record-conflict", Anyone, lockConflict},
	{"lock/record-ranges", Anyone, lockRanges},
	{"lock/released-by-any-close", Anyone, lockClose},
	{"lock/open-file-description", Anyone, lockOFD},
	{"lock/errors", Anyone, lockErrors},
	{"flock/shared-and-exclusive", Anyone, flockModes},
	{"flock/belongs-to-description", Anyone, flockDup},
	{"flock/across-fork", Anyone, flockFork},
	{"lock/gone-with-process", Anyone, lockExit},
}

// record is a lock of n bytes from start on (0: to the end of all).
func record(kind int, start, n int64) *unix.Flock_t {
	return &unix.Flock_t{Type: int16(kind), Whence: unix.SEEK_SET, Start: start, Len: n}
}

// otherSees asks from another process for an exclusive lock on n bytes from start on:
// "free", or "KIND START LEN PID" of the lock in the way.
func (t *T) otherSees(path string, start, n int64) string {
	return t.Output(t.Child("getlk", path, fmt.Sprint(start), fmt.Sprint(n)))
}

// childGetlk prints what F_GETLK says: FILE START LEN.
func childGetlk(args []string) error {
	fd, err := sys(unix.SYS_OPEN, args[0], unix.O_RDWR, 0)
	if err != nil {
		return err
	}
	start, err := strconv.ParseInt(args[1], 10, 64)
	if err != nil {
		return err
	}
	n, err := strconv.ParseInt(args[2], 10, 64)
	if err != nil {
		return err
	}
	l := record(unix.F_WRLCK, start, n)
	if _, err := sys(unix.SYS_FCNTL, fd, unix.F_GETLK, l); err != nil {
		return err
	}
	if l.Type == unix.F_UNLCK {
		fmt.Print("free")
		return nil
	}
	kind := map[int16]string{unix.F_RDLCK: "shared", unix.F_WRLCK: "exclusive"}[l.Type]
	fmt.Printf("%s %d %d %d", kind, l.Start, l.Len, l.Pid)
	_, err = sys(unix.SYS_FCNTL, fd, unix.F_SETLK, record(unix.F_WRLCK, start, n))
	if err != unix.EAGAIN && err != unix.EACCES {
		return fmt.Errorf("F_SETLK against F_GETLK: %v", err)
	}
	return nil
}

func lockConflict(t *T) {
	p := t.File("f", "abcdef")
	fd := t.Open(p, unix.O_RDWR, 0)
	pid := unix.Getpid()
	t.Do(unix.SYS_FCNTL, fd, unix.F_SETLK, record(unix.F_WRLCK, 2, 3))
	same(t, "seen at 0", t.otherSees(p, 0, 2), "free")
	same(t, "seen at 4", t.otherSees(p, 4, 1), fmt.Sprintf("exclusive 2 3 %d", pid))
	same(t, "seen at 5", t.otherSees(p, 5, 0), "free")
	// One's own locks are never in the way.
	l := record(unix.F_WRLCK, 0, 0)
	t.Do(unix.SYS_FCNTL, fd, unix.F_GETLK, l)
	same(t, "type", l.Type, unix.F_UNLCK)
	t.Do(unix.SYS_FCNTL, fd, unix.F_SETLK, record(unix.F_RDLCK, 0, 0))
	same(t, "seen", t.otherSees(p, 100, 1), fmt.Sprintf("shared 0 0 %d", pid))
	t.Do(unix.SYS_FCNTL, fd, unix.F_SETLKW, record(unix.F_UNLCK, 0, 0))
	same(t, "seen", t.otherSees(p, 0, 0), "free")
}

func lockRanges(t *T) {
	p := t.File("f", "abcdef")
	fd := t.Open(p, unix.O_RDWR, 0)
	pid := unix.Getpid()
	t.Do(unix.SYS_FCNTL, fd, unix.F_SETLK, record(unix.F_WRLCK, 0, 10))
	t.Do(unix.SYS_FCNTL, fd, unix.F_SETLK, record(unix.F_UNLCK, 4, 2)) // splits
	same(t, "seen", t.otherSees(p, 4, 2), "free")
	same(t, "seen", t.otherSees(p, 0, 1), fmt.Sprintf("exclusive 0 4 %d", pid))
	same(t, "seen", t.otherSees(p, 5, 9), fmt.Sprintf("exclusive 6 4 %d", pid))
	t.Do(unix.SYS_FCNTL, fd, unix.F_SETLK, record(unix.F_WRLCK, 4, 2)) // joins
	same(t, "seen", t.otherSees(p, 9, 1), fmt.Sprintf("exclusive 0 10 %d", pid))
	t.Do(unix.SYS_FCNTL, fd, unix.F_SETLK, record(unix.F_UNLCK, 0, 0))
	t.Do(unix.SYS_LSEEK, fd, 3, unix.SEEK_SET)
	for whence, want := range map[int16]int{unix.SEEK_CUR: 4, unix.SEEK_END: 7} {
		t.Do(unix.SYS_FCNTL, fd, unix.F_SETLK, &unix.Flock_t{Type: unix.F_WRLCK, Whence: whence, Start: 1, Len: 1})
		same(t, "seen", t.otherSees(p, 0, 0), fmt.Sprintf("exclusive %d 1 %d", want, pid))
		t.Do(unix.SYS_FCNTL, fd, unix.F_SETLK, record(unix.F_UNLCK, 0, 0))
	}
	// A negative length locks what lies before.
	t.Do(unix.SYS_FCNTL, fd, unix.F_SETLK, record(unix.F_WRLCK, 5, -2))
	same(t, "seen", t.otherSees(p, 0, 0), fmt.Sprintf("exclusive 3 2 %d", pid))
}

func lockClose(t *T) {
	p := t.File("f", "")
	fd := t.Open(p, unix.O_RDWR, 0)
	t.Do(unix.SYS_FCNTL, fd, unix.F_SETLK, record(unix.F_WRLCK, 0, 0))
	t.Check(t.otherSees(p, 0, 0) != "free", "no lock seen")
	t.Close(t.Open(p, unix.O_RDONLY, 0))
	same(t, "seen after close of another descriptor", t.otherSees(p, 0, 0), "free")
}

// Locks of open file descriptions conflict within one process, and have pid -1.
func lockOFD(t *T) {
	p := t.File("f", "")
	a, b := t.Open(p, unix.O_RDWR, 0), t.Open(p, unix.O_RDWR, 0)
	t.Do(unix.SYS_FCNTL, a, unix.F_OFD_SETLK, record(unix.F_WRLCK, 0, 5))
	t.Fails(unix.EAGAIN, unix.SYS_FCNTL, b, unix.F_OFD_SETLK, record(unix.F_RDLCK, 4, 1))
	t.Fails(unix.EAGAIN, unix.SYS_FCNTL, b, unix.F_SETLK, record(unix.F_WRLCK, 0, 1))
	l := record(unix.F_WRLCK, 0, 0)
	t.Do(unix.SYS_FCNTL, b, unix.F_OFD_GETLK, l)
	same(t, "type", l.Type, unix.F_WRLCK)
	same(t, "length", l.Len, 5)
	same(t, "pid", l.Pid, -1)
	d := t.Do(unix.SYS_DUP, a)
	t.Close(a)
	t.Fails(unix.EAGAIN, unix.SYS_FCNTL, b, unix.F_OFD_SETLK, record(unix.F_WRLCK, 0, 1))
	t.Close(d)
	t.Do(unix.SYS_FCNTL, b, unix.F_OFD_SETLK, record(unix.F_WRLCK, 0, 1))
	bad := record(unix.F_WRLCK, 0, 1)
	bad.Pid = 1
	t.Fails(unix.EINVAL, unix.SYS_FCNTL, b, unix.F_OFD_SETLK, bad)
}

func lockErrors(t *T) {
	p := t.File("f", "")
	ro, wo := t.Open(p, unix.O_RDONLY, 0), t.Open(p, unix.O_WRONLY, 0)
	t.Fails(unix.EBADF, unix.SYS_FCNTL, ro, unix.F_SETLK, record(unix.F_WRLCK, 0, 1))
	t.Fails(unix.EBADF, unix.SYS_FCNTL, wo, unix.F_SETLK, record(unix.F_RDLCK, 0, 1))
	t.Fails(unix.EINVAL, unix.SYS_FCNTL, ro, unix.F_SETLK, record(9, 0, 1))
	t.Fails(unix.EINVAL, unix.SYS_FCNTL, ro, unix.F_SETLK, record(unix.F_RDLCK, -1, 1))
	t.Fails(unix.EINVAL, unix.SYS_FCNTL, ro, unix.F_SETLK, &unix.Flock_t{Type: unix.F_RDLCK, Whence: 9})
	t.Fails(unix.EFAULT, unix.SYS_FCNTL, ro, unix.F_SETLK, nil)
	t.Fails(unix.EBADF, unix.SYS_FCNTL, -1, unix.F_SETLK, record(unix.F_RDLCK, 0, 1))
}

func flockModes(t *T) {
	p := t.File("f", "")
	a, b := t.Open(p, unix.O_RDONLY, 0), t.Open(p, unix.O_RDONLY, 0)
	t.Do(unix.SYS_FLOCK, a, unix.LOCK_SH)
	t.Do(unix.SYS_FLOCK, b, unix.LOCK_SH|unix.LOCK_NB)
	t.Fails(unix.EAGAIN, unix.SYS_FLOCK, b, unix.LOCK_EX|unix.LOCK_NB)
	t.Do(unix.SYS_FLOCK, a, unix.LOCK_UN)
	t.Do(unix.SYS_FLOCK, b, unix.LOCK_EX|unix.LOCK_NB)
	t.Fails(unix.EAGAIN, unix.SYS_FLOCK, a, unix.LOCK_SH|unix.LOCK_NB)
	t.Do(unix.SYS_FLOCK, b, unix.LOCK_SH|unix.LOCK_NB)
	t.Do(unix.SYS_FLOCK, a, unix.LOCK_SH|unix.LOCK_NB)
	t.Fails(unix.EINVAL, unix.SYS_FLOCK, a, 0)
	t.Fails(unix.EINVAL, unix.SYS_FLOCK, a, 3)
	t.Fails(unix.EBADF, unix.SYS_FLOCK, -1, unix.LOCK_SH)
	t.Do(unix.SYS_FLOCK, t.OpenDir(), unix.LOCK_EX)
}

func flockDup(t *T) {
	p := t.File("f", "")
	a, b := t.Open(p, unix.O_RDONLY, 0), t.Open(p, unix.O_RDONLY, 0)
	d := t.Do(unix.SYS_DUP, a)
	t.Do(unix.SYS_FLOCK, a, unix.LOCK_EX)
	t.Do(unix.SYS_FLOCK, d, unix.LOCK_EX|unix.LOCK_NB)
	t.Close(a)
	t.Fails(unix.EAGAIN, unix.SYS_FLOCK, b, unix.LOCK_SH|unix.LOCK_NB)
	t.Close(d)
	t.Do(unix.SYS_FLOCK, b, unix.LOCK_EX|unix.LOCK_NB)
}

// A child holds the same lock by the inherited descriptor, and may release it for all.
func flockFork(t *T) {
	p := t.File("f", "")
	a, b := t.Open(p, unix.O_RDONLY, 0), t.Open(p, unix.O_RDONLY, 0)
	t.Do(unix.SYS_FLOCK, a, unix.LOCK_EX)
	t.forked(0, call(unix.SYS_FLOCK, a, unix.LOCK_EX|unix.LOCK_NB))
	t.Fails(unix.EAGAIN, unix.SYS_FLOCK, b, unix.LOCK_SH|unix.LOCK_NB)
	t.forked(0, call(unix.SYS_FLOCK, a, unix.LOCK_UN))
	t.Do(unix.SYS_FLOCK, b, unix.LOCK_EX|unix.LOCK_NB)
}

// Record locks belong to a process: a child has none of its parent's, and its own end
// with it.
func lockExit(t *T) {
	p := t.File("f", "")
	fd := t.Open(p, unix.O_RDWR, 0)
	t.forked(0, call(unix.SYS_FCNTL, fd, unix.F_SETLK, record(unix.F_WRLCK, 0, 0)))
	same(t, "seen", t.otherSees(p, 0, 0), "free")
	t.Do(unix.SYS_FCNTL, fd, unix.F_SETLK, record(unix.F_WRLCK, 0, 0))
	t.forked(0, failing(unix.EAGAIN, unix.SYS_FCNTL, fd, unix.F_SETLK, record(unix.F_WRLCK, 0, 0)))
}
