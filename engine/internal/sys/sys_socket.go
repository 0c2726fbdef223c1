// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"bytes"
	"encoding/binary"
	"strings"

	"golang.org/x/sys/unix"
	"vuos.dev/engine/internal/guest"
)

// unixPath reads a struct sockaddr_un with a path; ok is false for any other address.
func (c *call) unixPath(addr, size uint64) (path []byte, ok bool) {
	if size < 3 || size > unix.SizeofSockaddrUnix || addr == 0 {
		return nil, false
	}
	b := c.path[:size]
	if _, err := c.mem().ReadAt(b, addr); err != nil {
		return nil, false
	}
	if binary.NativeEndian.Uint16(b) != unix.AF_UNIX || b[2] == 0 {
		return nil, false
	}
	b = b[2:]
	if i := bytes.IndexByte(b, 0); i >= 0 {
		b = b[:i]
	}
	return b, true
}

// sysBind is bind(fd, addr, len).
func sysBind(c *call) reply {
	if x := c.socket(c.fd(0)); x != nil {
		return c.stackBind(x)
	}
	if c.s.pristine() {
		return native
	}
	p, isPath := c.unixPath(c.n.Args[1], c.n.Args[2])
	if !isPath {
		return native
	}
	t, err := c.findPath(unix.AT_FDCWD, p, create)
	switch {
	case isErrno(err, unix.EEXIST):
		return fail(unix.EADDRINUSE)
	case err != nil:
		return c.result(err)
	case t.native:
		return native
	}
	name := string(p)
	if _, r, done := c.checkEntry(t, create); done {
		if r.errno == unix.EEXIST {
			r.errno = unix.EADDRINUSE
		}
		return r
	}
	if t.slash {
		return fail(unix.ENOENT)
	}
	c.Block()
	return c.withFD(c.fd(0), func(own int) reply {
		private, err := c.s.bindStandIn(own, name)
		if err != nil {
			return c.result(err)
		}
		n, err := c.mknod(t, c.umasked(t.dir.Node, unix.S_IFSOCK|0o777), 0)
		if err != nil {
			return c.result(err)
		}
		if n, err = c.held(n); err != nil {
			return c.result(err)
		}
		c.s.sockets.forget(n) // an inode that is gone may have been this node
		c.s.sockets.put(c, n, private)
		return ok(0)
	})
}

// peer finds the private path of the virtual socket that an address in the guest's memory names. Any other address is the kernel's matter.
func (c *call) peer(addr, size uint64) (private string, r reply, done bool) {
	p, isPath := c.unixPath(addr, size)
	if !isPath {
		return "", native, true
	}
	t, err := c.findPath(unix.AT_FDCWD, p, follow)
	if err != nil {
		return "", c.result(err), true
	}
	if t.native {
		return "", native, true
	}
	if err := permitted(c, t, unix.W_OK); err != nil {
		return "", c.result(err), true
	}
	n, err := c.held(t.Node)
	if err != nil {
		return "", c.result(err), true
	}
	private, found := c.s.sockets.at(n)
	if !found {
		return "", fail(unix.ECONNREFUSED), true
	}
	return private, reply{}, false
}

// sysConnect is connect(fd, addr, len).
func sysConnect(c *call) reply {
	if c.redirected() {
		return native
	}
	if x := c.socket(c.fd(0)); x != nil {
		return c.stackConnect(x)
	}
	if c.s.pristine() {
		return native
	}
	private, r, done := c.peer(c.n.Args[1], c.n.Args[2])
	if done {
		return r
	}
	address := unixAddress(private)
	return c.toPrivate(private, len(address), func(base uint64) ([]byte, [6]uint64) {
		return address, [6]uint64{c.n.Args[0], base, uint64(len(address))}
	}, func() reply {
		return c.withFD(c.fd(0), func(own int) reply {
			return c.result(unix.Connect(own, &unix.SockaddrUnix{Name: private}))
		})
	})
}

// sysSendto is sendto(fd, buf, len, flags, addr, len).
func sysSendto(c *call) reply {
	if c.redirected() {
		return native
	}
	if x := c.socket(c.fd(0)); x != nil {
		return c.stackSendto(x)
	}
	if c.s.pristine() || c.n.Args[4] == 0 {
		return native
	}
	private, r, done := c.peer(c.n.Args[4], c.n.Args[5])
	if done {
		return r
	}
	address := unixAddress(private)
	return c.toPrivate(private, len(address), func(base uint64) ([]byte, [6]uint64) {
		args := c.n.Args
		args[4], args[5] = base, uint64(len(address))
		return address, args
	}, func() reply { return c.sendtoPrivate(private) })
}

