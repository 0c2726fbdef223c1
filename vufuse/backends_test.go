// SPDX-License-Identifier: Apache-2.0

package vufuse_test

import (
	"fmt"
	"log"
	"testing"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"

	"vuos.dev/engine"
	"vuos.dev/engine/enginetest"
	"vuos.dev/vufuse/client"
	"vuos.dev/vufuse/direct"
	"vuos.dev/vufuse/wire"
)

// mountOn mounts what t reaches, until the test ends.
func mountOn(t *testing.T, tr client.Transport) *enginetest.Tree {
	t.Helper()
	host := &enginetest.Host{Log: t.Logf}
	c := enginetest.NewCall()
	f, err := client.New(c, host, tr, client.Options{DefaultPermissions: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Unmount(c); err != nil {
			t.Errorf("unmount: %v", err)
		}
		if host.Devs() != 0 {
			t.Error("device number not given back")
		}
		host.Log = nil
	})
	return &enginetest.Tree{FS: f, Call: c}
}

func loopback(t *testing.T) fuse.RawFileSystem {
	t.Helper()
	root, err := fs.NewLoopbackRoot(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return fs.NewNodeFS(root, &fs.Options{})
}

func TestDirectLoopback(t *testing.T) {
	runSuite(t, func(t *testing.T) *enginetest.Tree {
		return mountOn(t, direct.New(loopback(t), fuse.MountOptions{}, t.Logf))
	})
}

// goServer serves raw on a socket, as a go-fuse program does on /dev/fd/3.
func goServer(t testing.TB, raw fuse.RawFileSystem, opts fuse.MountOptions) *wire.Conn {
	t.Helper()
	ours, theirs, err := wire.Pair()
	if err != nil {
		t.Fatal(err)
	}
	conn, err := wire.New(ours)
	if err != nil {
		t.Fatal(err)
	}
	opts.Logger = log.New(quiet{}, "", 0)
	done := make(chan struct{})
	go func() {
		defer close(done)
		s, err := fuse.NewServer(raw, fmt.Sprintf("/dev/fd/%d", theirs), &opts)
		if err != nil {
			t.Error(err)
			return
		}
		s.Serve()
	}()
	t.Cleanup(func() { <-done })
	return conn
}

type quiet struct{}

func (quiet) Write(p []byte) (int, error) { return len(p), nil }

func TestWireGoFuse(t *testing.T) {
	runSuite(t, func(t *testing.T) *enginetest.Tree {
		return mountOn(t, goServer(t, loopback(t), fuse.MountOptions{}))
	})
}

var _ engine.FileSystem = (*client.FS)(nil)
