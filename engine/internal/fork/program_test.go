// SPDX-License-Identifier: Apache-2.0

package fork

import (
	"io"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// output runs a program and returns what it writes.
func output(t *testing.T, p Program, args ...string) string {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	p.Path, p.Args = args[0], args
	p.Files = []int{Null, int(w.Fd()), 1, Closed}
	started, err := p.Start()
	w.Close()
	if err != nil {
		t.Fatal(err)
	}
	if err := started.Wait(); err != nil {
		t.Fatal(err)
	}
	out, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	wait(t, started.PID, 0)
	return string(out)
}

func wait(t *testing.T, pid, want int) {
	t.Helper()
	var status unix.WaitStatus
	for {
		switch _, err := unix.Wait4(pid, &status, 0, nil); err {
		case nil:
			if status.ExitStatus() != want {
				t.Errorf("exit status %d, want %d", status.ExitStatus(), want)
			}
			return
		case unix.EINTR:
		default:
			t.Fatal(err)
		}
	}
}

func TestStart(t *testing.T) {
	p := Program{
		Dir: "/proc", Umask: 0o123, Session: true, Env: []string{"A=b"},
		Ignored: 1 << (unix.SIGUSR1 - 1), Blocked: 1 << (unix.SIGUSR2 - 1),
	}
	got := output(t, p, "/bin/sh", "-c", `echo $A $PWD $(umask) $(readlink self/fd/0)
		[ $(cut -d' ' -f6 $$/stat) = $$ ] && echo session; [ -e self/fd/3 ] || echo closed`)
	if want := "b /proc 0123 /dev/null\nsession\nclosed\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	status := output(t, p, "/bin/cat", "self/status")
	for _, want := range []string{"SigBlk:\t0000000000000800\n", "SigIgn:\t0000000000000200\n", "SigCgt:\t0000000000000000\n"} {
		if !strings.Contains(status, want) {
			t.Errorf("no %q in\n%s", want, status)
		}
	}
}

func TestErrors(t *testing.T) {
	for path, want := range map[string]error{"/nosuch": unix.ENOENT, "/etc/passwd": unix.EACCES} {
		p := Program{Path: path, Args: []string{path}, Files: []int{0, 1, 2}}
		started, err := p.Start()
		if err != nil {
			t.Fatal(err)
		}
		if err := started.Wait(); err != want {
			t.Errorf("%s: %v, want %v", path, err, want)
		}
		wait(t, started.PID, 127)
	}
	p := Program{Path: "a\x00b"}
	if _, err := p.Start(); err == nil {
		t.Error("a path with a NUL byte is accepted")
	}
}
