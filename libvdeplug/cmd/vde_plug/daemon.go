// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// A daemon is a second process, in a session of its own, which tells the first
// through a pipe how opening the networks went: a zero byte, or what failed.
const (
	daemonEnv = "VDE_PLUG_DAEMON" // set in the daemon
	reportFD  = 3                 // descriptor of the pipe there
)

// report is the daemon's end of the pipe; nil in a process that is no daemon.
type report struct{ pipe *os.File }

// takeReport returns the report of a daemon, and sees to it that programs
// which it starts do not take themselves for one.
func takeReport() *report {
	if os.Getenv(daemonEnv) == "" {
		return nil
	}
	os.Unsetenv(daemonEnv)
	unix.CloseOnExec(reportFD)
	return &report{os.NewFile(reportFD, "report")}
}

// ready tells that the networks are open.
func (r *report) ready() { r.say("\x00") }

// failed tells why they are not.
func (r *report) failed(err error) {
	if err != nil {
		r.say(err.Error())
	}
}

// say says something once; a report that was given is not changed.
func (r *report) say(s string) {
	if r == nil {
		return
	}
	_, _ = r.pipe.WriteString(s) // the first process may have been killed
	_ = r.pipe.Close()
}

// startDaemon starts the daemon and waits until it works, or has failed.
func startDaemon(args []string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	defer r.Close()
	c := exec.Command(self, args[1:]...)
	c.Env = append(os.Environ(), daemonEnv+"=1")
	c.ExtraFiles = []*os.File{w}
	c.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	err = c.Start()
	w.Close()
	if err != nil {
		return err
	}
	said, err := io.ReadAll(r)
	switch {
	case err != nil:
		return err
	case len(said) == 0:
		return errors.New("the daemon has ended at once")
	case said[0] != 0:
		return errors.New(strings.TrimSpace(string(said)))
	}
	return nil
}

// writePID writes the process number to a file and returns how to remove it.
func writePID(path string) (remove func(), err error) {
	if err := os.WriteFile(path, fmt.Appendln(nil, os.Getpid()), 0644); err != nil {
		return nil, err
	}
	return func() { _ = os.Remove(path) }, nil
}
