// SPDX-License-Identifier: Apache-2.0

package client_test

import (
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
	"vuos.dev/engine/enginetest"
	"vuos.dev/vufuse/client"
	"vuos.dev/vufuse/proto"
)

// TestStatFromCache checks that a valid name and valid attributes cost no request and do not
// block.
func TestStatFromCache(t *testing.T) {
	s := newServer(t)
	s.small()
	m := s.mount(client.Options{})
	if _, err := m.tree.Stat("f"); err != nil {
		t.Fatal(err)
	}
	quiet := enginetest.NewCall()
	x := &enginetest.Tree{FS: m.FS, Call: quiet}
	for range 10 {
		if _, err := x.Stat("f"); err != nil {
			t.Fatal(err)
		}
	}
	if quiet.Blocked() {
		t.Error("a cached stat blocks")
	}
	if n, g := s.count(proto.Lookup), s.count(proto.Getattr); n != 1 || g != 1 {
		t.Errorf("%d LOOKUP, %d GETATTR", n, g)
	}
}

// TestTimeouts checks names and attributes that are valid for no time.
func TestTimeouts(t *testing.T) {
	s := newServer(t)
	s.on(proto.Lookup, func(q *request) {
		e := entryOf(2, unix.S_IFREG)
		e.EntryValid, e.AttrValid = 0, 0
		if q.name() == "missing" {
			e.Node, e.EntryValid = 0, 1000
		}
		s.reply(q, 0, e.Raw()...)
	})
	m := s.mount(client.Options{})
	for range 3 {
		m.tree.Stat("f")
		if _, err := m.tree.Stat("missing"); err != unix.ENOENT {
			t.Fatal(err)
		}
	}
	if n := s.count(proto.Lookup); n != 3+1 {
		t.Errorf("%d LOOKUP, want 3 for the file and 1 for what is missing", n)
	}
	s.on(proto.Getattr, func(q *request) { s.attr(q, unix.S_IFREG) })
	before := s.count(proto.Getattr)
	n := m.node("f")
	for range 3 {
		if err := n.Stat(m.call, new(unix.Statx_t)); err != nil {
			t.Fatal(err)
		}
	}
	// The first answer is valid for long.
	if got := s.count(proto.Getattr) - before; got != 1 {
		t.Errorf("%d GETATTR", got)
	}
}

// TestEnosysIsRemembered checks that a request which a server does not have is asked once.
func TestEnosysIsRemembered(t *testing.T) {
	s := newServer(t)
	s.small()
	s.on(proto.Open, nil)
	m := s.mount(client.Options{})
	for range 3 {
		h, err := m.tree.Open("f", unix.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		if err := h.Fsync(); err != nil {
			t.Fatal(err)
		}
		if err := m.tree.Access("f", unix.R_OK); err != nil {
			t.Fatal(err)
		}
		if _, err := m.xattrs().Getxattr(m.call, "user.x"); err != unix.EOPNOTSUPP {
			t.Fatal(err)
		}
		if off, err := h.File.(engine.FileSeeker).Seek(m.call, 5, unix.SEEK_HOLE); off != 100 || err != nil {
			t.Fatal(off, err)
		}
		if err := h.File.(engine.FileAllocater).Fallocate(m.call, 0, 0, 1); err != unix.EOPNOTSUPP {
			t.Fatal(err)
		}
		if err := m.Syncfs(m.call); err != nil {
			t.Fatal(err)
		}
		if err := m.tree.Rename("f", "g", unix.RENAME_NOREPLACE); err != unix.EINVAL {
			t.Fatal(err)
		}
		if err := h.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for _, op := range []proto.Op{
		proto.Open, proto.Flush, proto.Fsync, proto.Access, proto.Getxattr, proto.Lseek, proto.Fallocate, proto.Syncfs, proto.Rename2,
	} {
		if n := s.count(op); n != 1 {
			t.Errorf("%d %v", n, op)
		}
	}
	if n := s.count(proto.Release); n != 0 {
		t.Errorf("%d RELEASE of what was never opened", n)
	}
}

// TestForget checks that every lookup is given back, exactly.
func TestForget(t *testing.T) {
	s := newServer(t)
	var mu sync.Mutex
	given := make(map[uint64]uint64)
	s.on(proto.Lookup, func(q *request) {
		var id uint64
		fmt.Sscanf(q.name(), "n%d", &id)
		e := entryOf(id+10, unix.S_IFREG)
		e.EntryValid = 0
		mu.Lock()
		given[id+10]++
		mu.Unlock()
		s.reply(q, 0, e.Raw()...)
	})
	m := s.mount(client.Options{})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i := range 400 {
				m.tree.Stat(fmt.Sprintf("n%d", i%97))
				if i%50 == 0 {
					m.InvalEntry(1, fmt.Sprintf("n%d", i%97), false)
					runtime.GC()
				}
			}
		})
	}
	wg.Wait()
	if err := m.Unmount(m.call); err != nil {
		t.Fatal(err)
	}
	<-s.done
	for id, n := range given {
		if s.forgot[id] != n {
			t.Errorf("node %d: %d lookups, %d forgotten", id, n, s.forgot[id])
		}
	}
	if len(s.forgot) != len(given) {
		t.Errorf("%d nodes forgotten, %d looked up", len(s.forgot), len(given))
	}
}

