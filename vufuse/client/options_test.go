// SPDX-License-Identifier: Apache-2.0

package client_test

import (
	"fmt"
	"testing"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
	"vuos.dev/engine/enginetest"
	"vuos.dev/vufuse/client"
	"vuos.dev/vufuse/proto"
)

// as is the tree as another user sees it.
func (m *mounted) as(uid uint32) *enginetest.Tree {
	c := enginetest.NewCall()
	c.Who = engine.Cred{IDs: engine.SameIDs(uid, uid)}
	return &enginetest.Tree{FS: m.FS, Call: c}
}

// TestOthers checks that without allow_other nobody but the mounting user gets in.
func TestOthers(t *testing.T) {
	s := newServer(t)
	s.small()
	m := s.mount(client.Options{})
	x := m.as(4711)
	if _, err := x.Stat("/"); err != unix.EACCES {
		t.Errorf("root: %v", err)
	}
	if _, err := x.Stat("f"); err != unix.EACCES {
		t.Errorf("file: %v", err)
	}
	var st unix.Statfs_t
	if err := m.Statfs(x.Call, m.Root(), &st); err != nil || st.Type != 0x65735546 || st.Blocks != 0 {
		t.Errorf("statfs: %+v, %v", st, err)
	}
}

// TestPermissions checks default_permissions with other users.
func TestPermissions(t *testing.T) {
	s := newServer(t)
	owned := func(q *request, node uint64, mode uint32) {
		e := entryOf(node, mode)
		e.Attr.UID, e.Attr.GID = 100, 100
		s.reply(q, 0, e.Raw()...)
	}
	modes := map[string]uint32{
		"file": unix.S_IFREG | 0o640, "private": unix.S_IFDIR | 0o700, "sticky": unix.S_IFDIR | 0o1777,
	}
	s.on(proto.Lookup, func(q *request) {
		if mode, ok := modes[q.name()]; ok {
			owned(q, uint64(len(q.name())), mode)
			return
		}
		owned(q, 20, unix.S_IFREG|0o666)
	})
	s.on(proto.Getattr, func(q *request) {
		out := proto.AttrOut{Valid: 1000, Attr: attrOf(q.Node, unix.S_IFDIR|0o755)}
		out.Attr.UID, out.Attr.GID = 100, 100
		for name, mode := range modes {
			if uint64(len(name)) == q.Node {
				out.Attr.Mode = mode
			}
		}
		if q.Node == 20 {
			out.Attr.Mode = unix.S_IFREG | 0o666
		}
		s.reply(q, 0, out.Raw()...)
	})
	s.on(proto.Unlink, func(q *request) { s.reply(q, 0) })
	s.on(proto.Setattr, func(q *request) { s.attr(q, unix.S_IFREG|0o600) })
	s.on(proto.Open, func(q *request) { s.reply(q, 0, new(proto.OpenOut).Raw()...) })
	m := s.mount(client.Options{AllowOther: true, DefaultPermissions: true})
	owner, other := m.as(100), m.as(200)
	open := func(x *enginetest.Tree, name string, flags int) error {
		_, err := x.Open(name, flags, 0)
		return err
	}
	for _, test := range []struct {
		what string
		err  error
		want unix.Errno
	}{
		{"owner reads", open(owner, "file", unix.O_RDWR), 0},
		{"other reads", open(other, "file", unix.O_RDONLY), unix.EACCES},
		{"other walks", open(other, "private/x", unix.O_RDONLY), unix.EACCES},
		{"owner walks", open(owner, "private/x", unix.O_RDONLY), 0},
		{"other creates", other.Mkdir("new", 0o755), unix.EACCES},
		{"other unlinks", other.Unlink("file"), unix.EACCES},
		{"other unlinks in sticky", other.Unlink("sticky/x"), unix.EPERM},
		{"owner unlinks in sticky", owner.Unlink("sticky/x"), 0},
		{"other chmods", other.Chmod("file", 0o777), unix.EPERM},
		{"owner chmods", owner.Chmod("file", 0o600), 0},
		{"owner gives away", owner.Setattr("file", &engine.SetAttr{Valid: engine.AttrUID, UID: 200}), unix.EPERM},
		{"other sets time", other.Setattr("file", &engine.SetAttr{Valid: engine.AttrMtime}), unix.EPERM},
		{"other touches", other.Setattr("file", &engine.SetAttr{Valid: engine.AttrMtimeNow}), unix.EACCES},
		{"other touches writable", other.Setattr("sticky/x", &engine.SetAttr{Valid: engine.AttrMtimeNow}), 0},
		{"other truncates", other.Truncate("file", 0), unix.EACCES},
		{"other asks", other.Access("file", unix.R_OK), unix.EACCES},
		{"owner asks", owner.Access("file", unix.R_OK), 0},
	} {
		if got := engErrno(test.err); got != test.want {
			t.Errorf("%s: %v, want %v", test.what, got, test.want)
		}
	}
	if n := s.count(proto.Access); n != 0 {
		t.Errorf("%d ACCESS", n)
	}
}

