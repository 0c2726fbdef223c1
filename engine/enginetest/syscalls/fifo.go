// SPDX-License-Identifier: Apache-2.0

package syscalls

import (
	"os/signal"

	"golang.org/x/sys/unix"
)

var fifoCases = []Case{
	{"fifo/open-waits-for-the-other-end", Anyone, fifoBlocks},
	{"fifo/attributes", Anyone, fifoAttributes},
	{"fifo/nonblocking-open", Anyone, fifoNonblock},
	{"fifo/end-of-file-and-broken-pipe", Anyone, fifoEnds},
	{"fifo/between-processes", Anyone, fifoProcesses},
	{"fifo/unlinked-and-renamed", Anyone, fifoUnlinked},
	{"poll/files-and-fifos", Anyone, pollFiles},
}

// fifo makes a named pipe.
func (t *T) fifo(name string) string {
	p := t.Path(name)
	t.Do(unix.SYS_MKNODAT, unix.AT_FDCWD, p, unix.S_IFIFO|0o644, 0)
	return p
}

// opened opens path in a goroutine, where it may block.
func (t *T) opened(path string, flags int) <-chan int {
	c := make(chan int, 1)
	go func() {
		fd, err := sys(unix.SYS_OPENAT, unix.AT_FDCWD, path, flags|unix.O_CLOEXEC, 0)
		t.expected("open", err)
		c <- fd
	}()
	return c
}

func fifoBlocks(t *T) {
	p := t.fifo("p")
	for _, first := range []int{unix.O_RDONLY, unix.O_WRONLY} {
		waiting := t.opened(p, first)
		other := t.Open(p, unix.O_RDONLY^unix.O_WRONLY^first, 0)
		fd := <-waiting
		r, w := fd, other
		if first == unix.O_WRONLY {
			r, w = other, fd
		}
		t.Write(w, "abc")
		same(t, "read", t.Read(r, 9), "abc")
		t.Close(r)
		t.Close(w)
	}
}

func fifoNonblock(t *T) {
	p := t.fifo("p")
	t.Fails(unix.ENXIO, unix.SYS_OPENAT, unix.AT_FDCWD, p, unix.O_WRONLY|unix.O_NONBLOCK, 0)
	r := t.Open(p, unix.O_RDONLY|unix.O_NONBLOCK, 0)
	t.Returns(0, unix.SYS_READ, r, make([]byte, 1), 1)
	w := t.Open(p, unix.O_WRONLY|unix.O_NONBLOCK, 0)
	t.Fails(unix.EAGAIN, unix.SYS_READ, r, make([]byte, 1), 1)
	b := make([]byte, 1<<20)
	n := t.Do(unix.SYS_WRITE, w, b, len(b))
	t.Check(n > 0 && n < len(b), "a full pipe took %d bytes", n)
	t.Fails(unix.EAGAIN, unix.SYS_WRITE, w, b, 1)
	both := t.Open(p, unix.O_RDWR, 0)
	t.Check(t.Do(unix.SYS_READ, both, b, len(b)) > 0, "nothing read")
	t.Fails(unix.ESPIPE, unix.SYS_LSEEK, r, 0, unix.SEEK_SET)
	t.Do(unix.SYS_FSTAT, r, &unix.Stat_t{})
	t.SameInode(t.Fstat(r), t.Stat(p))
}

func fifoEnds(t *T) {
	signal.Ignore(unix.SIGPIPE)
	p := t.fifo("p")
	r, w := t.Open(p, unix.O_RDONLY|unix.O_NONBLOCK, 0), t.Open(p, unix.O_WRONLY, 0)
	t.Write(w, "last")
	t.Close(w)
	same(t, "read", t.Read(r, 9), "last")
	same(t, "read at the end", t.Read(r, 9), "")
	w = t.Open(p, unix.O_WRONLY, 0)
	t.Close(r)
	t.Fails(unix.EPIPE, unix.SYS_WRITE, w, []byte("x"), 1)
}

func fifoProcesses(t *T) {
	p := t.fifo("p")
	c := t.Child("append", p, "7", "3")
	t.NoError(c.Start(), "start")
	r := t.Open(p, unix.O_RDONLY, 0)
	got := ""
	for {
		part := t.Read(r, 4096)
		if part == "" {
			break
		}
		got += part
	}
	t.NoError(c.Wait(), "child")
	t.Check(len(got) == 3*len("7 0 \n")+3*40, "%d bytes: %q", len(got), got)
}

