// SPDX-License-Identifier: Apache-2.0

package syscalls

import (
	"errors"
	"strconv"

	"golang.org/x/sys/unix"
)

var receivingCases = []Case{
	{"scm_rights/waited-for", Anyone, passWaited},
	{"scm_rights/looked-at", Anyone, passLooked},
	{"scm_rights/nothing-in-time", Anyone, passTimeout},
	{"scm_rights/recvmmsg", Anyone, passMany},
}

// childPass opens a file and passes its descriptor: SOCKET FILE.
func childPass(args []string) error {
	sock, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	fd, err := unix.Open(args[1], unix.O_RDONLY, 0)
	if err != nil {
		return err
	}
	return unix.Sendmsg(sock, []byte("!"), unix.UnixRights(fd), nil, 0)
}

// passWaited has nothing open but the socket when it begins to wait.
func passWaited(t *T) {
	p := t.File("f", "abc")
	a, b := t.pair()
	c := t.Child("pass", "", p)
	c.Args[3] = itoa(t.Inherit(c, a))
	t.NoError(c.Start(), "start")
	same(t, "content", t.Read(t.received(b, 1)[0], 9), "abc")
	t.NoError(c.Wait(), "child")
}

func passLooked(t *T) {
	a, b := t.pair()
	t.pass(a, t.Open(t.File("f", "abc"), unix.O_RDONLY, 0))
	looked, _, err := receive(b, unix.CmsgSpace(4), unix.MSG_PEEK|unix.MSG_CMSG_CLOEXEC)
	t.NoError(err, "MSG_PEEK")
	got := t.received(b, 1)[0]
	t.Check(len(looked) == 1 && looked[0] != got, "descriptors %v and %d", looked, got)
	same(t, "one open file", t.Read(looked[0], 2)+t.Read(got, 2), "abc")
}

func passTimeout(t *T) {
	_, b := t.pair()
	_, _, err := receive(b, unix.CmsgSpace(4), unix.MSG_DONTWAIT)
	same(t, "MSG_DONTWAIT", errors.Is(err, unix.EAGAIN), true)
	t.NoError(unix.SetsockoptTimeval(b, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Usec: 10000}), "SO_RCVTIMEO")
	_, _, err = receive(b, unix.CmsgSpace(4), 0)
	same(t, "after SO_RCVTIMEO", errors.Is(err, unix.EAGAIN), true)
}

// mmsghdr is struct mmsghdr.
type mmsghdr struct {
	hdr unix.Msghdr
	n   uint32
	_   uint32
}

func passMany(t *T) {
	var sv [2]int32
	t.Do(unix.SYS_SOCKETPAIR, unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0, &sv)
	for i := range 2 {
		t.pass(int(sv[0]), t.Open(t.File(itoa(i), itoa(i)), unix.O_RDONLY, 0))
	}
	vec := make([]mmsghdr, 3)
	control := make([][]byte, len(vec))
	for i := range vec {
		control[i] = make([]byte, unix.CmsgSpace(4))
		h, b := &vec[i].hdr, make([]byte, 9)
		h.Iov, h.Iovlen = &unix.Iovec{Base: &b[0], Len: 9}, 1
		h.Control, h.Controllen = &control[i][0], uint64(len(control[i]))
	}
	t.Returns(2, unix.SYS_RECVMMSG, sv[1], vec, len(vec), unix.MSG_DONTWAIT|unix.MSG_CMSG_CLOEXEC, nil)
	for i := range 2 {
		same(t, "bytes", vec[i].n, 1)
		msgs, err := unix.ParseSocketControlMessage(control[i][:vec[i].hdr.Controllen])
		if err != nil || len(msgs) != 1 {
			t.Fatalf("%d control messages: %v", len(msgs), err)
		}
		fds, err := unix.ParseUnixRights(&msgs[0])
		if err != nil || len(fds) != 1 {
			t.Fatalf("%d descriptors: %v", len(fds), err)
		}
		same(t, "content", t.Read(fds[0], 9), itoa(i))
	}
}
