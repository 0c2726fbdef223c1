// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"encoding/binary"
	"errors"
	"math"

	"golang.org/x/sys/unix"
	"vuos.dev/engine"
	"vuos.dev/engine/internal/exec"
	"vuos.dev/engine/internal/fdesc"
	"vuos.dev/engine/internal/guest"
	"vuos.dev/engine/internal/seccomp"
	"vuos.dev/engine/internal/watch"
)

// sysClose tells the file system of each close; the kernel then does it, and the last one is
// noticed by package fdesc.
func sysClose(c *call) reply {
	if c.n.Args[1] == c.s.token {
		return native // see closeWith
	}
	f := c.file(c.fd(0))
	if f == nil {
		return native
	}
	c.s.numbersOf(c.PID()).closed(c.PID(), c.fd(0))
	if f.File == nil {
		return native
	}
	err := f.Flush(c)
	if _, ok := f.File.(engine.FileLocker); ok {
		c.s.locks.closed(c.PID(), f)
	}
	if err != nil {
		c.log(engine.LogDebug, "close: %v", err)
		return c.closeWith(err)
	}
	if openedOf(f).watched.Load() != nil {
		c.closeNow()
	}
	return native
}

// closeNow makes the close of a watched file, if it is the last one, an event before the call returns, as it is
// natively: with something harmless in its place, which the kernel then closes, the guest's reference is gone,
// and umvu's own is the last.
func (c *call) closeNow() {
	null, err := unix.Open("/dev/null", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return
	}
	defer unix.Close(null)
	own, err := guest.Take(c.TID(), c.fd(0))
	if err != nil {
		return
	}
	err = c.s.listener.AddFD(c.n.ID, null, c.fd(0), true)
	unix.Close(own)
	if err == nil {
		c.s.files.Closed()
	}
}

// closeWith closes the guest's descriptor and fails all the same, as the kernel does when flush fails (fs/open.c:filp_flush()): the
// guest is made to close it once more, with an argument more by which that is known. Where another tracer is in the
// way, something harmless takes the number's place and is gone at the next exec.
func (c *call) closeWith(failed error) reply {
	c.Block()
	r := c.result(failed)
	err := exec.Fail(c.execCall(), [6]uint64{c.n.Args[0], c.s.token}, r.errno, exec.Options{
		Restart: func() error { return c.s.listener.Return(c.n.ID, 0, erestartsys) },
		Reaper:  &c.s.Wait,
	})
	if err == nil || errors.Is(err, exec.ErrGone) {
		return reply{done: true}
	}
	null, err := unix.Open("/dev/null", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return r
	}
	defer unix.Close(null)
	_ = c.s.listener.AddFD(c.n.ID, null, c.fd(0), true)
	return r
}

func (c *call) log(l engine.Level, format string, a ...any) {
	c.s.log.Logf(l, c.name()+": "+format, a...)
}

// withFD runs f with a descriptor of umvu's for the guest's open file.
func (c *call) withFD(fd int, f func(own int) reply) reply {
	own, err := guest.Take(c.TID(), fd)
	if err != nil {
		return c.result(err)
	}
	defer unix.Close(own)
	return f(own)
}

// again installs one more descriptor of the same open file in the zone, its number not less than from.
func (c *call) again(fd, from int, cloexec bool) reply {
	return c.withFD(fd, func(own int) reply {
		n, err := c.installFrom(own, cloexec, zoneFor(c.file(fd)), from)
		if err != nil {
			return c.result(err)
		}
		return ok(int64(n))
	})
}

func sysDup(c *call) reply {
	if c.file(c.fd(0)) == nil && c.datagram(c.fd(0)) == nil {
		return native
	}
	return c.again(c.fd(0), 0, false)
}

// dupfd is F_DUPFD and F_DUPFD_CLOEXEC. fs/file.c:f_dupfd() compares an unsigned int with the limit.
func (c *call) dupfd(cloexec bool) reply {
	from := uint32(c.n.Args[2])
	lim, err := guest.GetLimit(c.TID(), unix.RLIMIT_NOFILE)
	if err == nil && uint64(from) >= lim.Cur {
		return fail(unix.EINVAL)
	}
	return c.again(c.fd(0), int(from), cloexec)
}

