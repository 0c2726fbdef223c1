// SPDX-License-Identifier: Apache-2.0

package syscalls

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// self is the running program. A link of the calling process, so it can be executed
// also by a user who could not walk to it.
const self = "/proc/self/exe"

// childFlag, as first argument, makes the program run a child function.
const childFlag = "-child"

// childMain runs the child function that args[0] names with the other arguments and
// returns the exit code. The name may be the path of a script that has this program as
// its interpreter: the last component counts.
func childMain(args []string) int {
	f, ok := childFunctions[filepath.Base(args[0])]
	if !ok {
		fmt.Fprintf(os.Stderr, "no child function %q\n", args[0])
		return 2
	}
	if err := f(args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, errName(err))
		return 1
	}
	return 0
}

// Child is a command that runs a child function in a new process (vfork and execve).
// Files become descriptors 3 and up.
func (t *T) Child(name string, args ...string) *exec.Cmd {
	c := exec.Command(self, append([]string{childFlag, name}, args...)...)
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	return c
}

// Output runs a command that must succeed and returns what it printed.
func (t *T) Output(c *exec.Cmd) string {
	var errs bytes.Buffer
	c.Stderr = &errs
	out, err := c.Output()
	if err != nil {
		t.Fatalf("%s: %v: %s", strings.Join(c.Args, " "), err, strings.TrimSpace(errs.String()))
	}
	return string(out)
}

// Inherit lets a command inherit a copy of fd, and returns its number there.
func (t *T) Inherit(c *exec.Cmd, fd int) int {
	n := t.Do(unix.SYS_FCNTL, fd, unix.F_DUPFD_CLOEXEC, 3)
	c.ExtraFiles = append(c.ExtraFiles, os.NewFile(uintptr(n), "inherited"))
	return 2 + len(c.ExtraFiles)
}

// exitCode is the exit code of a finished command, or -1 when it did not exit.
func exitCode(err error) int {
	var ee *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &ee):
		return ee.ExitCode()
	default:
		return -1
	}
}

// itoa is n as a decimal argument.
func itoa(n int) string { return strconv.Itoa(n) }
