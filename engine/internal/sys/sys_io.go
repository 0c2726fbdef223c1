// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"math"

	"golang.org/x/sys/unix"
	"vuos.dev/engine/internal/fdesc"
	"vuos.dev/engine/internal/guest"
)

// transfer is a read or write of any form.
type transfer struct {
	vec   []iovec
	off   int64 // position, if at is set; otherwise the file's own
	at    bool
	flags int // RWF_*
	write bool
}

// The forms of read and write: where the memory is, and where the position.
func sysRead(c *call) reply  { return c.rw(buffer, nil, false) }
func sysWrite(c *call) reply { return c.rw(buffer, nil, true) }
func sysReadv(c *call) reply { return c.rw(vector, nil, false) }
func sysWritev(c *call) reply {
	return c.rw(vector, nil, true)
}
func sysPread(c *call) reply    { return c.rw(buffer, position, false) }
func sysPwrite(c *call) reply   { return c.rw(buffer, position, true) }
func sysPreadv(c *call) reply   { return c.rw(vector, position, false) }
func sysPwritev(c *call) reply  { return c.rw(vector, position, true) }
func sysPreadv2(c *call) reply  { return c.rw(vector, position2, false) }
func sysPwritev2(c *call) reply { return c.rw(vector, position2, true) }

func buffer(c *call) ([]iovec, error) {
	n := c.n.Args[2]
	if int64(n) < 0 {
		return nil, unix.EINVAL
	}
	if n == 0 {
		return nil, nil
	}
	return []iovec{{c.n.Args[1], min(n, maxRW)}}, nil
}

func vector(c *call) ([]iovec, error) { return c.iovecs(c.n.Args[1], c.n.Args[2]) }

func position(c *call, t *transfer) error {
	t.at, t.off = true, int64(c.n.Args[3])
	if t.off < 0 {
		return unix.EINVAL
	}
	return nil
}

// position2 is that of preadv2 and pwritev2: -1 is the file's own, and there are flags.
func position2(c *call, t *transfer) error {
	t.flags = c.fd(5)
	if int64(c.n.Args[3]) == -1 {
		return nil
	}
	return position(c, t)
}

func (c *call) rw(mem func(*call) ([]iovec, error), where func(*call, *transfer) error, write bool) reply {
	find := c.standIn // a file of the host's that is a device is read as any other
	if write {
		find = c.file
	}
	f := find(c.fd(0))
	if f == nil {
		if x := c.datagram(c.fd(0)); x != nil {
			return c.messageRW(x, mem, where, write)
		}
		return native
	}
	if f.Native() && !(write && f.Device()) { // a stand-in would grow where a device is full
		return native
	}
	t := transfer{write: write}
	if err := mayTransfer(f, write); err != nil {
		return c.result(err)
	}
	if where != nil {
		if err := where(c, &t); err != nil {
			return c.result(err)
		}
	}
	var err error
	if t.vec, err = mem(c); err != nil {
		return c.result(err)
	}
	if f.Stream() {
		return c.streamed(f, &t)
	}
	if len(t.vec) == 0 {
		return ok(0)
	}
	if write && c.writesNatively(f, &t) {
		return native
	}
	n, err := c.transfer(f, &t)
	if n == 0 && err == fdesc.ErrNative {
		return native // another thread has just made it so
	}
	return c.count(n, err)
}

// writesNatively tells whether the kernel does a write itself, on the host's file that a device is. A limit of the size of files
// (RLIMIT_FSIZE) is none for a device's.
func (c *call) writesNatively(f *fdesc.Open, t *transfer) bool {
	if !f.Backed() || !c.s.watches.Empty() || t.flags&unix.RWF_APPEND != 0 || c.WriteLimit() < math.MaxInt64 {
		return false
	}
	off := t.off
	if !t.at {
		pos, flags, known := guest.FDPosition(c.told)
		if !known || flags&unix.O_APPEND != 0 {
			return false
		}
		off = pos
	}
	return f.WritesNatively(off, int64(span(t.vec, maxRW)))
}

// mayTransfer is what fs/read_write.c checks first.
func mayTransfer(f *fdesc.Open, write bool) error {
	acc := f.Flags & unix.O_ACCMODE
	switch {
	case f.Flags&unix.O_PATH != 0,
		write && acc == unix.O_RDONLY, !write && acc == unix.O_WRONLY:
		return unix.EBADF
	case f.Node.Type() == unix.S_IFDIR:
		return unix.EISDIR
	}
	return nil
}

// transfer moves the data. What is written goes with a descriptor of the guest's open file, whose flags
// tell whether it appends.
func (c *call) transfer(f *fdesc.Open, t *transfer) (n int, err error) {
	const known = unix.RWF_DSYNC | unix.RWF_HIPRI | unix.RWF_SYNC | unix.RWF_NOWAIT | unix.RWF_APPEND | unix.RWF_NOAPPEND
	const either = unix.RWF_APPEND | unix.RWF_NOAPPEND
	switch {
	case t.flags&^known != 0:
		return 0, unix.EOPNOTSUPP
	case t.flags&either == either:
		return 0, unix.EINVAL
	}
	if t.at {
		n, err = c.transferAt(f, t)
	} else {
		n, err = c.transferOwn(f, t)
	}
	if n > 0 && t.write && t.flags&(unix.RWF_DSYNC|unix.RWF_SYNC) != 0 {
		if serr := f.Sync(c, t.flags&unix.RWF_SYNC == 0); serr != nil {
			return 0, serr
		}
	}
	c.transferred(f, n, t.write)
	return n, err
}

func (c *call) transferAt(f *fdesc.Open, t *transfer) (int, error) {
	fd := -1
	if t.write && !f.Device() { // whether it appends is asked of the guest's open file
		own, err := c.taken(f)
		if err != nil {
			return 0, err
		}
		defer unix.Close(own)
		fd = own
	}
	move := func(p []byte) (n int, err error) {
		if t.write {
			n, err = f.Pwrite(c, fd, p, t.off, t.flags)
		} else {
			n, err = f.ReadAt(c, p, t.off)
		}
		t.off += int64(n)
		return n, err
	}
	if t.write {
		return c.fromGuest(t.vec, move)
	}
	return c.toGuest(t.vec, move)
}

// taken is a descriptor of umvu's for the open file f, that of the call's first argument. It is -1, for its status flags as
// they were last known, where a container refuses pidfd_getfd(2) and the stand-in is not the truth.
func (c *call) taken(f *fdesc.Open) (int, error) {
	own, err := guest.Take(c.TID(), c.fd(0))
	if isErrno(err, unix.EPERM) && !f.Native() {
		return -1, nil
	}
	return own, err
}

func (c *call) transferOwn(f *fdesc.Open, t *transfer) (int, error) {
	if t.write {
		fd := -1
		if !f.Device() || f.Native() {
			own, err := c.taken(f)
			if err != nil {
				return 0, err
			}
			defer unix.Close(own)
			fd = own
		}
		return c.fromGuest(t.vec, func(p []byte) (int, error) { return f.Write(c, fd, p, t.flags) })
	}
	moved := 0
	n, err := c.toGuest(t.vec, func(p []byte) (int, error) {
		k, err := f.Read(c, -1, p)
		moved += k
		return k, err
	})
	if n < moved { // what did not reach the guest was not read
		_, _ = f.Seek(c, -1, int64(n-moved), unix.SEEK_CUR)
	}
	return n, err
}
