// SPDX-License-Identifier: Apache-2.0

// Package vudevtest mounts drivers of virtual devices without a view, for their tests.
package vudevtest

import (
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
	"vuos.dev/engine/enginetest"
	"vuos.dev/vudev"
)

// Point is where devices are mounted.
const Point = "/dev/vtest"

// Mounted is a mounted device.
type Mounted struct {
	Host *Host
	t    testing.TB
	fs   engine.FileSystem
}

// Mount mounts source as a device of sub with the given options, until the test ends.
func Mount(t testing.TB, sub vudev.Submodule, source, options string) *Mounted {
	t.Helper()
	m, err := TryMount(t, sub, source, options)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TryMount is Mount for what may fail.
func TryMount(t testing.TB, sub vudev.Submodule, source, options string) (*Mounted, error) {
	t.Helper()
	h := &Host{}
	i, err := vudev.New(sub).Load(h)
	if err != nil {
		t.Fatal(err)
	}
	r := &engine.MountRequest{Source: source, Target: Point, Type: "vudev" + sub.Name, Data: options}
	fs, err := i.(engine.Mounter).Mount(h.Background(), r)
	if err != nil {
		if n := h.Devs(); n != 0 {
			t.Errorf("%d device numbers are left after a mount that failed", n)
		}
		return nil, err
	}
	m := &Mounted{Host: h, t: t, fs: fs}
	t.Cleanup(func() {
		if err := fs.Unmount(h.Background()); err != nil {
			t.Errorf("unmount: %v", err)
		}
		if n := h.Devs(); n != 0 {
			t.Errorf("%d device numbers are left after unmount", n)
		}
	})
	return m, nil
}

// Node is the device file, or that of a partition if number is not ""; nil if there is none.
func (m *Mounted) Node(number string) engine.Node {
	if number == "" {
		return m.fs.Root()
	}
	fs := m.Host.Attached(Point + number)
	if fs == nil {
		return nil
	}
	return fs.Root()
}

// Parts are the numbers of the partitions there are, as "1 2 5".
func (m *Mounted) Parts() string {
	var out []string
	for _, n := range strings.Fields("1 2 3 4 5 6 7 8 9") {
		if m.Node(n) != nil {
			out = append(out, n)
		}
	}
	return strings.Join(out, " ")
}

// Open opens the device or a partition until the test ends or it is released.
func (m *Mounted) Open(number string, flags int) *File {
	m.t.Helper()
	f, err := m.TryOpen(number, flags)
	if err != nil {
		m.t.Fatalf("open %q: %v", number, err)
	}
	return f
}

// TryOpen is Open for what may fail.
func (m *Mounted) TryOpen(number string, flags int) (*File, error) {
	m.t.Helper()
	n := m.Node(number)
	if n == nil {
		return nil, unix.ENOENT
	}
	f, err := n.(engine.NodeOpener).Open(m.Host.Background(), flags)
	if err != nil {
		return nil, err
	}
	file := &File{File: f, c: m.Host.Background()}
	m.t.Cleanup(file.Close)
	return file, nil
}

// Host is the engine's side: the host's own tree is the view.
type Host struct{ enginetest.Host }

// Background implements [engine.Host].
func (h *Host) Background() engine.Call {
	c := enginetest.NewCall()
	c.In = hostView{}
	return c
}