// sysDup2 is dup2 and dup3. A number below the zone, or in the read zone, is where the guest's calls are not seen, or not
// all: the stand-in must then be the truth.
func sysDup2(c *call) reply {
	f := c.file(c.fd(0))
	to := c.fd(1)
	if !readsNotified(to) && c.datagram(c.fd(0)) != nil {
		return fail(unix.EBADF) // its calls would not be seen there
	}
	if f == nil || to < 0 || to == c.fd(0) {
		return native
	}
	if readsNotified(to) {
		return native
	}
	return c.withFD(c.fd(0), func(own int) reply {
		err := f.Materialize(c, own)
		if f.Device() && (isErrno(err, unix.EOPNOTSUPP) || isErrno(err, unix.EACCES)) { // EACCES: only to be written
			return c.aliasAt(f, to)
		}
		if err != nil {
			return c.result(err)
		}
		return native
	})
}

// aliasAt gives an open device that is not in its stand-in the number to, which is not trapped.
func (c *call) aliasAt(f *fdesc.Open, to int) reply {
	flags := 0
	if int(c.n.NR) == unix.SYS_DUP3 {
		flags = c.fd(2)
	}
	lim, err := guest.GetLimit(c.TID(), unix.RLIMIT_NOFILE)
	if err != nil || flags&^unix.O_CLOEXEC != 0 || uint64(to) >= lim.Cur {
		return native // the kernel knows the error
	}
	fd, err := f.Alias()
	if err != nil {
		return c.result(err)
	}
	defer unix.Close(fd)
	if err := c.s.listener.AddFD(c.n.ID, fd, to, flags&unix.O_CLOEXEC != 0); err != nil {
		return c.result(err)
	}
	return ok(int64(to))
}

func sysFcntl(c *call) reply {
	f := c.file(c.fd(0))
	cmd := c.fd(1)
	if f == nil {
		if (cmd == unix.F_DUPFD || cmd == unix.F_DUPFD_CLOEXEC) && c.datagram(c.fd(0)) != nil {
			return c.dupfd(cmd == unix.F_DUPFD_CLOEXEC)
		}
		return native
	}
	switch cmd {
	case unix.F_DUPFD, unix.F_DUPFD_CLOEXEC:
		return c.dupfd(cmd == unix.F_DUPFD_CLOEXEC)
	case unix.F_GETFL:
		return c.getfl(f)
	case unix.F_GETFD, unix.F_SETFD:
	case unix.F_GET_SEALS, unix.F_ADD_SEALS:
		return fail(unix.EINVAL) // the stand-in has seals
	case unix.F_GETLK, unix.F_SETLK, unix.F_SETLKW, unix.F_OFD_GETLK, unix.F_OFD_SETLK, unix.F_OFD_SETLKW:
		return c.lock(f)
	default:
		if f.Flags&unix.O_PATH != 0 {
			return fail(unix.EBADF)
		}
		if cmd == unix.F_SETFL {
			c.statusChanged(f, int(c.n.Args[2]))
		}
	}
	return native
}

// readsNotified tells whether the filter notifies all calls on the descriptor, reading too.
func readsNotified(fd int) bool { return fd <= 2 || fd >= seccomp.Zone && zoneOf(fd) != readZone }

// lock is a record lock: the file system's, or else the stand-in's. A lock may start at the file's position, which
// the kernel must know then.
func (c *call) lock(f *fdesc.Open) reply {
	if f.Flags&unix.O_PATH != 0 {
		return fail(unix.EBADF)
	}
	if l, ok := f.File.(engine.FileLocker); ok {
		if r, done := c.remoteLock(f, l); done {
			return r
		}
	}
	if f.Native() {
		return c.cutLock(f)
	}
	const whence = 2 // struct flock of amd64
	var b [2]byte
	if _, err := c.mem().ReadAt(b[:], c.n.Args[2]+whence); err != nil || binary.NativeEndian.Uint16(b[:]) != unix.SEEK_CUR {
		return native
	}
	at, err := f.Offset(c)
	if err != nil {
		return c.result(err)
	}
	return c.withFD(c.fd(0), func(own int) reply {
		if _, err := unix.Seek(own, at, unix.SEEK_SET); err != nil {
			return c.result(err)
		}
		return native
	})
}

