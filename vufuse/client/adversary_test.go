// SPDX-License-Identifier: Apache-2.0

package client_test

import (
	"math"
	"strings"
	"sync/atomic"
	"testing"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
	"vuos.dev/vufuse/client"
	"vuos.dev/vufuse/proto"
)

// A bad reply to LOOKUP and what the kernel makes of it.
var badLookups = []struct {
	name  string
	reply func(s *server, q *request)
	want  unix.Errno
}{
	{"error positive", func(s *server, q *request) { s.rawReply(q, 5) }, unix.EIO},
	{"error -512", func(s *server, q *request) { s.rawReply(q, -512) }, unix.EIO},
	{"error -511", func(s *server, q *request) { s.rawReply(q, -511) }, 511},
	{"error minimal", func(s *server, q *request) { s.rawReply(q, math.MinInt32) }, unix.EIO},
	{"error with body", func(s *server, q *request) { s.reply(q, unix.ENOENT, 1, 2, 3, 4) }, unix.EIO},
	{"no body", func(s *server, q *request) { s.reply(q, 0) }, unix.EIO},
	{"short body", func(s *server, q *request) { s.reply(q, 0, entryOf(2, unix.S_IFREG).Raw()[:127]...) }, unix.EIO},
	{"compat body", func(s *server, q *request) { s.reply(q, 0, entryOf(2, unix.S_IFREG).Raw()[:120]...) }, unix.EIO},
	{"long body", func(s *server, q *request) { s.reply(q, 0, append(entryOf(2, unix.S_IFREG).Raw(), 0)...) }, unix.EIO},
	{"zero node", func(s *server, q *request) { s.entry(q, 0, unix.S_IFREG) }, unix.ENOENT},
	{"root node", func(s *server, q *request) { s.entry(q, 1, unix.S_IFDIR) }, unix.EIO},
	{"no type", func(s *server, q *request) { s.entry(q, 2, 0o644) }, unix.EIO},
	{"bad type", func(s *server, q *request) { s.entry(q, 2, 0o170000) }, unix.EIO},
	{"negative size", func(s *server, q *request) {
		e := entryOf(2, unix.S_IFREG)
		e.Attr.Size = 1 << 63
		s.reply(q, 0, e.Raw()...)
	}, unix.EIO},
	{"header length too large", func(s *server, q *request) { s.rawLength(q, 200) }, unix.EIO},
	{"header length too small", func(s *server, q *request) { s.rawLength(q, 16) }, unix.EIO},
	{"other numbers first", func(s *server, q *request) {
		for _, u := range []uint64{q.Unique + 2, q.Unique | 1, 1 << 63, math.MaxUint64} {
			other := *q
			other.Unique = u
			s.entry(&other, 3, unix.S_IFDIR)
		}
		s.raw([]byte("tiny"))
		s.notify(99)
		s.notify(-2)
		s.entry(q, 2, unix.S_IFREG)
	}, 0},
	{"twice", func(s *server, q *request) {
		s.entry(q, 2, unix.S_IFREG)
		s.entry(q, 3, unix.S_IFDIR)
	}, 0},
	{"oversized message", func(s *server, q *request) { s.reply(q, 0, make([]byte, 150<<10)...) }, unix.EIO},
	{"interrupt unknown", func(s *server, q *request) {
		other := *q
		other.Unique |= 1
		s.reply(&other, unix.EAGAIN)
		s.entry(q, 2, unix.S_IFREG)
	}, 0},
}

func (s *server) rawReply(q *request, e int32) {
	h := proto.OutHeader{Len: proto.OutHeaderSize, Error: e, Unique: q.Unique}
	s.raw(h.Raw())
}

func (s *server) rawLength(q *request, n uint32) {
	h := proto.OutHeader{Len: n, Unique: q.Unique}
	s.raw(append(append([]byte(nil), h.Raw()...), entryOf(2, unix.S_IFREG).Raw()...))
}

func TestBadLookup(t *testing.T) {
	for _, test := range badLookups {
		t.Run(test.name, func(t *testing.T) {
			s := newServer(t)
			s.on(proto.Lookup, func(q *request) { test.reply(s, q) })
			m := s.mount(client.Options{})
			st, err := m.tree.Lstat("x")
			if engErrno(err) != test.want {
				t.Fatalf("got %v, want %v", err, test.want)
			}
			if err == nil && (st.Mode&unix.S_IFMT != unix.S_IFREG || st.Ino != 2) {
				t.Fatalf("inode %d, mode %o", st.Ino, st.Mode)
			}
			// The mount lives on.
			s.on(proto.Lookup, func(q *request) { s.entry(q, 7, unix.S_IFREG) })
			if st, err := m.tree.Stat("y"); err != nil || st.Ino != 7 {
				t.Fatalf("afterwards: %d, %v", st.Ino, err)
			}
		})
	}
}