// sendtoPrivate is sendto for a guest that cannot be made to do it.
func (c *call) sendtoPrivate(private string) reply {
	data := make([]byte, min(c.n.Args[2], chunkBytes))
	if _, err := c.mem().ReadAt(data, c.n.Args[1]); err != nil {
		return c.result(err)
	}
	return c.withFD(c.fd(0), func(own int) reply {
		if err := unix.Sendto(own, data, c.fd(3), &unix.SockaddrUnix{Name: private}); err != nil {
			return c.result(err)
		}
		return ok(int64(len(data)))
	})
}

// sysSendmsg looks for virtual descriptors that are passed on (SCM_RIGHTS): they may get a number below
// the zone at the other side. The message may name a virtual path.
func sysSendmsg(c *call) reply {
	if c.redirected() {
		return native
	}
	if x := c.socket(c.fd(0)); x != nil && !x.IsStream() {
		return c.stackSendmsg(x)
	}
	if c.s.pristine() {
		return native
	}
	if c.s.files.Live() > 0 {
		if r := c.passing(c.n.Args[1]); !r.cont {
			return r
		}
	}
	return c.sendmsgTo()
}

// sendmsgTo is sendmsg(2) to the path in the message, if that is virtual.
func (c *call) sendmsgTo() reply {
	h, err := c.msghdr(c.n.Args[1])
	if err != nil || h.name() == 0 || h.nameLen() < 0 {
		return native
	}
	private, r, done := c.peer(h.name(), uint64(h.nameLen()))
	if done {
		return r
	}
	address := unixAddress(private)
	return c.toPrivate(private, sizeMsghdr+len(address), func(base uint64) ([]byte, [6]uint64) {
		h.setName(base+sizeMsghdr, len(address))
		return append(h.raw[:], address...), [6]uint64{c.n.Args[0], base, c.n.Args[2]}
	}, func() reply { return fail(unix.EPERM) })
}

// sysSendmmsg is sendmmsg(fd, vec, n, flags).
func sysSendmmsg(c *call) reply {
	if x := c.socket(c.fd(0)); x != nil && !x.IsStream() {
		return c.stackSendmmsg(x)
	}
	if c.s.files.Live() == 0 {
		return native
	}
	for i := range min(c.n.Args[2], iovMax) {
		if r := c.passing(c.n.Args[1] + i*sizeMmsghdr); !r.cont {
			return r
		}
	}
	return native
}

// passing prepares the virtual descriptors in the control data of a struct msghdr.
func (c *call) passing(msg uint64) reply {
	h, err := c.msghdr(msg)
	if err != nil || !h.hasControl() || h.controlLen() > maxControl {
		return native
	}
	control := make([]byte, h.controlLen())
	if _, err := c.mem().ReadAt(control, h.control()); err != nil {
		return native
	}
	for m := range controlMessages(control) {
		for fd := range m.fds() {
			f := c.file(fd)
			if f == nil {
				continue
			}
			r := c.withFD(fd, func(own int) reply { return c.result(f.Materialize(c, own)) })
			if r.errno != 0 && !(r.errno == unix.EOPNOTSUPP && f.Device()) {
				return r
			}
		}
	}
	return native
}

// sysSockname is getsockname and getpeername(fd, addr, len): a socket bound to a virtual path
// shows that path.
func sysSockname(c *call) reply {
	if x := c.socket(c.fd(0)); x != nil {
		return c.stackName(x)
	}
	if c.s.sockets.none() {
		return native
	}
	own, err := guest.Take(c.TID(), c.fd(0))
	if err != nil {
		return native
	}
	defer unix.Close(own)
	get := unix.Getsockname
	if int(c.n.NR) == unix.SYS_GETPEERNAME {
		get = unix.Getpeername
	}
	sa, err := get(own)
	un, isUnix := sa.(*unix.SockaddrUnix)
	if err != nil || !isUnix || !strings.HasPrefix(un.Name, c.s.dir) {
		return native
	}
	name, found := c.s.sockets.nameOf(un.Name)
	if !found {
		return native
	}
	b := binary.NativeEndian.AppendUint16(nil, unix.AF_UNIX)
	b = append(append(b, name...), 0)
	return c.putSockaddr(b, c.n.Args[1], c.n.Args[2])
}

// putSockaddr copies an address, cut to the room there is, and its full length.
func (c *call) putSockaddr(b []byte, addr, lenAddr uint64) reply {
	var l [4]byte
	if _, err := c.mem().ReadAt(l[:], lenAddr); err != nil {
		return c.result(err)
	}
	room := int32(binary.NativeEndian.Uint32(l[:]))
	if room < 0 {
		return fail(unix.EINVAL)
	}
	if _, err := c.mem().WriteAt(b[:min(len(b), int(room))], addr); err != nil {
		return c.result(err)
	}
	binary.NativeEndian.PutUint32(l[:], uint32(len(b)))
	_, err := c.mem().WriteAt(l[:], lenAddr)
	return c.result(err)
}
