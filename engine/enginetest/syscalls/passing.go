// SPDX-License-Identifier: Apache-2.0

package syscalls

import (
	"fmt"
	"strconv"

	"golang.org/x/sys/unix"
)

var passingCases = []Case{
	{"scm_rights/within-a-process", Anyone, passWithin},
	{"scm_rights/to-a-child", Anyone, passChild},
	{"scm_rights/several", Anyone, passSeveral},
	{"scm_rights/closed-before-received", Anyone, passClosed},
	{"scm_rights/truncated", Anyone, passTruncated},
	{"scm_rights/o-path-and-directory", Anyone, passPath},
	{"scm_rights/errors", Anyone, passErrors},
	{"pidfd_getfd/oneself", Anyone, pidfdGetfd},
}

// pair makes two connected sockets of the UNIX domain.
func (t *T) pair() (a, b int) {
	var sv [2]int32
	t.Do(unix.SYS_SOCKETPAIR, unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0, &sv)
	return int(sv[0]), int(sv[1])
}

// pass sends descriptors with one byte of data.
func (t *T) pass(sock int, fds ...int) {
	t.NoError(unix.Sendmsg(sock, []byte("!"), unix.UnixRights(fds...), nil, 0), "sendmsg")
}

// receive receives what pass sent.
func receive(sock, room, flags int) (fds []int, got int, err error) {
	oob := make([]byte, room)
	n, oobn, got, _, err := unix.Recvmsg(sock, make([]byte, 9), oob, flags)
	if err != nil || n != 1 {
		return nil, got, fmt.Errorf("recvmsg of %d bytes: %w", n, err)
	}
	msgs, err := unix.ParseSocketControlMessage(oob[:oobn])
	if err != nil {
		return nil, got, err
	}
	for i := range msgs {
		more, err := unix.ParseUnixRights(&msgs[i])
		if err != nil {
			return nil, got, err
		}
		fds = append(fds, more...)
	}
	return fds, got, nil
}

// received is receive where it must work and give count descriptors.
func (t *T) received(sock, count int) []int {
	fds, _, err := receive(sock, unix.CmsgSpace(4*16), unix.MSG_CMSG_CLOEXEC)
	t.NoError(err, "receive")
	if len(fds) != count {
		t.Fatalf("received %d descriptors, want %d", len(fds), count)
	}
	return fds
}

func passWithin(t *T) {
	p := t.File("f", "abcdef")
	fd := t.Open(p, unix.O_RDWR, 0)
	a, b := t.pair()
	t.Read(fd, 2)
	t.pass(a, fd)
	got := t.received(b, 1)[0]
	t.Check(got != fd, "the same number")
	t.SameInode(t.Fstat(got), t.Stat(p))
	same(t, "read", t.Read(got, 2), "cd")
	same(t, "offset", t.Offset(fd), 4)
	same(t, "F_GETFD", t.Do(unix.SYS_FCNTL, got, unix.F_GETFD), unix.FD_CLOEXEC)
	same(t, "name", t.readlink(procFD(got)), p)
	t.Write(got, "X")
	t.Holds(p, "abcdXf")
}

// childReceive receives a descriptor by a socket and does what childReadWrite does: SOCKET.
func childReceive(args []string) error {
	sock, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	fds, _, err := receive(sock, unix.CmsgSpace(4), 0)
	if err != nil {
		return err
	}
	return childReadWrite([]string{itoa(fds[0])})
}

func passChild(t *T) {
	p := t.File("f", "abcdef")
	fd := t.Open(p, unix.O_RDWR, 0)
	a, b := t.pair()
	t.Read(fd, 1)
	c := t.Child("receive", "")
	c.Args[3] = itoa(t.Inherit(c, b))
	t.pass(a, fd)
	t.Do(unix.SYS_UNLINK, p)
	same(t, "read by the child", t.Output(c), "bc")
	same(t, "offset", t.Offset(fd), 4)
	t.Do(unix.SYS_LSEEK, fd, 0, unix.SEEK_SET)
	same(t, "content", t.Read(fd, 9), "abcXef")
}