func engErrno(err error) unix.Errno {
	e, _ := engine.Errno(err)
	return e
}

// A bad reply to something else, on a tree that has the file f (node 2), the directory d (3) and the symbolic
// link l (4).
var badReplies = []struct {
	name  string
	op    proto.Op
	reply func(s *server, q *request)
	do    func(m *mounted) error
	want  unix.Errno
}{
	{"getattr type", proto.Getattr, func(s *server, q *request) { s.attr(q, unix.S_IFDIR) }, restat, unix.EIO},
	{"getattr none", proto.Getattr, func(s *server, q *request) { s.attr(q, 0) }, restat, unix.EIO},
	{"getattr short", proto.Getattr, func(s *server, q *request) { s.reply(q, 0, make([]byte, 96)...) }, restat, unix.EIO},
	{"setattr type", proto.Setattr, func(s *server, q *request) { s.attr(q, unix.S_IFLNK) },
		func(m *mounted) error { return m.tree.Chmod("f", 0) }, unix.EIO},
	{"mkdir gives a file", proto.Mkdir, func(s *server, q *request) { s.entry(q, 9, unix.S_IFREG) },
		func(m *mounted) error { return m.tree.Mkdir("new", 0) }, unix.EIO},
	{"mkdir gives the root", proto.Mkdir, func(s *server, q *request) { s.entry(q, 1, unix.S_IFDIR) },
		func(m *mounted) error { return m.tree.Mkdir("new", 0) }, unix.EIO},
	{"mkdir gives nothing", proto.Mkdir, func(s *server, q *request) { s.entry(q, 0, unix.S_IFDIR) },
		func(m *mounted) error { return m.tree.Mkdir("new", 0) }, unix.EIO},
	{"mkdir below itself", proto.Mkdir, func(s *server, q *request) { s.entry(q, 3, unix.S_IFDIR) },
		func(m *mounted) error { return m.tree.Mkdir("d/new", 0) }, unix.EIO},
	{"create gives a directory", proto.Create, func(s *server, q *request) { s.created(q, 9, unix.S_IFDIR) },
		func(m *mounted) error { return m.tree.WriteFile("new", nil, 0) }, unix.EIO},
	{"create gives the root", proto.Create, func(s *server, q *request) { s.created(q, 1, unix.S_IFREG) },
		func(m *mounted) error { return m.tree.WriteFile("new", nil, 0) }, unix.EIO},
	{"open long", proto.Open, func(s *server, q *request) { s.reply(q, 0, make([]byte, 17)...) }, read, unix.EIO},
	{"read too much", proto.Read, func(s *server, q *request) { s.reply(q, 0, make([]byte, 101)...) }, read, unix.EIO},
	{"write more than sent", proto.Write, func(s *server, q *request) { s.wrote(q, 101) }, write, unix.EIO},
	{"write nothing", proto.Write, func(s *server, q *request) { s.wrote(q, 0) }, write, unix.EIO},
	{"write -1", proto.Write, func(s *server, q *request) { s.wrote(q, math.MaxUint32) }, write, unix.EIO},
	{"readlink empty", proto.Readlink, func(s *server, q *request) { s.reply(q, 0) }, readlink, unix.EIO},
	{"readlink long", proto.Readlink, func(s *server, q *request) { s.reply(q, 0, make([]byte, 4096)...) }, readlink, unix.EIO},
	{"readdir slash", proto.Readdir, func(s *server, q *request) { s.reply(q, 0, dirent("a/b", 3)...) }, readdir, unix.EIO},
	{"readdir nul", proto.Readdir, func(s *server, q *request) { s.reply(q, 0, dirent("a\x00b", 3)...) }, readdir, unix.EIO},
	{"readdir empty name", proto.Readdir, func(s *server, q *request) { s.reply(q, 0, dirent("", 0)...) }, readdir, unix.EIO},
	{"readdir name too long", proto.Readdir, func(s *server, q *request) {
		s.reply(q, 0, dirent(strings.Repeat("n", 4096), 4096)...)
	}, readdir, unix.EIO},
	{"readdir overrun", proto.Readdir, func(s *server, q *request) { s.reply(q, 0, dirent("abc", 1000)...) }, readdir, 0},
	{"readdir huge", proto.Readdir, func(s *server, q *request) { s.reply(q, 0, dirent("abc", math.MaxUint32)...) }, readdir, unix.EIO},
	{"xattr list", proto.Listxattr, func(s *server, q *request) { s.reply(q, 0, 'u', 's', 'e', 'r') },
		func(m *mounted) error { _, err := m.xattrs().Listxattr(m.call); return err }, unix.EIO},
	{"xattr list empty name", proto.Listxattr, func(s *server, q *request) { s.reply(q, 0, 'u', 0, 0) },
		func(m *mounted) error { _, err := m.xattrs().Listxattr(m.call); return err }, unix.EIO},
	{"statfs short", proto.Statfs, func(s *server, q *request) { s.reply(q, 0, make([]byte, 48)...) },
		func(m *mounted) error { return m.Statfs(m.call, m.Root(), new(unix.Statfs_t)) }, unix.EIO},
}