// TestForgetEarly checks that a node nobody uses is forgotten while the mount lives.
func TestForgetEarly(t *testing.T) {
	s := newServer(t)
	s.small()
	m := s.mount(client.Options{})
	m.node("f")
	m.InvalEntry(1, "f", false)
	s.until(func() bool { return s.counts[proto.Forget] > 0 })
	if s.forgot[2] != 1 {
		t.Errorf("forgot %v", s.forgot)
	}
}

// TestReaddirplus checks that listing a directory and looking at each file takes a few
// requests.
func TestReaddirplus(t *testing.T) {
	s := newServer(t)
	s.small()
	s.init.Flags |= proto.DoReaddirplus | proto.ReaddirplusAuto
	const count = 500
	s.on(proto.Readdirplus, func(q *request) {
		var in proto.ReadIn
		copy(in.Raw(), q.body)
		var b []byte
		for i := in.Offset; i < count; i++ {
			name := fmt.Sprintf("file%d", i)
			h := proto.DirentHeader{Ino: 10 + i, Off: i + 1, Namelen: uint32(len(name)), Type: unix.DT_REG}
			one := append(entryOf(10+i, unix.S_IFREG|0o644).Raw(), h.Raw()...)
			one = append(one, name...)
			one = append(one, make([]byte, -len(one)&7)...)
			if len(b)+len(one) > int(in.Size) {
				break
			}
			b = append(b, one...)
		}
		s.reply(q, 0, b...)
	})
	s.on(proto.Readdir, func(q *request) { s.reply(q, 0) }) // the end
	m := s.mount(client.Options{})
	list, err := m.tree.ReadDir("d")
	if err != nil || len(list) != count {
		t.Fatalf("%d names, %v", len(list), err)
	}
	for _, e := range list {
		if st, err := m.tree.Stat("d/" + e.Name); err != nil || st.Ino != e.Ino {
			t.Fatalf("%s: %d, %v", e.Name, st.Ino, err)
		}
	}
	if n := s.count(proto.Lookup); n != 1 {
		t.Errorf("%d LOOKUP", n)
	}
	if n := s.count(proto.Readdirplus); n > 5 {
		t.Errorf("%d READDIRPLUS", n)
	}
	m.Unmount(m.call)
	<-s.done
	for i := range uint64(count) {
		if s.forgot[10+i] != 1 {
			t.Fatalf("node %d: forgotten %d times", 10+i, s.forgot[10+i])
		}
	}
}

// TestNotifications checks what a server can tell by itself.
func TestNotifications(t *testing.T) {
	s := newServer(t)
	s.small()
	m := s.mount(client.Options{})
	n := m.node("f")
	p := &pages{got: make(chan string, 10)}
	m.host.SetPages(n, p)
	out := func(b ...[]byte) (all []byte) {
		for _, x := range b {
			all = append(all, x...)
		}
		return all
	}
	s.notify(proto.NotifyInvalInode, out(u64(2), u64(10), u64(20))...)
	p.want(t, "invalidate 10 20")
	s.notify(proto.NotifyInvalInode, out(u64(2), u64(0), u64(0))...)
	p.want(t, "invalidate 0 -1")
	s.notify(proto.NotifyStore, out(u64(2), u64(7), []byte{3, 0, 0, 0, 0, 0, 0, 0}, []byte("abc"))...)
	p.want(t, "store 7 abc")
	replied := make(chan string, 1)
	s.on(proto.NotifyReply, func(q *request) { replied <- fmt.Sprint(q.Unique, " ", string(q.body[len(q.body)-4:])) })
	s.notify(proto.NotifyRetrieve, out(u64(77), u64(2), u64(5), []byte{4, 0, 0, 0, 0, 0, 0, 0})...)
	if got := <-replied; got != "77 data" {
		t.Errorf("retrieve: %q", got)
	}
	s.notify(proto.NotifyInvalEntry, out(u64(1), []byte{1, 0, 0, 0, 0, 0, 0, 0}, []byte("f\x00"))...)
	s.notify(proto.NotifyInvalInode, out(u64(2), u64(1), u64(1))...) // and wait for it
	p.want(t, "invalidate 1 1")
	before := s.count(proto.Lookup)
	m.node("f")
	if s.count(proto.Lookup) != before+1 {
		t.Error("the name is still in the cache")
	}
	for _, bad := range []struct {
		err  error
		want unix.Errno
	}{
		{m.InvalInode(99, 0, 0), unix.ENOENT},
		{m.InvalEntry(99, "x", false), unix.ENOENT},
		{m.InvalEntry(2, "x", false), unix.ENOTDIR},
		{m.InvalEntry(1, "x", false), unix.ENOENT},
		{m.Delete(1, 99, "f"), unix.ENOENT},
		{m.Delete(1, 2, "f"), 0},
		{m.Store(99, 0, nil), unix.ENOENT},
		{m.Retrieve(1, 99, 0, 1), unix.ENOENT},
	} {
		if engErrno(bad.err) != bad.want {
			t.Errorf("got %v, want %v", bad.err, bad.want)
		}
	}
}

