// SPDX-License-Identifier: Apache-2.0

package syscalls

import (
	"fmt"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

var raceCases = []Case{
	{"race/exclusive-create", Anyone, raceExclusive},
	{"race/mkdir-and-rmdir", Anyone, raceMkdir},
	{"race/rename-replaces-atomically", Anyone, raceRename},
	{"race/open-unlink-rename", Anyone, raceMixed},
	{"race/shared-offset", Anyone, raceOffset},
	{"race/disjoint-writes", Anyone, raceWrites},
	{"race/list-while-changing", Anyone, raceList},
}

// together runs n copies of f at once and waits for all.
func together(n int, f func(i int)) {
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { f(i) })
	}
	wg.Wait()
}

// expected records a failure when err is neither nil nor among allowed: for goroutines,
// which may not end the case.
func (t *T) expected(doing string, err error, allowed ...unix.Errno) bool {
	for _, a := range allowed {
		if err == a {
			return false
		}
	}
	if err != nil {
		t.Errorf("%s: %v", doing, errName(err))
	}
	return err == nil
}

// lostRace are the errors of an open whose file was replaced meanwhile. On FUSE the lookup
// and the open are two requests, and the server may know files by path only.
func (t *T) lostRace() []unix.Errno {
	if t.FS == FUSE {
		return []unix.Errno{unix.ENOENT, unix.ESTALE}
	}
	return nil
}

func raceExclusive(t *T) {
	for round := range 50 {
		var winners atomic.Int32
		p := t.Path(fmt.Sprint(round))
		together(4, func(int) {
			fd, err := sys(unix.SYS_OPENAT, unix.AT_FDCWD, p, unix.O_CREAT|unix.O_EXCL|unix.O_RDWR, 0o644)
			if t.expected("open", err, unix.EEXIST) {
				winners.Add(1)
				t.Close(fd)
			}
		})
		same(t, "winners", winners.Load(), 1)
	}
}

func raceMkdir(t *T) {
	p := t.Path("d")
	var made, removed atomic.Int32
	together(4, func(int) {
		for range 100 {
			if _, err := sys(unix.SYS_MKDIR, p, 0o755); t.expected("mkdir", err, unix.EEXIST) {
				made.Add(1)
			}
			if _, err := sys(unix.SYS_RMDIR, p); t.expected("rmdir", err, unix.ENOENT) {
				removed.Add(1)
			}
		}
	})
	same(t, "directories made and removed", made.Load(), removed.Load())
	t.Missing(p)
}

// Whoever opens a name that is replaced again and again always finds one or the other.
func raceRename(t *T) {
	p := t.File("f", "00")
	var done atomic.Bool
	together(3, func(i int) {
		if i == 0 {
			defer done.Store(true)
			for n := range 300 {
				q := t.File("new", fmt.Sprintf("%02d", n%100))
				t.expected("rename", second(sys(unix.SYS_RENAME, q, p)))
			}
			return
		}
		for !done.Load() {
			fd, err := sys(unix.SYS_OPENAT, unix.AT_FDCWD, p, unix.O_RDONLY, 0)
			if !t.expected("open", err, t.lostRace()...) {
				continue
			}
			b := make([]byte, 9)
			n, err := sys(unix.SYS_READ, fd, b, 9)
			t.expected("read", err)
			t.Check(n == 2, "read %d bytes", n)
			t.Close(fd)
		}
	})
}

// second is the error of a call.
func second(_ int, err error) error { return err }

func raceMixed(t *T) {
	const names = 4
	path := func(i int) string { return t.Path(fmt.Sprint("f", i%names)) }
	together(6, func(i int) {
		for n := range 200 {
			a, b := path(i+n), path(i*n+1)
			switch (i + n) % 5 {
			case 0, 1:
				fd, err := sys(unix.SYS_OPENAT, unix.AT_FDCWD, a, unix.O_CREAT|unix.O_RDWR, 0o644)
				if t.expected("open", err, t.lostRace()...) {
					t.expected("write", second(sys(unix.SYS_WRITE, fd, []byte("x"), 1)))
					t.Close(fd)
				}
			case 2:
				t.expected("unlink", second(sys(unix.SYS_UNLINK, a)), unix.ENOENT)
			case 3:
				t.expected("rename", second(sys(unix.SYS_RENAME, a, b)), unix.ENOENT)
			case 4:
				t.expected("link", second(sys(unix.SYS_LINK, a, b)), unix.ENOENT, unix.EEXIST)
			}
		}
	})
	for _, name := range t.names(t.Dir) {
		t.Check(t.Stat(t.Path(name)).Nlink >= 1, "%s has no links", name)
	}
}

// Threads that read by one open file share its offset: each byte is read once.
func raceOffset(t *T) {
	const size = 4000
	content := make([]byte, size)
	for i := range content {
		content[i] = byte(i)
	}
	fd := t.Open(t.File("f", string(content)), unix.O_RDONLY, 0)
	var got [256]atomic.Int32
	together(4, func(int) {
		b := make([]byte, 1)
		for {
			n, err := sys(unix.SYS_READ, fd, b, 1)
			if !t.expected("read", err) || n == 0 {
				return
			}
			got[b[0]].Add(1)
		}
	})
	var want [256]int32
	for _, c := range content {
		want[c]++
	}
	for c := range want {
		same(t, fmt.Sprintf("times byte %d was read", c), got[c].Load(), want[c])
	}
}

func raceWrites(t *T) {
	const writers, size = 4, 4096
	p := t.Path("f")
	fd := t.Open(p, unix.O_CREAT|unix.O_RDWR, 0o644)
	together(writers, func(i int) {
		for off := i; off < size; off += writers {
			t.expected("pwrite", second(sys(unix.SYS_PWRITE64, fd, []byte{byte('a' + i)}, 1, off)))
		}
	})
	for i, c := range []byte(t.Content(p)) {
		if c != byte('a'+i%writers) {
			t.Fatalf("byte %d is %q", i, c)
		}
	}
	same(t, "size", t.Stat(p).Size, size)
}

func raceList(t *T) {
	for i := range 50 {
		t.File(fmt.Sprintf("stays%02d", i), "")
	}
	var done atomic.Bool
	together(2, func(i int) {
		if i == 0 {
			defer done.Store(true)
			for n := range 300 {
				p := t.File(fmt.Sprint("comes", n), "")
				t.expected("unlink", second(sys(unix.SYS_UNLINK, p)))
			}
			return
		}
		for !done.Load() {
			stays := 0
			for _, name := range t.names(t.Dir) {
				if name[0] == 's' {
					stays++
				}
			}
			t.Check(stays == 50, "%d of 50 entries seen", stays)
		}
	})
}