func (s *server) created(q *request, node uint64, mode uint32) {
	out := proto.CreateOut{Entry: *entryOf(node, mode)}
	s.reply(q, 0, out.Raw()...)
}

func (s *server) wrote(q *request, n uint32) {
	out := proto.WriteOut{Size: n}
	s.reply(q, 0, out.Raw()...)
}

func dirent(name string, namelen uint32) []byte {
	h := proto.DirentHeader{Ino: 5, Off: 1, Namelen: namelen, Type: 8}
	b := append(append([]byte(nil), h.Raw()...), name...)
	for len(b)%8 != 0 {
		b = append(b, 0)
	}
	return b
}

func (m *mounted) node(name string) engine.Node {
	n, err := m.tree.Lookup(name, false)
	if err != nil {
		panic(err)
	}
	return n
}

func (m *mounted) xattrs() engine.NodeXattrer { return m.node("f").(engine.NodeXattrer) }

func restat(m *mounted) error {
	n := m.node("f")
	m.InvalInode(2, -1, 0)
	return n.Stat(m.call, new(unix.Statx_t))
}

func read(m *mounted) error {
	h, err := m.tree.Open("f", unix.O_RDONLY, 0)
	if err != nil {
		return err
	}
	_, err = h.ReadAt(make([]byte, 100), 0)
	return err
}

func write(m *mounted) error {
	h, err := m.tree.Open("f", unix.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = h.WriteAt(make([]byte, 100), 0)
	return err
}

func readlink(m *mounted) error { _, err := m.tree.Readlink("l"); return err }
func readdir(m *mounted) error  { _, err := m.tree.ReadDir("d"); return err }

// small serves the tree of badReplies.
func (s *server) small() {
	s.on(proto.Lookup, func(q *request) {
		switch q.name() {
		case "f":
			s.entry(q, 2, unix.S_IFREG|0o644)
		case "d":
			s.entry(q, 3, unix.S_IFDIR|0o755)
		case "l":
			s.entry(q, 4, unix.S_IFLNK|0o777)
		default:
			s.reply(q, unix.ENOENT)
		}
	})
	opened := func(q *request) { s.reply(q, 0, new(proto.OpenOut).Raw()...) }
	s.on(proto.Open, opened)
	s.on(proto.Opendir, opened)
}

func TestBadReply(t *testing.T) {
	for _, test := range badReplies {
		t.Run(test.name, func(t *testing.T) {
			s := newServer(t)
			s.small()
			m := s.mount(client.Options{})
			s.on(test.op, func(q *request) { test.reply(s, q) })
			if err := test.do(m); engErrno(err) != test.want {
				t.Fatalf("got %v, want %v", err, test.want)
			}
		})
	}
}

// TestBadInode checks that an inode that changed its type is bad from then on.
func TestBadInode(t *testing.T) {
	s := newServer(t)
	s.small()
	m := s.mount(client.Options{})
	n := m.node("f")
	s.on(proto.Getattr, func(q *request) { s.attr(q, unix.S_IFDIR) })
	m.InvalInode(2, -1, 0)
	for range 2 {
		if err := n.Stat(m.call, new(unix.Statx_t)); err != unix.EIO {
			t.Fatalf("stat: %v", err)
		}
	}
	if _, err := n.(engine.NodeOpener).Open(m.call, unix.O_RDONLY); err != unix.EIO {
		t.Fatalf("open: %v", err)
	}
	if got := s.count(proto.Getattr); got != 2 { // that of the root, and one
		t.Fatalf("%d requests", got)
	}
	// A lookup finds a new inode.
	if again := m.node("f"); again == n {
		t.Fatal("still the bad inode")
	}
}

// TestGeneration checks that a node id with another generation is another inode.
func TestGeneration(t *testing.T) {
	s := newServer(t)
	var gen atomic.Uint64
	s.on(proto.Lookup, func(q *request) {
		e := entryOf(2, unix.S_IFREG)
		e.Generation, e.EntryValid = gen.Load(), 0
		s.reply(q, 0, e.Raw()...)
	})
	m := s.mount(client.Options{})
	a := m.node("f")
	if b := m.node("f"); b != a {
		t.Fatal("one inode is two nodes")
	}
	gen.Add(1)
	if b := m.node("f"); b == a {
		t.Fatal("two inodes are one node")
	}
}
