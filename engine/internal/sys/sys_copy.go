// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"encoding/binary"
	"time"

	"golang.org/x/sys/unix"
	"vuos.dev/engine/internal/fdesc"
	"vuos.dev/engine/internal/guest"
	"vuos.dev/engine/internal/sockfd"
)

// end is one side of sendfile, splice and copy_file_range.
type end struct {
	c    *call
	fd   int            // umvu's descriptor of the guest's open file
	file *fdesc.Open    // nil for the kernel's own
	sock *sockfd.Socket // a socket of a stack that has no stream
	addr uint64         // guest's variable that holds the position, or 0 for the file's own
	off  int64
	at   bool
}

// openEnd takes the guest's descriptor and reads the position.
func (c *call) openEnd(fd int, addr uint64) (*end, error) {
	e := &end{c: c, file: c.file(fd), addr: addr, at: addr != 0}
	if e.file != nil && e.file.Flags&unix.O_PATH != 0 {
		return nil, unix.EBADF
	}
	if e.file == nil {
		if e.sock = c.datagram(fd); e.sock != nil && e.at {
			return nil, unix.EINVAL // it has no positions (FMODE_PREAD, FMODE_PWRITE)
		}
	}
	if e.at {
		var b [8]byte
		if _, err := c.mem().ReadAt(b[:], addr); err != nil {
			return nil, err
		}
		if e.off = int64(binary.NativeEndian.Uint64(b[:])); e.off < 0 {
			return nil, unix.EINVAL
		}
	}
	var err error
	if e.fd, err = guest.Take(c.TID(), fd); err != nil {
		return nil, unix.EBADF
	}
	return e, nil
}

func (e *end) close() {
	unix.Close(e.fd)
	if e.at {
		var b [8]byte
		binary.NativeEndian.PutUint64(b[:], uint64(e.off))
		_, _ = e.c.mem().WriteAt(b[:], e.addr)
	}
}

func (e *end) read(p []byte) (n int, err error) {
	switch {
	case e.sock != nil:
		n, err = e.receive(p)
	case e.file != nil && e.at:
		n, err = e.file.ReadAt(e.c, p, e.off)
	case e.file != nil:
		n, err = e.file.Read(e.c, e.fd, p)
	case e.at:
		n, err = unix.Pread(e.fd, p, e.off)
	default:
		if err = e.c.waitFor(e.fd, unix.POLLIN); err == nil {
			n, err = unix.Read(e.fd, p)
		}
	}
	e.off += int64(max(n, 0))
	return max(n, 0), err
}

func (e *end) write(p []byte) (n int, err error) {
	for n < len(p) {
		var k int
		switch {
		case e.sock != nil:
			k, err = e.send(p[n:])
		case e.file != nil && e.at:
			k, err = e.file.WriteAt(e.c, p[n:], e.off)
		case e.file != nil:
			k, err = e.file.Write(e.c, e.fd, p[n:], 0)
		case e.at:
			k, err = unix.Pwrite(e.fd, p[n:], e.off)
		default:
			if err = e.c.waitFor(e.fd, unix.POLLOUT); err == nil {
				k, err = unix.Write(e.fd, p[n:])
			}
		}
		if k <= 0 || err != nil {
			break
		}
		n += k
		e.off += int64(k)
	}
	return n, err
}

// unread puts back what was read but not written.
func (e *end) unread(n int) {
	e.off -= int64(n)
	switch {
	case n == 0 || e.at:
	case e.file != nil:
		_, _ = e.file.Seek(e.c, e.fd, int64(-n), unix.SEEK_CUR)
	default:
		_, _ = unix.Seek(e.fd, int64(-n), unix.SEEK_CUR)
	}
}

func (e *end) seekable() bool {
	if e.file != nil {
		return e.file.Node.Type() == unix.S_IFREG || e.file.Node.Type() == unix.S_IFBLK
	}
	_, err := unix.Seek(e.fd, 0, unix.SEEK_CUR)
	return err == nil
}

// copyEnds moves up to length bytes. Data from a pipe that could not be written would be lost: what is
// read from one is at most what the other side takes at once.
func (c *call) copyEnds(in, out *end, length uint64) (int, error) {
	buf := chunks.Get().(*[]byte)
	defer chunks.Put(buf)
	total, most := 0, uint64(chunkBytes)
	if out.sock != nil {
		most = messageBytes
	}
	for length > 0 {
		n, err := in.read((*buf)[:min(length, most)])
		if n == 0 || err != nil {
			return total, err
		}
		w, err := out.write((*buf)[:n])
		total += w
		if w < n {
			in.unread(n - w)
			return total, err
		}
		length -= uint64(n)
		if !in.seekable() {
			break
		}
	}
	return total, nil
}