// TestReadOnly checks that nothing that changes is even sent.
func TestReadOnly(t *testing.T) {
	s := newServer(t)
	s.small()
	m := s.mount(client.Options{ReadOnly: true})
	for what, err := range map[string]error{
		"create": m.tree.WriteFile("new", nil, 0),
		"write":  m.tree.WriteFile("f", nil, 0),
		"mkdir":  m.tree.Mkdir("new", 0),
		"unlink": m.tree.Unlink("f"),
		"rename": m.tree.Rename("f", "g", 0),
		"chmod":  m.tree.Chmod("f", 0),
		"xattr":  m.xattrs().Setxattr(m.call, "user.x", nil, 0),
		"access": m.tree.Access("f", unix.W_OK),
	} {
		if err != unix.EROFS {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// TestMaxRead checks the splitting of long reads and writes.
func TestMaxRead(t *testing.T) {
	s := newServer(t)
	s.small()
	s.init.MaxWrite = 8192
	s.on(proto.Read, func(q *request) {
		var in proto.ReadIn
		copy(in.Raw(), q.body)
		if in.Size > 16384 {
			t.Errorf("READ of %d bytes", in.Size)
		}
		b := make([]byte, max(0, min(int64(in.Size), 50000-int64(in.Offset))))
		for i := range b {
			b[i] = byte((in.Offset + uint64(i)) >> 8)
		}
		s.reply(q, 0, b...)
	})
	written := 0
	s.on(proto.Write, func(q *request) {
		var in proto.WriteIn
		copy(in.Raw(), q.body)
		if in.Size > 8192 || in.Offset != uint64(written) {
			t.Errorf("WRITE of %d bytes at %d", in.Size, in.Offset)
		}
		written += int(in.Size)
		s.wrote(q, in.Size)
	})
	m := s.mount(client.Options{MaxRead: 16384})
	h, err := m.tree.Open("f", unix.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 100000)
	n, err := h.ReadAt(b, 0)
	if n != 50000 || err != nil {
		t.Fatalf("read %d, %v", n, err)
	}
	for i := range b[:n] {
		if b[i] != byte(i>>8) {
			t.Fatalf("wrong data at %d", i)
		}
	}
	if n, err := h.WriteAt(b[:30000], 0); n != 30000 || err != nil {
		t.Fatalf("wrote %d, %v", n, err)
	}
}

// TestOldServer checks servers of older versions: the length of requests and replies, and what is not
// sent to them.
func TestOldServer(t *testing.T) {
	for _, minor := range []uint32{8, 9, 11, 12, 15, 22, 23, 31} {
		t.Run(fmt.Sprint(minor), func(t *testing.T) {
			s := newServer(t)
			s.init = proto.InitOut{Major: 7, Minor: minor, MaxWrite: 65536, Flags: proto.BigWrites}
			cut := func(b []byte, old int) []byte {
				if minor < 9 {
					return b[:old]
				}
				return b
			}
			s.on(proto.Getattr, func(q *request) {
				out := proto.AttrOut{Valid: 9, Attr: attrOf(1, unix.S_IFDIR|0o755)}
				s.reply(q, 0, cut(out.Raw(), 96)...)
			})
			s.on(proto.Lookup, func(q *request) { s.reply(q, unix.ENOENT) })
			s.on(proto.Create, func(q *request) {
				size, want := len(q.body)-len("new\x00"), 16
				if minor < 12 {
					want = 8
				}
				if size != want {
					t.Errorf("CREATE has %d bytes, want %d", size, want)
				}
				open := proto.OpenOut{Fh: 77}
				s.reply(q, 0, append(cut(entryOf(5, unix.S_IFREG).Raw(), 120), open.Raw()...)...)
			})
			s.on(proto.Write, func(q *request) {
				size, want := len(q.body)-3, 40
				if minor < 9 {
					want = 24
				}
				if size != want {
					t.Errorf("WRITE has %d bytes, want %d", size, want)
				}
				if q.body[0] != 77 {
					t.Errorf("handle %d", q.body[0])
				}
				s.wrote(q, 3)
			})
			m := s.mount(client.Options{})
			if err := m.tree.WriteFile("new", []byte("abc"), 0o644); err != nil {
				t.Fatal(err)
			}
			err := m.tree.Rename("new", "old", unix.RENAME_NOREPLACE)
			if n := s.count(proto.Rename2); err != unix.EINVAL && minor < 23 || n > 0 && minor < 23 {
				t.Errorf("%d RENAME2, %v", n, err)
			}
			if err := m.Unmount(m.call); err != nil {
				t.Fatal(err)
			}
			if n := s.count(proto.BatchForget); n > 0 && minor < 16 {
				t.Errorf("%d BATCH_FORGET", n)
			}
		})
	}
}

// TestBadVersion checks that other protocols are refused.
func TestBadVersion(t *testing.T) {
	for _, v := range [][2]uint32{{6, 38}, {8, 1}, {7, 7}, {0, 0}} {
		s := newServer(t)
		s.init.Major, s.init.Minor = v[0], v[1]
		if m := s.mount(client.Options{}); m.err != unix.ECONNREFUSED {
			t.Errorf("version %d.%d: %v", v[0], v[1], m.err)
		}
	}
}

// TestSymlinkCache checks FUSE_CACHE_SYMLINKS.
func TestSymlinkCache(t *testing.T) {
	for _, flag := range []uint32{0, proto.CacheSymlinks} {
		s := newServer(t)
		s.small()
		s.init.Flags |= flag
		s.on(proto.Readlink, func(q *request) { s.reply(q, 0, []byte("target")...) })
		m := s.mount(client.Options{})
		for range 3 {
			if l, err := m.tree.Readlink("l"); l != "target" || err != nil {
				t.Fatal(l, err)
			}
		}
		want := 3
		if flag != 0 {
			want = 1
		}
		if n := s.count(proto.Readlink); n != want {
			t.Errorf("%d READLINK, want %d", n, want)
		}
	}
}

// TestCachePolicy checks what the flags of an open say about the contents.
func TestCachePolicy(t *testing.T) {
	s := newServer(t)
	s.small()
	m := s.mount(client.Options{})
	for flags, want := range map[uint32]engine.CachePolicy{
		0: engine.CacheOpen, proto.OpenKeepCache: engine.CacheKeep, proto.OpenDirectIO | proto.OpenKeepCache: engine.CacheNone,
	} {
		s.on(proto.Open, func(q *request) { s.reply(q, 0, (&proto.OpenOut{Flags: flags}).Raw()...) })
		h, err := m.tree.Open("f", unix.O_RDONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		if got := h.Node.(engine.NodeCacher).Cache(); got != want {
			t.Errorf("flags %d: %v, want %v", flags, got, want)
		}
		h.Close()
	}
}

// TestOpenTruncates checks that O_TRUNC is done with SETATTR for a server that does not take it, and with the open
// for one that does.
func TestOpenTruncates(t *testing.T) {
	for _, atomic := range []bool{false, true} {
		s := newServer(t)
		s.small()
		s.init.Flags &^= proto.AtomicOTrunc
		if atomic {
			s.init.Flags |= proto.AtomicOTrunc
		}
		s.on(proto.Open, func(q *request) {
			var in proto.OpenIn
			copy(in.Raw(), q.body)
			if got := in.Flags&unix.O_TRUNC != 0; got != atomic {
				t.Errorf("O_TRUNC in OPEN: %v, want %v", got, atomic)
			}
			s.reply(q, 0, new(proto.OpenOut).Raw()...)
		})
		s.on(proto.Setattr, func(q *request) {
			var in proto.SetattrIn
			copy(in.Raw(), q.body)
			if in.Valid&proto.FattrSize == 0 || in.Size != 0 {
				t.Errorf("SETATTR %+v", in)
			}
			s.attr(q, unix.S_IFREG)
		})
		m := s.mount(client.Options{})
		if _, err := m.tree.Open("f", unix.O_WRONLY|unix.O_TRUNC, 0); err != nil {
			t.Fatal(err)
		}
		if n := s.count(proto.Setattr); (n == 0) != atomic {
			t.Errorf("%d SETATTR", n)
		}
	}
}

// TestSetIDs checks that a write takes away the set-id bits, unless the server says that it does.
func TestSetIDs(t *testing.T) {
	for _, flag := range []uint32{0, proto.HandleKillpriv, proto.HandleKillprivV2} {
		s := newServer(t)
		s.small()
		s.init.Flags |= flag
		s.on(proto.Lookup, func(q *request) { s.entry(q, 2, unix.S_IFREG|0o6755) })
		s.on(proto.Setattr, func(q *request) {
			var in proto.SetattrIn
			copy(in.Raw(), q.body)
			if in.Valid&^uint32(proto.FattrFh) != proto.FattrMode || in.Mode != unix.S_IFREG|0o755 {
				t.Errorf("SETATTR %+v", in)
			}
			s.attr(q, unix.S_IFREG|0o755)
		})
		s.on(proto.Write, func(q *request) {
			var in proto.WriteIn
			copy(in.Raw(), q.body)
			if kill := in.WriteFlags&proto.WriteKillSuidgid != 0; kill != (flag == proto.HandleKillprivV2) {
				t.Errorf("kill flag %v with %#x", kill, flag)
			}
			s.wrote(q, in.Size)
		})
		m := s.mount(client.Options{AllowOther: true})
		h, err := m.as(5).Open("f", unix.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := h.WriteAt([]byte("x"), 0); err != nil {
			t.Fatal(err)
		}
		if n := s.count(proto.Setattr); (n == 1) != (flag == 0) {
			t.Errorf("%d SETATTR with %#x", n, flag)
		}
	}
}
