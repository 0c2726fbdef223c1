// SPDX-License-Identifier: Apache-2.0

package syscalls

import "golang.org/x/sys/unix"

var closeRangeCases = []Case{
	{"close_range/closes", Anyone, closeRangeCloses},
	{"close_range/cloexec", Anyone, closeRangeCloexec},
	{"close_range/unshare", Anyone, closeRangeUnshare},
	{"close_range/everything-above", Anyone, closeRangeAbove},
	{"close_range/errors", Anyone, closeRangeErrors},
}

// occupy makes the descriptors from lo to hi copies of fd.
func (t *T) occupy(fd, lo, hi int) {
	for n := lo; n <= hi; n++ {
		t.Returns(n, unix.SYS_DUP2, fd, n)
	}
}

func closeRangeCloses(t *T) {
	fd := t.Open(t.File("f", "abc"), unix.O_RDONLY, 0)
	t.occupy(fd, 100, 110)
	t.Returns(0, unix.SYS_CLOSE, 105)
	t.Returns(0, unix.SYS_CLOSE_RANGE, 102, 108, 0)
	for n := 100; n <= 110; n++ {
		same(t, "open", isOpen(n), n < 102 || n > 108)
	}
	t.Returns(0, unix.SYS_CLOSE_RANGE, 102, 108, 0)
	t.Returns(0, unix.SYS_CLOSE_RANGE, 100, 100, 0)
	same(t, "open", isOpen(100), false)
	same(t, "read", t.Read(110, 9), "abc")
}

func closeRangeCloexec(t *T) {
	fd := t.Open(t.File("f", ""), unix.O_RDONLY, 0)
	t.occupy(fd, 100, 105)
	t.Returns(0, unix.SYS_CLOSE_RANGE, 101, 104, unix.CLOSE_RANGE_CLOEXEC)
	for n := 100; n <= 105; n++ {
		want := unix.FD_CLOEXEC
		if n == 100 || n == 105 {
			want = 0
		}
		same(t, "F_GETFD", t.Do(unix.SYS_FCNTL, n, unix.F_GETFD), want)
	}
}

// With CLOSE_RANGE_UNSHARE only the calling thread's table changes.
func closeRangeUnshare(t *T) {
	fd := t.Open(t.File("f", "abc"), unix.O_RDONLY, 0)
	t.occupy(fd, 100, 103)
	onOwnThread(func() {
		t.Returns(0, unix.SYS_CLOSE_RANGE, 101, 102, unix.CLOSE_RANGE_UNSHARE)
		same(t, "101 open in the thread", isOpen(101), false)
		same(t, "100 open in the thread", isOpen(100), true)
		mine := t.Open(t.Path("f"), unix.O_RDONLY, 0)
		t.Returns(102, unix.SYS_DUP2, mine, 102)
		same(t, "read in the thread", t.Read(102, 1), "a")
	})
	same(t, "101 open", isOpen(101), true)
	same(t, "offset", t.Offset(102), 0)
	same(t, "read", t.Read(102, 9), "abc")
}

func closeRangeAbove(t *T) {
	p := t.File("f", "abc")
	c := t.Child("close-above", p)
	same(t, "child", t.Output(c), "ok")
}

// childCloseAbove closes all descriptors but the standard ones and opens FILE.
func childCloseAbove(args []string) error {
	for range 10 {
		if _, err := sys(unix.SYS_OPEN, args[0], unix.O_RDONLY, 0); err != nil {
			return err
		}
	}
	if _, err := sys(unix.SYS_CLOSE_RANGE, 3, ^uint32(0), 0); err != nil {
		return err
	}
	fd, err := sys(unix.SYS_OPEN, args[0], unix.O_RDONLY, 0)
	switch {
	case err != nil:
		return err
	case fd != 3:
		return unix.EBADF
	}
	_, err = sys(unix.SYS_WRITE, 1, []byte("ok"), 2)
	return err
}

func closeRangeErrors(t *T) {
	fd := t.Open(t.File("f", ""), unix.O_RDONLY, 0)
	t.Fails(unix.EINVAL, unix.SYS_CLOSE_RANGE, fd+1, fd, 0)
	t.Fails(unix.EINVAL, unix.SYS_CLOSE_RANGE, fd, fd, 1)
	t.Fails(unix.EINVAL, unix.SYS_CLOSE_RANGE, fd, fd, 1<<10)
	same(t, "open", isOpen(fd), true)
}