// copyRange has the file system copy, if it can.
func (c *call) copyRange(in, out *end, length uint64) (int, error) {
	for _, e := range [...]*end{in, out} {
		if e.at {
			continue
		}
		at, err := e.file.Offset(c)
		if err != nil {
			return 0, err
		}
		e.off = at
	}
	n, err := in.file.CopyRange(c, in.off, out.file, out.off, int64(length))
	switch {
	case isErrno(err, unix.EOPNOTSUPP), isErrno(err, unix.ENOSYS), isErrno(err, unix.EXDEV):
		return c.copyEnds(in, out, length)
	case err != nil:
		return 0, err
	}
	for _, e := range [...]*end{in, out} {
		e.off += n
		if !e.at {
			if _, err := e.file.Seek(c, e.fd, e.off, unix.SEEK_SET); err != nil {
				return 0, err
			}
		}
	}
	return int(n), nil
}

// twoEnds is what the three calls share; move moves the data.
func (c *call) twoEnds(in, out int, inAddr, outAddr, length uint64, move func(in, out *end, length uint64) (int, error)) reply {
	from, err := c.openEnd(in, inAddr)
	if err != nil {
		return c.result(err)
	}
	defer from.close()
	to, err := c.openEnd(out, outAddr)
	if err != nil {
		return c.result(err)
	}
	defer to.close()
	for e, write := range map[*end]bool{from: false, to: true} {
		if e.file != nil {
			if err := mayTransfer(e.file, write); err != nil {
				return c.result(err)
			}
		}
	}
	n, err := move(from, to, min(length, maxRW))
	for _, e := range [...]*end{from, to} {
		if e.file != nil {
			c.transferred(e.file, n, e == to)
		}
	}
	return c.count(n, err)
}

// anyVirtual tells whether one of the descriptors is a virtual file, or a socket of a stack whose data is not the kernel's to move.
func (c *call) anyVirtual(fds ...int) bool {
	for _, fd := range fds {
		if c.file(fd) != nil || c.datagram(fd) != nil {
			return true
		}
	}
	return false
}

// sysSendfile is sendfile(out, in, offset, count).
func sysSendfile(c *call) reply {
	if !c.anyVirtual(c.fd(0), c.fd(1)) {
		return native
	}
	if f := c.file(c.fd(0)); f != nil && f.Flags&unix.O_APPEND != 0 || c.datagram(c.fd(1)) != nil {
		return fail(unix.EINVAL)
	}
	return c.twoEnds(c.fd(1), c.fd(0), c.n.Args[2], 0, c.n.Args[3], c.copyEnds)
}

// sysSplice is splice(in, off_in, out, off_out, len, flags).
func sysSplice(c *call) reply {
	if !c.anyVirtual(c.fd(0), c.fd(2)) {
		return native
	}
	if r, done := c.spliceStream(); done {
		return r
	}
	return c.splice()
}

// splice has a pipe at one end at least, and moves no more than there is or fits without waiting for
// more.
func (c *call) splice() reply {
	if c.n.Args[5]&^(unix.SPLICE_F_MOVE|unix.SPLICE_F_NONBLOCK|unix.SPLICE_F_MORE|unix.SPLICE_F_GIFT) != 0 {
		return fail(unix.EINVAL)
	}
	length := min(c.n.Args[4], maxRW)
	pipes := 0
	for _, e := range [...]struct {
		fd   int
		off  uint64
		free bool // room counts, not what is there
	}{{c.fd(0), c.n.Args[1], false}, {c.fd(2), c.n.Args[3], true}} {
		own, err := guest.Take(c.TID(), e.fd)
		if err != nil {
			return fail(unix.EBADF)
		}
		n, isPipe := pipeLevel(own, e.free)
		unix.Close(own)
		if !isPipe {
			continue
		}
		if e.off != 0 {
			return fail(unix.ESPIPE)
		}
		pipes++
		if !e.free && n == 0 && c.n.Args[5]&unix.SPLICE_F_NONBLOCK != 0 {
			if r := c.empty(e.fd); !r.cont {
				return r
			}
		}
		if n > 0 {
			length = min(length, uint64(n))
		}
	}
	if pipes == 0 {
		return fail(unix.EINVAL)
	}
	if f := c.file(c.fd(2)); f != nil && f.Flags&unix.O_APPEND != 0 {
		return fail(unix.EINVAL)
	}
	return c.twoEnds(c.fd(0), c.fd(2), c.n.Args[1], c.n.Args[3], length, c.copyEnds)
}

// empty is EAGAIN for a pipe that has nothing to read but may have later.
func (c *call) empty(fd int) reply {
	own, err := guest.Take(c.TID(), fd)
	if err != nil {
		return fail(unix.EBADF)
	}
	defer unix.Close(own)
	p := []unix.PollFd{{Fd: int32(own), Events: unix.POLLIN}}
	if n, err := unix.Poll(p, 0); err == nil && n == 0 {
		return fail(unix.EAGAIN)
	}
	return native
}

