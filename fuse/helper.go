// SPDX-License-Identifier: Apache-2.0

package fuse

import (
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
	"vuos.dev/vufuse/helper"
)

// helperOf tells which program mount.fuse3(8) would start for a mount that names no descriptor, and the source to give it:
// the type is fuse.NAME, or the source NAME#SOURCE.
func helperOf(r *engine.MountRequest) (name, source string, ok bool) {
	for _, s := range strings.Split(r.Data, ",") {
		if strings.HasPrefix(s, "fd=") {
			return "", "", false
		}
	}
	if _, name, ok = strings.Cut(r.Type, "."); ok {
		return name, r.Source, true
	}
	return strings.Cut(r.Source, "#")
}

// start runs a helper as a guest and waits until it has mounted what it serves, which it does itself, and has gone into the
// background.
//
// Errors: ENODEV if there is no such program; if it fails, what its last line says.
func (m *instance) start(c engine.Call, r *engine.MountRequest, name, source string) error {
	path := helper.Find(c, name)
	if path == "" {
		return &engine.MountError{Err: unix.ENODEV, Message: r.Type + ": there is no program " + name}
	}
	args := []string{name, helper.Source(c, source), r.Target}
	if opts := helper.Options(r.Data, r.Flags); opts != "" {
		args = append(args, "-o", opts)
	}
	c.Block()
	said := &helper.Tail{}
	proc, err := m.host.Spawn(c, &engine.Program{Path: path, Args: args, Env: os.Environ(), Stderr: said})
	if err != nil {
		return err
	}
	select {
	case <-proc.Done():
	case <-c.Interrupted():
		_ = proc.Signal(int(unix.SIGTERM))
		return unix.EINTR
	}
	status := unix.WaitStatus(proc.Status())
	if status.Exited() && status.ExitStatus() == 0 {
		said.Pass(os.Stderr)
		return nil
	}
	words := said.Line()
	if words == "" {
		words = name + " ended without serving " + source
	}
	return &engine.MountError{Err: helper.Guess(words, status), Message: words}
}