func fifoUnlinked(t *T) {
	p := t.fifo("p")
	r, w := t.Open(p, unix.O_RDONLY|unix.O_NONBLOCK, 0), t.Open(p, unix.O_WRONLY, 0)
	t.Do(unix.SYS_LINK, p, t.Path("q"))
	t.Do(unix.SYS_UNLINK, p)
	t.Write(t.Open(t.Path("q"), unix.O_WRONLY|unix.O_NONBLOCK, 0), "by the other name")
	same(t, "read", t.Read(r, 99), "by the other name")
	t.Do(unix.SYS_UNLINK, t.Path("q"))
	t.Write(w, "x")
	same(t, "read", t.Read(r, 9), "x")
	t.Fails(unix.ENXIO, unix.SYS_OPENAT, unix.AT_FDCWD, t.fifo("p"), unix.O_WRONLY|unix.O_NONBLOCK, 0)
}

// pollFD is struct pollfd.
type pollFD struct {
	fd              int32
	events, revents int16
}

// Regular files are always ready and cannot be watched by epoll.
func pollFiles(t *T) {
	p := t.fifo("p")
	fd, r := t.Open(t.File("f", ""), unix.O_RDWR, 0), t.Open(p, unix.O_RDONLY|unix.O_NONBLOCK, 0)
	w := t.Open(p, unix.O_WRONLY, 0)
	const both = unix.POLLIN | unix.POLLOUT
	fds := [3]pollFD{{fd: int32(fd), events: both}, {fd: int32(r), events: both}, {fd: 999, events: both}}
	t.Returns(2, unix.SYS_POLL, &fds, 3, 0)
	same(t, "file", fds[0].revents, both)
	same(t, "empty fifo", fds[1].revents, 0)
	same(t, "closed descriptor", fds[2].revents, unix.POLLNVAL)
	t.Write(w, "x")
	t.Returns(1, unix.SYS_POLL, &[1]pollFD{{fd: int32(r), events: both}}, 1, 1000)
	ep := t.Do(unix.SYS_EPOLL_CREATE1, unix.EPOLL_CLOEXEC)
	if t.FS != FUSE { // a FUSE server may offer poll
		t.Fails(unix.EPERM, unix.SYS_EPOLL_CTL, ep, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: unix.EPOLLIN})
	}
	t.Fails(unix.EPERM, unix.SYS_EPOLL_CTL, ep, unix.EPOLL_CTL_ADD, t.OpenDir(), &unix.EpollEvent{Events: unix.EPOLLIN})
	t.Do(unix.SYS_EPOLL_CTL, ep, unix.EPOLL_CTL_ADD, r, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: 7})
	var ev [4]unix.EpollEvent
	t.Returns(1, unix.SYS_EPOLL_WAIT, ep, &ev, 4, 1000)
	same(t, "event", ev[0].Fd, 7)
}

// What is asked of an open fifo, and done to it, is that of its inode.
func fifoAttributes(t *T) {
	t.Umask(0)
	p := t.Path("p")
	t.Do(unix.SYS_MKNOD, p, unix.S_IFIFO|0o640, 0)
	fd := t.Open(p, unix.O_RDWR, 0)
	var st unix.Stat_t
	t.Do(unix.SYS_NEWFSTATAT, fd, "", &st, unix.AT_EMPTY_PATH)
	t.SameInode(st, t.Stat(p))
	same(t, "mode", st.Mode, unix.S_IFIFO|0o640)
	t.SameInode(t.Stat("/proc/self/fd/"+itoa(fd)), st)
	t.Do(unix.SYS_FCHMOD, fd, 0o600)
	t.Do(unix.SYS_FCHOWN, fd, -1, -1)
	t.Do(unix.SYS_UTIMENSAT, fd, nil, &[2]unix.Timespec{{Sec: 5}, {Sec: 6}}, 0)
	st = t.Stat(p)
	same(t, "mode", st.Mode, unix.S_IFIFO|0o600)
	same(t, "times", [2]int64{st.Atim.Sec, st.Mtim.Sec}, [2]int64{5, 6})
	again := t.Open("/proc/self/fd/"+itoa(fd), unix.O_WRONLY|unix.O_NONBLOCK, 0)
	t.Write(again, "abc")
	same(t, "read", t.Read(fd, 9), "abc")
}
