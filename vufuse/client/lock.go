// SPDX-License-Identifier: Apache-2.0

package client

import (
	"math"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
	"vuos.dev/vufuse/proto"
)

// lockingFile is a file of a server that does locks. Of the two kinds the server may do
// one only: the other is ENOSYS here, and is then the view's.
type lockingFile struct {
	*file
	ofdLocked atomic.Uint64 // owner of locks of the open file, or 0
}

var _ engine.FileLocker = (*lockingFile)(nil)

// Lock implements [engine.FileLocker].
func (f *lockingFile) Lock(c engine.Call, cmd int, owner uint64, lk *unix.Flock_t) error {
	if !f.n.fs.has(proto.PosixLocks) {
		return unix.ENOSYS
	}
	f.lockedBy(c, cmd, owner)
	in := &proto.LkIn{Fh: f.fh, Owner: owner, Lk: proto.FileLock{Type: uint32(lk.Type), PID: uint32(c.PID())}}
	start, end, err := f.lockRange(c, lk)
	if err != nil {
		return err
	}
	in.Lk.Start, in.Lk.End = start, end
	switch cmd {
	case unix.F_GETLK, unix.F_OFD_GETLK:
		return f.getLock(c, in, lk)
	case unix.F_SETLKW, unix.F_OFD_SETLKW:
		return f.n.fs.do(c, &Request{Op: proto.Setlkw, Node: f.n.id, In: in})
	case unix.F_SETLK, unix.F_OFD_SETLK:
		return f.n.fs.do(c, &Request{Op: proto.Setlk, Node: f.n.id, In: in})
	}
	return unix.EINVAL
}

// lockedBy notes who locks, for FLUSH, or that the locks of the open file have to end with it.
func (f *lockingFile) lockedBy(c engine.Call, cmd int, owner uint64) {
	switch cmd {
	case unix.F_OFD_SETLK, unix.F_OFD_SETLKW:
		f.ofdLocked.Store(owner)
	case unix.F_SETLK, unix.F_SETLKW:
		f.n.mu.Lock()
		defer f.n.mu.Unlock()
		if f.n.owners == nil {
			f.n.owners = make(map[int]uint64)
		}
		f.n.owners[c.PID()] = owner
	}
}

// Release implements [engine.File]. Locks of the open file end with it (fs/locks.c:locks_remove_file()).
func (f *lockingFile) Release(c engine.Call) {
	if owner := f.ofdLocked.Load(); owner != 0 {
		_ = f.Lock(c, unix.F_OFD_SETLK, owner, &unix.Flock_t{Type: unix.F_UNLCK})
	}
	f.file.Release(c)
}

func (f *lockingFile) getLock(c engine.Call, in *proto.LkIn, lk *unix.Flock_t) error {
	var out proto.LkOut
	if err := f.n.fs.do(c, &Request{Op: proto.Getlk, Node: f.n.id, In: in, Out: &out}); err != nil {
		return err
	}
	if !out.Lk.Valid() {
		return unix.EIO
	}
	if lk.Type = int16(out.Lk.Type); lk.Type == unix.F_UNLCK {
		return nil
	}
	lk.Whence, lk.Start, lk.Len, lk.Pid = unix.SEEK_SET, int64(out.Lk.Start), 0, int32(out.Lk.PID)
	if out.Lk.End < math.MaxInt64 {
		lk.Len = int64(out.Lk.End-out.Lk.Start) + 1
	}
	return nil
}

// lockRange turns start and length into first and last byte (fs/locks.c:flock64_to_posix_lock). The
// engine has resolved SEEK_CUR.
func (f *lockingFile) lockRange(c engine.Call, lk *unix.Flock_t) (start, end uint64, err error) {
	from := lk.Start
	switch lk.Whence {
	case unix.SEEK_SET:
	case unix.SEEK_END:
		a, err := f.n.fresh(c, unix.STATX_SIZE)
		if err != nil {
			return 0, 0, err
		}
		if from > 0 && int64(a.Size) > math.MaxInt64-from {
			return 0, 0, unix.EOVERFLOW
		}
		from += int64(a.Size)
	default:
		return 0, 0, unix.EINVAL
	}
	last := int64(math.MaxInt64)
	switch {
	case lk.Len > 0:
		if from > math.MaxInt64-(lk.Len-1) {
			return 0, 0, unix.EOVERFLOW
		}
		last = from + lk.Len - 1
	case lk.Len < 0:
		last = from - 1
		from += lk.Len
	}
	if from < 0 {
		return 0, 0, unix.EINVAL
	}
	return uint64(from), uint64(last), nil
}

// Flock implements [engine.FileLocker].
func (f *lockingFile) Flock(c engine.Call, owner uint64, how int) error {
	if !f.n.fs.has(proto.FlockLocks) {
		return unix.ENOSYS
	}
	in := &proto.LkIn{Fh: f.fh, Owner: owner, Flags: proto.LkFlock}
	in.Lk = proto.FileLock{End: math.MaxInt64, PID: uint32(c.PID())}
	switch how &^ unix.LOCK_NB {
	case unix.LOCK_SH:
		in.Lk.Type = unix.F_RDLCK
	case unix.LOCK_EX:
		in.Lk.Type = unix.F_WRLCK
	case unix.LOCK_UN:
		in.Lk.Type = unix.F_UNLCK
	default:
		return unix.EINVAL
	}
	op := proto.Setlkw
	if how&unix.LOCK_NB != 0 || in.Lk.Type == unix.F_UNLCK {
		op = proto.Setlk
	}
	f.flocked.Store(owner)
	return f.n.fs.do(c, &Request{Op: op, Node: f.n.id, In: in})
}

// flushOwner is the lock owner that FLUSH tells for a process: the one it locked as.
func (n *node) flushOwner(pid int) uint64 {
	n.mu.Lock()
	defer n.mu.Unlock()
	if owner, ok := n.owners[pid]; ok {
		delete(n.owners, pid)
		return owner
	}
	return lockOwner(pid)
}

// owner is the lock owner of a process, for the server to know whose locks are in the way.
func (n *node) owner(pid int) uint64 {
	n.mu.Lock()
	defer n.mu.Unlock()
	if owner, ok := n.owners[pid]; ok {
		return owner
	}
	return lockOwner(pid)
}

// lockOwner is the owner for a process that never locked.
func lockOwner(pid int) uint64 { return uint64(pid)*0x9e3779b97f4a7c15 | 1 }
