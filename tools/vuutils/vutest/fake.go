// SPDX-License-Identifier: Apache-2.0

// Package vutest has a stand-in for [vu.System] that the tests of the
// utilities share.
package vutest

import (
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"vuos.dev/tools/vuutils/vu"
)

// Fake answers the calls from its fields and notes those that change anything
// in Log, a line each. A call whose line is in Errors fails with that error.
type Fake struct {
	Outside bool // every virtual call fails with ENOSYS

	View, Kernel    vu.Info
	List            string // of modules
	Tags, LocalTags string
	TagNames        map[byte]string
	Message         string // of the last failed mount
	Families        []int  // what stacks support
	Files           map[string]string
	Modes           map[string]uint32 // st_mode by path; other paths do not exist
	Accounts        map[string]*vu.Account
	Env             []string
	Errors          map[string]error
	Log             []string
}

// note records a call and returns what it fails with.
func (f *Fake) note(virtual bool, format string, a ...any) error {
	line := fmt.Sprintf(format, a...)
	if virtual && f.Outside {
		return unix.ENOSYS
	}
	f.Log = append(f.Log, line)
	return f.Errors[line]
}

// Calls returns the log as one text.
func (f *Fake) Calls() string { return strings.Join(f.Log, "; ") }

// InView is [vu.System.InView].
func (f *Fake) InView() bool { return !f.Outside }

// Insmod notes "insmod NAME PERMANENT".
func (f *Fake) Insmod(name string, permanent bool) error {
	return f.note(true, "insmod %s %t", name, permanent)
}

// Rmmod notes "rmmod NAME".
func (f *Fake) Rmmod(name string) error { return f.note(true, "rmmod %s", name) }

// Lsmod is [vu.System.Lsmod]; its line in Errors is "lsmod".
func (f *Fake) Lsmod() (string, error) {
	if f.Outside {
		return "", unix.ENOSYS
	}
	return f.List, f.Errors["lsmod"]
}

// Info is [vu.System.Info].
func (f *Fake) Info() (vu.Info, error) {
	if f.Outside {
		return vu.Info{}, unix.ENOSYS
	}
	return f.View, nil
}

// Uname is [vu.System.Uname].
func (f *Fake) Uname() (vu.Info, error) { return f.Kernel, f.Errors["uname"] }

// SetName notes "setname NAME".
func (f *Fake) SetName(name string) error { return f.note(true, "setname %s", name) }

// Environ is [vu.System.Environ].
func (f *Fake) Environ() []string { return f.Env }

// Exec notes "exec NAME ARGV" and fails with ENOSYS, as a successful one would
// not return.
func (f *Fake) Exec(name string, argv, env []string) error {
	f.Env = env
	if err := f.note(false, "exec %s %q", name, argv); err != nil {
		return err
	}
	return unix.ENOSYS
}

// ReadFile is [vu.System.ReadFile].
func (f *Fake) ReadFile(path string) ([]byte, error) {
	if text, ok := f.Files[path]; ok {
		return []byte(text), nil
	}
	return nil, os.ErrNotExist
}