func u64(n uint64) []byte { return (&proto.LseekOut{Offset: n}).Raw() }

// pages is a page cache that tells what is done to it.
type pages struct{ got chan string }

func (p *pages) Invalidate(off, n int64)        { p.got <- fmt.Sprintf("invalidate %d %d", off, n) }
func (p *pages) Store(off int64, b []byte)      { p.got <- fmt.Sprintf("store %d %s", off, b) }
func (p *pages) Zero(off, n int64)              { p.got <- fmt.Sprintf("zero %d %d", off, n) }
func (p *pages) Retrieve(_ int64, b []byte) int { return copy(b, "data and more") }
func (p *pages) Resize(size int64)              { p.got <- fmt.Sprintf("resize %d", size) }

func (p *pages) want(t *testing.T, what string) {
	t.Helper()
	for {
		got := <-p.got
		if got == what {
			return
		}
		if !strings.HasPrefix(got, "resize") {
			t.Fatalf("%q, want %q", got, what)
		}
	}
}

// TestAutoInval checks that the contents of a file are dropped when the server shows another
// modification time.
func TestAutoInval(t *testing.T) {
	s := newServer(t)
	s.init.Flags |= proto.AutoInvalData
	s.small()
	m := s.mount(client.Options{})
	n := m.node("f")
	p := &pages{got: make(chan string, 10)}
	m.host.SetPages(n, p)
	s.on(proto.Getattr, func(q *request) {
		out := proto.AttrOut{Attr: attrOf(2, unix.S_IFREG)}
		out.Attr.Mtime = 12345
		s.reply(q, 0, out.Raw()...)
	})
	m.InvalInode(2, -1, 0)
	if err := n.Stat(m.call, new(unix.Statx_t)); err != nil {
		t.Fatal(err)
	}
	p.want(t, "invalidate 0 -1")
}

// TestAttrRace checks that attributes from a reply that is older than our own write do not count.
func TestAttrRace(t *testing.T) {
	s := newServer(t)
	s.small()
	m := s.mount(client.Options{})
	n := m.node("f")
	h, err := m.tree.Open("f", unix.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	held := make(chan *request, 1)
	s.on(proto.Getattr, func(q *request) { held <- q })
	s.on(proto.Write, func(q *request) { s.wrote(q, 50) })
	m.InvalInode(2, -1, 0)
	done := make(chan error)
	go func() { done <- n.Stat(m.call, new(unix.Statx_t)) }()
	old := <-held
	if _, err := h.WriteAt(make([]byte, 50), 500); err != nil {
		t.Fatal(err)
	}
	s.attr(old, unix.S_IFREG) // size 100, from before the write
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	s.on(proto.Getattr, func(q *request) {
		out := proto.AttrOut{Valid: 1000, Attr: attrOf(2, unix.S_IFREG)}
		out.Attr.Size = 550
		s.reply(q, 0, out.Raw()...)
	})
	size, err := h.Size()
	if size != 550 || err != nil {
		t.Fatalf("size %d, %v", size, err)
	}
}

// TestInvalDuringLookup has the server say that a name is not to be believed while it is being looked up: the lookup is good, and the next
// one asks again.
func TestInvalDuringLookup(t *testing.T) {
	s := newServer(t)
	s.small()
	m := s.mount(client.Options{})
	s.on(proto.Lookup, func(q *request) {
		if err := m.InvalEntry(1, q.name(), false); err != nil {
			t.Errorf("invalidating what is looked up: %v", err)
		}
		s.entry(q, 2, unix.S_IFREG|0o644)
	})
	for range 2 {
		m.node("f")
	}
	if n := s.count(proto.Lookup); n != 2 {
		t.Errorf("%d lookups, want 2", n)
	}
}

// TestIncEpoch has the server say that no name is to be believed any more.
func TestIncEpoch(t *testing.T) {
	s := newServer(t)
	s.small()
	m := s.mount(client.Options{})
	m.node("f")
	m.node("f")
	if err := proto.Notify(m.FS, proto.NotifyIncEpoch, nil); err != nil {
		t.Error(err)
	}
	m.node("f")
	if n := s.count(proto.Lookup); n != 2 {
		t.Errorf("%d lookups, want 2", n)
	}
}