// cutLock lets a lock end before the bytes that are not the guests' to lock. Nobody but the guest can have a lock for its process, so
// the struct flock is changed where it lies: a range to the end of all files becomes one to there.
func (c *call) cutLock(f *fdesc.Open) reply {
	limit := f.LockLimit()
	if limit == math.MaxInt64 {
		return native
	}
	const whence, start, length = 2, 8, 16 // struct flock of amd64
	var b [32]byte
	if _, err := c.mem().ReadAt(b[:], c.n.Args[2]); err != nil {
		return c.result(err)
	}
	first, n := int64(binary.NativeEndian.Uint64(b[start:])), int64(binary.NativeEndian.Uint64(b[length:]))
	return c.withFD(c.fd(0), func(own int) reply {
		switch at, err := unix.Seek(own, 0, unix.SEEK_CUR); {
		case err != nil:
			return c.result(err)
		case binary.NativeEndian.Uint16(b[whence:]) == unix.SEEK_CUR:
			first += at
		case binary.NativeEndian.Uint16(b[whence:]) == unix.SEEK_END:
			var st unix.Stat_t
			if err := unix.Fstat(own, &st); err != nil {
				return c.result(err)
			}
			first += st.Size
		}
		switch {
		case first < 0 || n < 0 || n > 0 && first < limit-n:
			return native
		case first >= limit:
			return fail(unix.EOVERFLOW)
		}
		binary.NativeEndian.PutUint64(b[length:], uint64(limit-first))
		if _, err := c.mem().WriteAt(b[length:length+8], c.n.Args[2]+length); err != nil {
			return c.result(err)
		}
		return native
	})
}

// getfl is F_GETFL: the status flags are the stand-in's, the rest what was asked for at open.
func (c *call) getfl(f *fdesc.Open) reply {
	info, err := guest.FDInfo(c.TID(), c.fd(0), nil)
	if err != nil {
		return c.result(err)
	}
	_, fl, found := guest.FDPosition(info)
	if !found {
		return fail(unix.EIO)
	}
	const status = unix.O_APPEND | unix.O_NONBLOCK | unix.O_ASYNC | unix.O_DIRECT | unix.O_NOATIME
	const asked = unix.O_ACCMODE | unix.O_PATH | unix.O_DIRECTORY | unix.O_SYNC | unix.O_NOFOLLOW
	if f.Flags&unix.O_PATH != 0 {
		return ok(int64(f.Flags & (unix.O_PATH | unix.O_DIRECTORY | unix.O_NOFOLLOW)))
	}
	fl |= oLargefile
	if f.Device() {
		fl |= f.Flags & (unix.O_APPEND | unix.O_DIRECT | unix.O_NOATIME) // the kernel was not told of them
	}
	return ok(int64(fl&(status|oLargefile) | f.Flags&asked))
}

// oLargefile is O_LARGEFILE as the kernel shows it on amd64.
const oLargefile = 0o100000

func sysLseek(c *call) reply {
	f := c.file(c.fd(0))
	whence := c.fd(2)
	switch {
	case f == nil:
		return native
	case f.Native() && whence != unix.SEEK_DATA && whence != unix.SEEK_HOLE:
		return native
	case f.Native():
		return c.withFD(c.fd(0), func(own int) reply {
			n, err := f.Seek(c, own, int64(c.n.Args[1]), whence)
			if err != nil {
				return c.result(err)
			}
			return ok(n)
		})
	case f.Flags&unix.O_PATH != 0:
		return fail(unix.EBADF)
	}
	n, err := f.Seek(c, -1, int64(c.n.Args[1]), whence)
	switch err {
	case nil:
		return ok(n)
	case fdesc.ErrNative:
		return native
	}
	return c.result(err)
}

func sysGetdents(c *call) reply   { return c.getdents(true) }
func sysGetdents64(c *call) reply { return c.getdents(false) }

func (c *call) getdents(old bool) reply {
	f := c.file(c.fd(0))
	if f == nil {
		return c.listed(old)
	}
	if f.Flags&unix.O_PATH != 0 {
		return fail(unix.EBADF)
	}
	if f.Node.Type() != unix.S_IFDIR {
		return fail(unix.ENOTDIR)
	}
	buf := chunks.Get().(*[]byte)
	defer chunks.Put(buf)
	p := (*buf)[:min(uint64(uint32(c.n.Args[2])), chunkBytes)]
	before, err := f.Offset(c)
	if err != nil {
		return c.result(err)
	}
	n, err := f.Getdents(c, p, old)
	if err != nil {
		return c.result(err)
	}
	if _, err := c.mem().WriteAt(p[:n], c.n.Args[1]); err != nil {
		_, _ = f.Seek(c, -1, before, unix.SEEK_SET)
		return c.result(err)
	}
	c.happened(target{file: f}, watch.Access)
	return ok(int64(n))
}

