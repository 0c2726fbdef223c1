// SPDX-License-Identifier: Apache-2.0

package vufuse

import (
	"errors"
	"fmt"
	"log"
	"strings"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"

	"vuos.dev/engine"
	"vuos.dev/vufuse/client"
	"vuos.dev/vufuse/direct"
)

// Submodule is a file system in Go. One of Root and Raw is set.
type Submodule struct {
	Name        string // the type is vufuse and this
	Description string

	// Root makes the root of a file system for one mount. r.Source is as the caller gave it. The
	// file system takes its own options from o and may change o.FS. An error is best a
	// [*engine.MountError]. Whatever must be closed at unmount is closed in the root's OnForget.
	Root func(c engine.Call, r *engine.MountRequest, o *Options) (fs.InodeEmbedder, error)

	// Raw is Root for a file system on go-fuse's lower level. Its OnUnmount is called at
	// unmount.
	Raw func(c engine.Call, r *engine.MountRequest, o *Options) (fuse.RawFileSystem, error)
}

// SubmoduleName implements [submod.Submodule].
func (s Submodule) SubmoduleName() string { return s.Name }

// mountLinked mounts a Go file system.
func (m mounter) mountLinked(c engine.Call, r *engine.MountRequest, s *Submodule, o *Options) (engine.FileSystem, error) {
	if err := o.takeTimeouts(); err != nil {
		return nil, err
	}
	logger := log.New(logWriter{m.host}, r.Type+": ", 0)
	o.FS.MountOptions.Logger, o.FS.Logger = logger, logger
	c.Block()
	raw, err := s.make(c, r, o)
	if err != nil {
		return nil, describe(err, r)
	}
	if left := o.left(); left != "" {
		raw.OnUnmount()
		return nil, optionError(left)
	}
	printf := func(format string, a ...any) {
		m.host.Logf(engine.LogErr, "%s: %s", r.Type, fmt.Sprintf(format, a...))
	}
	f, err := m.attach(c, r, direct.New(raw, o.FS.MountOptions, printf), o)
	if err != nil {
		raw.OnUnmount()
		return nil, err
	}
	return f, nil
}

func (s *Submodule) make(c engine.Call, r *engine.MountRequest, o *Options) (fuse.RawFileSystem, error) {
	if s.Raw != nil {
		return s.Raw(c, r, o)
	}
	root, err := s.Root(c, r, o)
	if err != nil {
		return nil, err
	}
	return fs.NewNodeFS(root, &o.FS), nil
}

// attach makes the file system behind a transport.
func (m mounter) attach(
	c engine.Call, r *engine.MountRequest, t client.Transport, o *Options,
) (*client.FS, error) {
	if o.Debug {
		t = client.Trace(t, m.host.Debugf)
	}
	o.Client.Show = func(bool) string { return r.Data }
	f, err := client.New(c, m.host, t, o.Client)
	if err != nil {
		return nil, describe(err, r)
	}
	return f, nil
}

// describe makes an error one with a message that names the source.
func describe(err error, r *engine.MountRequest) error {
	if _, ok := errors.AsType[*engine.MountError](err); ok {
		return err
	}
	errno, _ := engine.Errno(err)
	return &engine.MountError{Err: errno, Message: fmt.Sprintf("%s: %s: %v", r.Type, r.Source, err)}
}

// logWriter is what a go-fuse file system logs, line by line.
type logWriter struct{ h engine.Host }

func (w logWriter) Write(p []byte) (int, error) {
	w.h.Debugf("%s", strings.TrimRight(string(p), "\n"))
	return len(p), nil
}
