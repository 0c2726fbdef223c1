// SPDX-License-Identifier: Apache-2.0

package task

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
	"vuos.dev/engine/internal/view"
)

// actor is in the environment of test programs and says which one it is.
const actor = "TASK_TEST_ACTOR"

func init() {
	if os.Getenv(actor) != "" {
		runtime.LockOSThread() // the first thread is main's
	}
}

func TestMain(m *testing.M) {
	switch os.Getenv(actor) {
	case "":
		os.Exit(m.Run())
	case "exec":
		execFromThread()
	case "threads":
		echo(fmt.Sprint(otherThread()))
	}
	os.Exit(1)
}

// execFromThread replaces the program from a thread that is not the first one.
func execFromThread() {
	failed := make(chan error)
	go func() {
		runtime.LockOSThread()
		failed <- syscall.Exec("/bin/cat", []string{"cat"}, nil)
	}()
	fmt.Fprintln(os.Stderr, <-failed)
}

// otherThread starts a thread that stays, and is its number.
func otherThread() int {
	tid := make(chan int)
	go func() {
		runtime.LockOSThread()
		tid <- unix.Gettid()
		select {}
	}()
	return <-tid
}

// echo prints line and waits for the end of its input.
func echo(line string) {
	fmt.Println(line)
	_, _ = io.Copy(io.Discard, os.Stdin)
	os.Exit(0)
}

// running is a process of a test. It ends with the test.
type running struct {
	*exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

// start runs a program until its input is closed.
func start(t *testing.T, cmd *exec.Cmd) *running {
	t.Helper()
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p := &running{cmd, in, bufio.NewReader(out)}
	t.Cleanup(p.end)
	return p
}

// end lets the process end and waits for it.
func (p *running) end() {
	p.in.Close()
	_ = p.Wait()
}

// line is the next line that the process prints.
func (p *running) line(t *testing.T) string {
	t.Helper()
	s, err := p.out.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(s)
}

// act is a program of this file.
func act(name string) *exec.Cmd {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), actor+"="+name)
	return cmd
}

// newTable is a table of a view of that name. The test process itself gets its limit back at the end.
func newTable(t *testing.T, name string) (*Table, *view.View) {
	t.Helper()
	v := view.New(name)
	table, err := NewTable(NewBase(), State{View: v})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Prlimit(0, RlimitLocks, &table.locks, nil) })
	return table, v
}
