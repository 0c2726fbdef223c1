// SPDX-License-Identifier: Apache-2.0

// Package view has views and what is mounted in them. Reading never locks: the mount
// table of a view is immutable and replaced as a whole.
package view

import (
	"strings"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"
	"vuos.dev/engine"
)

// Info says what is mounted.
type Info struct {
	ID     int
	Source string
	Type   string
	Flags  uintptr // MS_* at first, see [Mount.Flags]
	Opts   string
	FS     engine.FileSystem
	Owner  any // the module instance that made it
}

// Mount is a file system attached to the tree of one or more views.
type Mount struct {
	Info
	Root engine.Node

	point    atomic.Pointer[string]
	flags    atomic.Uint64
	users    atomic.Int64 // open files, working directories and roots on it
	views    atomic.Int64 // views that have it attached
	detached atomic.Bool
	once     sync.Once
	ended    func()
	done     chan struct{} // closed when the file system has ended
}

// NewMount makes a mount at the canonical path point. ended is called once, after it is
// detached from all views and unused.
func NewMount(info Info, point string, ended func(*Mount)) *Mount {
	m := &Mount{Info: info, Root: info.FS.Root(), done: make(chan struct{})}
	m.point.Store(&point)
	m.flags.Store(uint64(info.Flags))
	m.ended = func() {
		defer close(m.done)
		ended(m)
	}
	return m
}

// Flags are the MS_* flags as they are now.
func (m *Mount) Flags() uintptr { return uintptr(m.flags.Load()) }

// SetFlags changes them (a remount).
func (m *Mount) SetFlags(flags uintptr) { m.flags.Store(uint64(flags)) }

// Point is the canonical path of the mount point.
func (m *Mount) Point() string { return *m.point.Load() }

// Wait waits until a detached mount's file system has ended.
func (m *Mount) Wait() {
	if m.views.Load() == 0 {
		<-m.done
	}
}

// Get notes one more user of the mount; Put is its end.
func (m *Mount) Get() { m.users.Add(1) }

// Put ends a use. The last one of a detached mount ends the file system, in a goroutine of
// its own since that may take long.
func (m *Mount) Put() {
	if m.users.Add(-1) == 0 && m.detached.Load() && m.views.Load() == 0 {
		m.once.Do(func() { go m.ended() })
	}
}

// Detached tells whether the mount is in no view any more, or about to be.
func (m *Mount) Detached() bool { return m.detached.Load() }

// Busy tells whether files, working directories or roots on the mount are in use.
func (m *Mount) Busy() bool {
	if b, ok := m.FS.(engine.FileSystemBusier); ok && b.Busy() {
		return true
	}
	return m.users.Load() > 0
}

// ReadOnly tells whether the mount refuses changes.
func (m *Mount) ReadOnly() bool { return m.Flags()&unix.MS_RDONLY != 0 }

// IsDir tells whether the mount is a directory tree, and not a single file.
func (m *Mount) IsDir() bool { return m.Root.Type() == unix.S_IFDIR }

// Options are the mount's options as /proc/mounts shows them.
func (m *Mount) Options() string {
	o := []string{"rw"}
	if m.ReadOnly() {
		o[0] = "ro"
	}
	for _, f := range flagNames {
		if m.Flags()&f.flag != 0 {
			o = append(o, f.name)
		}
	}
	return strings.Join(o, ",")
}

// SuperOptions are the options of the file system itself.
func (m *Mount) SuperOptions() string {
	if s, ok := m.FS.(engine.FileSystemShower); ok {
		return s.ShowOptions()
	}
	return m.Opts
}

var flagNames = []struct {
	flag uintptr
	name string
}{
	{unix.MS_NOSUID, "nosuid"}, {unix.MS_NODEV, "nodev"}, {unix.MS_NOEXEC, "noexec"},
	{unix.MS_SYNCHRONOUS, "sync"}, {unix.MS_NOATIME, "noatime"}, {unix.MS_NODIRATIME, "nodiratime"},
	{unix.MS_RELATIME, "relatime"},
}
