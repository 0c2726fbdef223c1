// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"encoding/binary"
	"hash/maphash"
	"math"
	"os"
	"sync"

	"golang.org/x/sys/unix"
	"vuos.dev/engine"
	"vuos.dev/engine/internal/fdesc"
)

// remoteLocks are the record locks that processes have at file systems which do locks themselves. close(2) of any
// descriptor of a file ends those of the process, and so must its end, which nobody tells of otherwise.
type remoteLocks struct {
	seed maphash.Seed

	mu sync.Mutex
	by map[int]map[*fdesc.Open]bool // by process
}

func (r *remoteLocks) init() {
	r.seed, r.by = maphash.MakeSeed(), map[int]map[*fdesc.Open]bool{}
}

// owner is the lock owner that a file system sees for a process (0) or an open file, as the kernel's FUSE makes one up
// (fs/fuse/file.c:fuse_lock_owner_id()).
func (r *remoteLocks) owner(pid int, o *fdesc.Open) uint64 {
	if o != nil {
		return maphash.Comparable(r.seed, o)
	}
	return maphash.Comparable(r.seed, pid)
}

// locked notes that a process has locks on f.
func (s *Supervisor) locked(pid int, f *fdesc.Open) {
	r := &s.locks
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.by[pid] == nil {
		end, err := watchEnd(pid)
		if err != nil {
			return // it has ended, or there is no descriptor left: the locks go with the last close
		}
		r.by[pid] = map[*fdesc.Open]bool{}
		go func() {
			<-end
			s.unlockAll(pid)
		}()
	}
	r.by[pid][f] = true
}

// closed notes that a process has closed a descriptor of f, and was told to have no locks by that.
func (r *remoteLocks) closed(pid int, f *fdesc.Open) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.by[pid], f)
}

// watchEnd returns a channel that is closed when the process has ended.
func watchEnd(pid int) (<-chan struct{}, error) {
	fd, err := unix.PidfdOpen(pid, unix.PIDFD_NONBLOCK)
	if err != nil {
		return nil, err
	}
	f := os.NewFile(uintptr(fd), "pidfd")
	conn, err := f.SyscallConn()
	if err != nil {
		f.Close()
		return nil, err
	}
	end := make(chan struct{})
	go func() {
		defer close(end)
		defer f.Close()
		// A pidfd is readable when the process has ended.
		_ = conn.Read(func(fd uintptr) bool {
			p := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
			n, err := unix.Poll(p, 0)
			return err == nil && n > 0
		})
	}()
	return end, nil
}

// unlockAll ends the locks of a process that has ended.
func (s *Supervisor) unlockAll(pid int) {
	s.locks.mu.Lock()
	files := s.locks.by[pid]
	delete(s.locks.by, pid)
	s.locks.mu.Unlock()
	for f := range files {
		lk := unix.Flock_t{Type: unix.F_UNLCK}
		s.guard("unlock", func() {
			err := f.Use(func() error {
				return f.File.(engine.FileLocker).Lock(s.background(), unix.F_SETLK, s.locks.owner(pid, nil), &lk)
			})
			if err != nil {
				s.log.Logf(engine.LogDebug, "locks of process %d: %v", pid, err)
			}
		})
	}
}

