// SPDX-License-Identifier: Apache-2.0

package client_test

import (
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
	"vuos.dev/vufuse/client"
	"vuos.dev/vufuse/proto"
)

// TestUntrusted checks that a server which hangs holds up neither sync(2) nor an unmount.
func TestUntrusted(t *testing.T) {
	s := newServer(t)
	s.small()
	m := s.mount(client.Options{Untrusted: true})
	h, err := m.tree.Open("f", unix.O_RDONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	s.on(proto.Release, func(*request) {}) // never answered
	s.on(proto.Destroy, func(*request) {})
	if err := m.Syncfs(m.call); err != nil || s.count(proto.Syncfs) != 0 {
		t.Errorf("syncfs: %v, %d requests", err, s.count(proto.Syncfs))
	}
	h.Close()
	began := time.Now()
	if err := m.Unmount(m.call); err != nil {
		t.Errorf("unmount: %v", err)
	}
	if d := time.Since(began); d > time.Minute {
		t.Errorf("unmount took %v", d)
	}
}

// TestDontMask checks who applies the umask: with FUSE_DONT_MASK the server, which gets both.
func TestDontMask(t *testing.T) {
	for _, flag := range []uint32{0, proto.DontMask} {
		s := newServer(t)
		s.init.Flags |= flag
		got := make(chan proto.MkdirIn, 1)
		s.on(proto.Mkdir, func(q *request) {
			var in proto.MkdirIn
			copy(in.Raw(), q.body)
			got <- in
			s.entry(q, 7, unix.S_IFDIR|0o755)
		})
		m := s.mount(client.Options{AllowOther: true})
		root := m.Root()
		if u, ok := root.(engine.NodeUmasker); !ok || u.Umasks() != (flag != 0) {
			t.Errorf("flag %#x: the engine is not told who applies the umask", flag)
		}
		if _, err := root.(engine.NodeMkdirer).Mkdir(m.call, "d", 0o777); err != nil {
			t.Fatal(err)
		}
		if in := <-got; in.Mode != 0o777 || in.Umask != m.call.Umask() {
			t.Errorf("flag %#x: mode %o, umask %o", flag, in.Mode, in.Umask)
		}
		if err := m.Unmount(m.call); err != nil {
			t.Errorf("unmount: %v", err)
		}
	}
}
