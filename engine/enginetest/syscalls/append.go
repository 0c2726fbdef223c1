// SPDX-License-Identifier: Apache-2.0

package syscalls

import (
	"bytes"
	"fmt"
	"os/exec"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

var appendCases = []Case{
	{"append/offset-moves-to-end", Anyone, appendOffset},
	{"append/pwrite-appends", Anyone, appendPwrite},
	{"append/several-processes", Anyone, appendProcesses},
	{"append/set-by-fcntl", Anyone, appendSetfl},
}

func appendOffset(t *T) {
	p := t.File("f", "abc")
	a, b := t.Open(p, unix.O_WRONLY|unix.O_APPEND, 0), t.Open(p, unix.O_WRONLY|unix.O_APPEND, 0)
	t.Write(a, "1")
	t.Write(b, "2")
	t.Write(a, "3")
	t.Holds(p, "abc123")
	same(t, "offset", t.Offset(a), 6)
	same(t, "offset", t.Offset(b), 5)
}

// pwrite on an O_APPEND descriptor appends: pwrite(2), BUGS.
func appendPwrite(t *T) {
	p := t.File("f", "abc")
	fd := t.Open(p, unix.O_RDWR|unix.O_APPEND, 0)
	t.Returns(1, unix.SYS_PWRITE64, fd, []byte("d"), 1, 0)
	t.Holds(p, "abcd")
	same(t, "offset", t.Offset(fd), 0)
}

func appendSetfl(t *T) {
	p := t.File("f", "abc")
	fd := t.Open(p, unix.O_RDWR, 0)
	fl := t.Do(unix.SYS_FCNTL, fd, unix.F_GETFL)
	t.Do(unix.SYS_FCNTL, fd, unix.F_SETFL, fl|unix.O_APPEND)
	t.Write(fd, "d")
	t.Do(unix.SYS_FCNTL, fd, unix.F_SETFL, fl)
	t.Do(unix.SYS_LSEEK, fd, 0, unix.SEEK_SET)
	t.Write(fd, "X")
	t.Holds(p, "Xbcd")
}

// Records that several processes append at once stay whole and none is lost.
func appendProcesses(t *T) {
	const writers, records = 4, 200
	p := t.File("f", "")
	var running []*exec.Cmd
	for i := range writers {
		c := t.Child("append", p, strconv.Itoa(i), strconv.Itoa(records))
		t.NoError(c.Start(), "start")
		running = append(running, c)
	}
	for _, c := range running {
		t.NoError(c.Wait(), "append child")
	}
	next := make([]int, writers)
	lines := strings.Split(strings.TrimSuffix(t.Content(p), "\n"), "\n")
	same(t, "records", len(lines), writers*records)
	for _, line := range lines {
		var who, n int
		var tail string
		if k, _ := fmt.Sscanf(line, "%d %d %s", &who, &n, &tail); k != 3 || who < 0 || who >= writers || len(tail) != 40 {
			t.Fatalf("broken record %q", line)
		}
		same(t, "sequence number", n, next[who])
		next[who]++
	}
}

// childAppend appends numbered records to a file: FILE WHO COUNT.
func childAppend(args []string) error {
	fd, err := sys(unix.SYS_OPEN, args[0], unix.O_WRONLY|unix.O_APPEND, 0)
	if err != nil {
		return err
	}
	count, err := strconv.Atoi(args[2])
	if err != nil {
		return err
	}
	for i := range count {
		rec := fmt.Appendf(nil, "%s %d %s\n", args[1], i, bytes.Repeat([]byte{'x'}, 40))
		if n, err := sys(unix.SYS_WRITE, fd, rec, len(rec)); err != nil || n != len(rec) {
			return fmt.Errorf("wrote %d of %d bytes: %v", n, len(rec), err)
		}
	}
	return nil
}
