// SPDX-License-Identifier: Apache-2.0

package vufuse_test

import (
	"testing"
	"time"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
	"golang.org/x/sys/unix"

	"vuos.dev/engine"
	"vuos.dev/engine/enginetest"
	"vuos.dev/vufuse/client"
	"vuos.dev/vufuse/direct"
)

func benchTree(b *testing.B, tr func(raw fuse.RawFileSystem) client.Transport, timeout time.Duration) *enginetest.Tree {
	b.Helper()
	root, err := fs.NewLoopbackRoot(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	raw := fs.NewNodeFS(root, &fs.Options{AttrTimeout: &timeout, EntryTimeout: &timeout})
	c := enginetest.NewCall()
	f, err := client.New(c, &enginetest.Host{}, tr(raw), client.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { f.Unmount(c) })
	x := &enginetest.Tree{FS: f, Call: c}
	if err := x.WriteFile("f", make([]byte, 1<<20), 0o644); err != nil {
		b.Fatal(err)
	}
	return x
}

func overDirect(raw fuse.RawFileSystem) client.Transport {
	return direct.New(raw, fuse.MountOptions{}, func(string, ...any) {})
}

func BenchmarkStatCached(b *testing.B) {
	x := benchTree(b, overDirect, time.Hour)
	for b.Loop() {
		x.Stat("f")
	}
}

func BenchmarkStatDirect(b *testing.B) {
	x := benchTree(b, overDirect, 0)
	for b.Loop() {
		x.Stat("f")
	}
}

func BenchmarkStatWire(b *testing.B) {
	x := benchTree(b, func(raw fuse.RawFileSystem) client.Transport {
		return goServer(b, raw, fuse.MountOptions{})
	}, 0)
	for b.Loop() {
		x.Stat("f")
	}
}

func BenchmarkReadDirect(b *testing.B) { benchRead(b, benchTree(b, overDirect, time.Hour)) }

func BenchmarkReadWire(b *testing.B) {
	benchRead(b, benchTree(b, func(raw fuse.RawFileSystem) client.Transport {
		return goServer(b, raw, fuse.MountOptions{})
	}, time.Hour))
}

func benchRead(b *testing.B, x *enginetest.Tree) {
	h, err := x.Open("f", unix.O_RDONLY, 0)
	if err != nil {
		b.Fatal(err)
	}
	defer h.Close()
	p := make([]byte, 1<<20)
	b.SetBytes(int64(len(p)))
	for b.Loop() {
		if n, err := h.ReadAt(p, 0); n != len(p) {
			b.Fatal(n, err)
		}
	}
}

func BenchmarkStatLibfuse(b *testing.B) {
	passthrough(b)
	x := mountType(b, &engine.MountRequest{Type: "vufusepass", Source: b.TempDir(), Data: "attr_timeout=0,entry_timeout=0"})
	for b.Loop() {
		x.Access("/", 0)
		x.Stat("/")
	}
}