// waitFor waits until a descriptor of the kernel's can be read or written, unless it is a non-blocking one. EINTR if
// the guest has a signal to handle.
func (c *call) waitFor(fd int, events int16) error {
	fl, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
	if err != nil || fl&unix.O_NONBLOCK != 0 {
		return err
	}
	return c.poll(fd, events, time.Time{})
}

// poll waits for events on a descriptor of umvu's. EINTR if the guest has a signal to handle, EAGAIN at the time end,
// if that is not zero.
func (c *call) poll(fd int, events int16, end time.Time) error {
	p := []unix.PollFd{{Fd: int32(fd), Events: events}}
	for timeout := 0; ; timeout = pollMillis {
		n, err := unix.Poll(p, timeout)
		if n > 0 || err != nil && err != unix.EINTR {
			return err
		}
		if !end.IsZero() && !time.Now().Before(end) {
			return unix.EAGAIN
		}
		c.Block()
		if c.interrupted() {
			return unix.EINTR
		}
	}
}

// pollMillis is how often a call that waits for a descriptor looks whether its guest has a signal.
const pollMillis = 20

// pipeLevel is how many bytes a pipe has, or has room for.
func pipeLevel(fd int, free bool) (n int, isPipe bool) {
	size, err := unix.FcntlInt(uintptr(fd), unix.F_GETPIPE_SZ, 0)
	if err != nil {
		return 0, false
	}
	n, err = unix.IoctlGetInt(fd, unix.TIOCINQ)
	if err != nil {
		return 0, true
	}
	if free {
		n = size - n
	}
	return n, true
}

// sysTee needs two pipes, which virtual files are not.
func sysTee(c *call) reply {
	if !c.anyVirtual(c.fd(0), c.fd(1)) {
		return native
	}
	return fail(unix.EINVAL)
}

// sysVmsplice needs a pipe, which virtual files are not.
func sysVmsplice(c *call) reply {
	if c.file(c.fd(0)) == nil {
		return native
	}
	return fail(unix.EBADF)
}

// sysCopyFileRange is copy_file_range(in, off_in, out, off_out, len, flags).
func sysCopyFileRange(c *call) reply {
	in, out := c.file(c.fd(0)), c.file(c.fd(2))
	if in == nil && out == nil {
		return native
	}
	if err := c.mayCopyRange(); err != nil {
		return c.result(err)
	}
	if in == nil || out == nil {
		return fail(unix.EXDEV) // programs fall back to read and write
	}
	if posOf(in).Mount != posOf(out).Mount {
		return fail(unix.EXDEV)
	}
	if in.Node == out.Node && c.overlaps() {
		return fail(unix.EINVAL)
	}
	return c.twoEnds(c.fd(0), c.fd(2), c.n.Args[1], c.n.Args[3], c.n.Args[4], c.copyRange)
}

// mayCopyRange is what fs/read_write.c:copy_file_range() and generic_copy_file_checks() check, in that order.
func (c *call) mayCopyRange() error {
	var typ [2]uint32
	var flags [2]int
	for i, fd := range [...]int{c.fd(0), c.fd(2)} {
		if f := c.file(fd); f != nil {
			typ[i], flags[i] = f.Node.Type(), f.Flags
			continue
		}
		own, err := guest.Take(c.TID(), fd)
		if err != nil {
			return unix.EBADF
		}
		var st unix.Stat_t
		err = unix.Fstat(own, &st)
		typ[i] = st.Mode & unix.S_IFMT
		if err == nil {
			flags[i], err = unix.FcntlInt(uintptr(own), unix.F_GETFL, 0)
		}
		unix.Close(own)
		if err != nil {
			return err
		}
	}
	switch {
	case c.n.Args[5] != 0:
		return unix.EINVAL
	case typ[0] == unix.S_IFDIR || typ[1] == unix.S_IFDIR:
		return unix.EISDIR
	case typ[0] != unix.S_IFREG || typ[1] != unix.S_IFREG:
		return unix.EINVAL
	case (flags[0]|flags[1])&unix.O_PATH != 0, flags[0]&unix.O_ACCMODE == unix.O_WRONLY,
		flags[1]&unix.O_ACCMODE == unix.O_RDONLY, flags[1]&unix.O_APPEND != 0:
		return unix.EBADF
	}
	return nil
}

// overlaps tells whether a copy within one file reads what it writes.
func (c *call) overlaps() bool {
	in, err := c.openEnd(c.fd(0), c.n.Args[1])
	if err != nil {
		return false
	}
	defer unix.Close(in.fd)
	out, err := c.openEnd(c.fd(2), c.n.Args[3])
	if err != nil {
		return false
	}
	defer unix.Close(out.fd)
	for _, e := range []*end{in, out} {
		if !e.at {
			e.off, _ = unix.Seek(e.fd, 0, unix.SEEK_CUR)
		}
	}
	n := int64(c.n.Args[4])
	return in.off < out.off+n && out.off < in.off+n
}