func passSeveral(t *T) {
	a, b := t.pair()
	var fds []int
	for i := range 10 {
		fds = append(fds, t.Open(t.File(fmt.Sprint(i), fmt.Sprint(i)), unix.O_RDONLY, 0))
	}
	t.pass(a, fds...)
	for i, fd := range t.received(b, 10) {
		same(t, "content", t.Read(fd, 9), fmt.Sprint(i))
	}
}

// A descriptor on its way keeps the file open.
func passClosed(t *T) {
	p := t.File("f", "abc")
	fd := t.Open(p, unix.O_RDWR, 0)
	a, b := t.pair()
	t.pass(a, fd)
	t.Close(fd)
	t.Do(unix.SYS_UNLINK, p)
	got := t.received(b, 1)[0]
	same(t, "lowest number", got, fd)
	same(t, "content", t.Read(got, 9), "abc")
	same(t, "links", t.Fstat(got).Nlink, 0)
	t.pass(a, got)
	t.Close(got)
	t.Close(a)
	t.Close(b)
}

func passTruncated(t *T) {
	fd := t.Open(t.File("f", "abc"), unix.O_RDONLY, 0)
	a, b := t.pair()
	t.pass(a, fd, fd)
	before := len(t.names("/proc/self/fd"))
	fds, flags, err := receive(b, unix.CmsgLen(4), 0)
	t.NoError(err, "receive")
	same(t, "descriptors", len(fds), 1)
	same(t, "MSG_CTRUNC", flags&unix.MSG_CTRUNC, unix.MSG_CTRUNC)
	same(t, "open descriptors", len(t.names("/proc/self/fd")), before+1)
	t.pass(a, fd)
	_, flags, err = receive(b, 0, 0)
	t.NoError(err, "receive")
	same(t, "MSG_CTRUNC", flags&unix.MSG_CTRUNC, unix.MSG_CTRUNC)
}

func passPath(t *T) {
	p := t.File("f", "abc")
	a, b := t.pair()
	t.pass(a, t.Open(p, unix.O_PATH, 0), t.OpenDir(), a)
	fds := t.received(b, 3)
	t.Fails(unix.EBADF, unix.SYS_READ, fds[0], make([]byte, 1), 1)
	t.SameInode(t.Fstat(fds[0]), t.Stat(p))
	same(t, "content by the directory", t.Read(t.Do(unix.SYS_OPENAT, fds[1], "f", unix.O_RDONLY, 0), 9), "abc")
	t.Write(fds[2], "x")
	same(t, "by the socket", t.Read(b, 9), "x")
}

func passErrors(t *T) {
	a, _ := t.pair()
	same(t, "closed descriptor", unix.Sendmsg(a, []byte("x"), unix.UnixRights(999), nil, 0), error(unix.EBADF))
	fd := t.Open(t.File("f", ""), unix.O_RDONLY, 0)
	many := make([]int, 254)
	for i := range many {
		many[i] = fd
	}
	same(t, "254 descriptors", unix.Sendmsg(a, []byte("x"), unix.UnixRights(many...), nil, 0), error(unix.EINVAL))
}

func pidfdGetfd(t *T) {
	p := t.File("f", "abcdef")
	fd := t.Open(p, unix.O_RDWR, 0)
	pid := t.Do(unix.SYS_PIDFD_OPEN, unix.Getpid(), 0)
	got := t.Probe([]unix.Errno{unix.EPERM, unix.ENOSYS}, unix.SYS_PIDFD_GETFD, pid, fd, 0)
	t.Read(fd, 2)
	same(t, "read", t.Read(got, 9), "cdef")
	t.SameInode(t.Fstat(got), t.Stat(p))
	t.Fails(unix.EBADF, unix.SYS_PIDFD_GETFD, pid, 999, 0)
	t.Fails(unix.EINVAL, unix.SYS_PIDFD_GETFD, pid, fd, 1)
}