// sysIoctl on a virtual file: what concerns the descriptor is the kernel's, the rest the
// module's.
func sysIoctl(c *call) reply {
	f := c.file(c.fd(0))
	if f == nil {
		if x := c.socket(c.fd(0)); x != nil {
			return c.stackIoctl(x)
		}
		return c.interfaceIoctl()
	}
	if f.Flags&unix.O_PATH != 0 {
		return fail(unix.EBADF)
	}
	const fionread, fionbio, fioasync, fioclex, fionclex = 0x541b, 0x5421, 0x5452, 0x5451, 0x5450
	const fioqsize, figetbsz, fiemap = 0x5460, 2, 0xc020660b
	cmd := uint32(c.n.Args[1])
	switch cmd {
	case fionbio:
		var on [4]byte
		if _, err := c.mem().ReadAt(on[:], c.n.Args[2]); err == nil && on != [4]byte{} {
			c.statusChanged(f, unix.O_NONBLOCK)
		}
		return native
	case fioasync, fioclex, fionclex:
		return native
	}
	if cmd == fionread && f.Node.Type() == unix.S_IFREG {
		return c.fionread(f)
	}
	if typ := f.Node.Type(); cmd == fioqsize && (typ == unix.S_IFREG || typ == unix.S_IFDIR) {
		return c.fioqsize(f)
	}
	switch cmd {
	case figetbsz:
		return c.figetbsz(f)
	case fiemap:
		return fail(unix.EOPNOTSUPP)
	}
	io, isIoctler := f.File.(engine.FileIoctler)
	if !isIoctler {
		return fail(unix.ENOTTY)
	}
	n, err := io.Ioctl(c, c.mem(), cmd, c.n.Args[2])
	f.Used(c)
	if err != nil {
		return c.result(err)
	}
	return ok(int64(n))
}

// fionread is FIONREAD of a regular file: what is left to its end (fs/ioctl.c).
func (c *call) fionread(f *fdesc.Open) reply {
	var st unix.Statx_t
	if err := f.Node.Stat(c, &st); err != nil {
		return c.result(err)
	}
	at, err := c.position(f)
	if err != nil {
		return c.result(err)
	}
	left := binary.NativeEndian.AppendUint32(nil, uint32(int64(st.Size)-at))
	_, err = c.mem().WriteAt(left, c.n.Args[2])
	return c.result(err)
}

// fioqsize is FIOQSIZE, the size of a file or directory in 64 bits (fs/ioctl.c).
func (c *call) fioqsize(f *fdesc.Open) reply {
	var st unix.Statx_t
	if err := f.Node.Stat(c, &st); err != nil {
		return c.result(err)
	}
	_, err := c.mem().WriteAt(binary.NativeEndian.AppendUint64(nil, st.Size), c.n.Args[2])
	return c.result(err)
}

// figetbsz is FIGETBSZ, the size of a block of the file system.
func (c *call) figetbsz(f *fdesc.Open) reply {
	var st unix.Statx_t
	if err := f.Node.Stat(c, &st); err != nil {
		return c.result(err)
	}
	_, err := c.mem().WriteAt(binary.NativeEndian.AppendUint32(nil, st.Blksize), c.n.Args[2])
	return c.result(err)
}

// sysCloseRange only has to flush: the kernel closes.
func sysCloseRange(c *call) reply {
	if c.s.files.Live() == 0 {
		return native
	}
	const cloexec = 4 // CLOSE_RANGE_CLOEXEC
	if c.n.Args[2]&cloexec == 0 {
		c.eachFD(int(uint32(c.n.Args[0])), int(uint32(c.n.Args[1])), func(_ int, f *fdesc.Open) {
			if err := f.Flush(c); err != nil {
				c.log(engine.LogDebug, "%v", err)
			}
		})
	}
	return native
}

// eachFD calls do for the virtual descriptors of the guest between two numbers.
func (c *call) eachFD(first, last int, do func(fd int, f *fdesc.Open)) {
	for _, fd := range guest.FDs(c.TID()) {
		if fd >= first && fd <= last {
			if f := c.file(fd); f != nil && f.File != nil {
				do(fd, f)
			}
		}
	}
}