// remoteLock is a record lock of a file system that does them itself. done is false if it leaves them to
// the view.
func (c *call) remoteLock(f *fdesc.Open, l engine.FileLocker) (r reply, done bool) {
	cmd := c.fd(1)
	var b [32]byte // struct flock of amd64
	if _, err := c.mem().ReadAt(b[:], c.n.Args[2]); err != nil {
		return c.result(err), true
	}
	lk := unix.Flock_t{
		Type: int16(binary.NativeEndian.Uint16(b[:])), Whence: int16(binary.NativeEndian.Uint16(b[2:])),
		Start: int64(binary.NativeEndian.Uint64(b[8:])), Len: int64(binary.NativeEndian.Uint64(b[16:])),
		Pid: int32(binary.NativeEndian.Uint32(b[24:])),
	}
	if err := c.checkLock(f, cmd, &lk); err != nil {
		return c.result(err), true
	}
	ofd := cmd == unix.F_OFD_GETLK || cmd == unix.F_OFD_SETLK || cmd == unix.F_OFD_SETLKW
	by := f
	if !ofd {
		by = nil
		if lk.Type != unix.F_UNLCK && cmd != unix.F_GETLK {
			c.s.locked(c.PID(), f)
		}
	}
	// The kernel sends a server the closes of a process that has ended before what others do next, and a server that locks its own
	// descriptors gives up the locks of a file whenever it closes one.
	c.s.files.Settle(c, f.Node)
	c.Block()
	err := l.Lock(c, cmd, c.s.locks.owner(c.PID(), by), &lk)
	if isErrno(err, unix.ENOSYS) {
		return r, false
	}
	if err != nil || cmd != unix.F_GETLK && cmd != unix.F_OFD_GETLK {
		return c.result(err), true
	}
	if lk.Type != unix.F_UNLCK {
		binary.NativeEndian.PutUint16(b[2:], uint16(lk.Whence))
		binary.NativeEndian.PutUint64(b[8:], uint64(lk.Start))
		binary.NativeEndian.PutUint64(b[16:], uint64(lk.Len))
		binary.NativeEndian.PutUint32(b[24:], uint32(lk.Pid))
	}
	binary.NativeEndian.PutUint16(b[:], uint16(lk.Type))
	_, err = c.mem().WriteAt(b[:], c.n.Args[2])
	return c.result(err), true
}

// checkLock checks a lock as fs/locks.c:flock_to_posix_lock() and fcntl_setlk() do, and makes its start one from
// the beginning of the file.
func (c *call) checkLock(f *fdesc.Open, cmd int, lk *unix.Flock_t) error {
	get := cmd == unix.F_GETLK || cmd == unix.F_OFD_GETLK
	acc := f.Flags & unix.O_ACCMODE
	switch {
	case lk.Type != unix.F_RDLCK && lk.Type != unix.F_WRLCK && lk.Type != unix.F_UNLCK,
		get && lk.Type == unix.F_UNLCK,
		cmd >= unix.F_OFD_GETLK && cmd <= unix.F_OFD_SETLKW && lk.Pid != 0:
		return unix.EINVAL
	case !get && lk.Type == unix.F_RDLCK && acc == unix.O_WRONLY, !get && lk.Type == unix.F_WRLCK && acc == unix.O_RDONLY:
		return unix.EBADF
	}
	var base int64
	switch lk.Whence {
	case unix.SEEK_SET:
	case unix.SEEK_CUR:
		var err error
		if base, err = c.position(f); err != nil {
			return err
		}
	case unix.SEEK_END:
		var st unix.Statx_t
		if err := f.Node.Stat(c, &st); err != nil {
			return err
		}
		base = int64(st.Size)
	default:
		return unix.EINVAL
	}
	if lk.Start > math.MaxInt64-base {
		return unix.EOVERFLOW
	}
	lk.Start += base
	switch {
	case lk.Start < 0 || lk.Len < 0 && lk.Start+lk.Len < 0:
		return unix.EINVAL
	case lk.Len > 0 && lk.Start > math.MaxInt64-(lk.Len-1):
		return unix.EOVERFLOW
	case lk.Len < 0:
		lk.Start, lk.Len = lk.Start+lk.Len, -lk.Len
	}
	lk.Whence = unix.SEEK_SET
	return nil
}

// position is the offset of an open file.
func (c *call) position(f *fdesc.Open) (at int64, err error) {
	if !f.Native() {
		return f.Offset(c)
	}
	r := c.withFD(c.fd(0), func(own int) reply {
		at, err = unix.Seek(own, 0, unix.SEEK_CUR)
		return c.result(err)
	})
	if r.errno != 0 {
		return 0, r.errno
	}
	return at, nil
}

// sysFlock is flock(fd, how): the stand-in's lock is the view's, unless the file system does locks
// itself.
func sysFlock(c *call) reply {
	f := c.file(c.fd(0))
	if f == nil {
		return native
	}
	if f.Flags&unix.O_PATH != 0 {
		return fail(unix.EBADF)
	}
	l, ok := f.File.(engine.FileLocker)
	if !ok {
		return native
	}
	switch c.fd(1) &^ unix.LOCK_NB {
	case unix.LOCK_SH, unix.LOCK_EX, unix.LOCK_UN:
	default:
		return fail(unix.EINVAL)
	}
	c.Block()
	err := l.Flock(c, c.s.locks.owner(0, f), c.fd(1))
	if isErrno(err, unix.ENOSYS) {
		return native
	}
	return c.result(err)
}
