// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
	"vuos.dev/engine"
)

// inode is a virtual inode.
type inode struct {
	engine.Node
	typ uint32
}

func (i *inode) Type() uint32 { return i.typ }

func dir() *inode  { return &inode{typ: unix.S_IFDIR} }
func file() *inode { return &inode{typ: unix.S_IFREG} }

// watcher is a Tree and an inotify instance.
type watcher struct {
	*testing.T
	*Tree
	fd    int
	wds   map[int]string
	root  *inode
	mount any
}

func newWatcher(t *testing.T) *watcher {
	w := &watcher{T: t, wds: map[int]string{}, root: dir(), mount: new(int)}
	w.Tree = New(t.TempDir()+"/n", func(yield func(int)) { yield(os.Getpid()) })
	var err error
	if w.fd, err = unix.InotifyInit1(unix.IN_NONBLOCK | unix.IN_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(w.fd) })
	return w
}

// watch adds a watch on the last of the inodes with these names and entries.
func (w *watcher) watch(mask uint32, entries string, steps ...Step) {
	w.Helper()
	steps = slices.Insert(steps, 0, Step{Node: w.root})
	err := w.Add(Request{
		Mount: w.mount, Steps: steps,
		List: func(emit func(string, bool)) error {
			for _, name := range strings.Fields(entries) {
				emit(strings.TrimSuffix(name, "/"), strings.HasSuffix(name, "/"))
			}
			return nil
		},
		Adopt: func(func(Place, int) *Handle) {},
		Watch: func(path string) error {
			wd, err := unix.InotifyAddWatch(w.fd, path, mask)
			w.wds[wd] = steps[len(steps)-1].Name
			return err
		},
	})
	if err != nil {
		w.Fatal(err)
	}
}

// expect compares the events of all watches, "WATCH:MASK NAME" each.
func (w *watcher) expect(want ...string) {
	w.Helper()
	b := make([]byte, 1<<16)
	n, _ := unix.Read(w.fd, b)
	var got []string
	for b = b[:max(n, 0)]; len(b) > 0; {
		size := int(binary.NativeEndian.Uint32(b[12:]))
		name, _, _ := bytes.Cut(b[16:16+size], []byte{0})
		wd, mask := int(binary.NativeEndian.Uint32(b)), binary.NativeEndian.Uint32(b[4:])
		got = append(got, strings.TrimSpace(fmt.Sprintf("%s:%x %s", w.wds[wd], mask, name)))
		b = b[16+size:]
	}
	if !slices.Equal(got, want) {
		w.Errorf("events %q, want %q", got, want)
	}
}

func TestNothingWatched(t *testing.T) {
	w := newWatcher(t)
	n := file()
	w.Created(Place{w.root, "f", n})
	w.Happened(Place{w.root, "f", n}, Attrib)
	w.Open(Place{w.root, "f", n}, unix.O_RDWR).Close()
	w.Removed(Place{w.root, "f", n}, false)
	if _, err := os.Stat(w.Tree.dir); !w.Empty() || err == nil {
		t.Errorf("something was made: %v", err)
	}
}

func TestRenames(t *testing.T) {
	w := newWatcher(t)
	a, b, c, f := dir(), dir(), dir(), file()
	w.watch(unix.IN_MOVE|unix.IN_CREATE|unix.IN_DELETE, "f x", Step{Name: "a", Node: a})
	w.watch(unix.IN_MOVE|unix.IN_DELETE, "", Step{Name: "b", Node: b})
	w.watch(unix.IN_MOVE_SELF|unix.IN_DELETE_SELF|unix.IN_MODIFY, "", Step{Name: "a", Node: a}, Step{Name: "f", Node: f})
	from, to := fmt.Sprintf("%x", unix.IN_MOVED_FROM), fmt.Sprintf("%x", unix.IN_MOVED_TO)

	w.Renamed(Rename{From: Place{a, "f", f}, To: Place{Dir: b, Name: "g"}})
	w.expect("a:"+from+" f", "b:"+to+" g", fmt.Sprintf("f:%x", unix.IN_MOVE_SELF))

	// To a directory that nobody watches: the file is still followed.
	w.Renamed(Rename{From: Place{b, "g", f}, To: Place{Dir: c, Name: "h"}, ToDir: func() (any, []Step) {
		return w.mount, []Step{{Node: w.root}, {Name: "c", Node: c}}
	}})
	w.expect("b:"+from+" g", fmt.Sprintf("f:%x", unix.IN_MOVE_SELF))
	w.Happened(Place{c, "h", f}, Modify)
	w.expect(fmt.Sprintf("f:%x", unix.IN_MODIFY))

	// What was never seen comes from one, over something.
	w.Renamed(Rename{From: Place{c, "new", file()}, To: Place{a, "x", file()}})
	w.expect("a:" + to + " x")
	w.Renamed(Rename{From: Place{a, "x", file()}, To: Place{c, "y", nil}, ToDir: func() (any, []Step) { return nil, nil }})
	w.expect("a:" + from + " x")

	w.Removed(Place{c, "h", f}, false)
	w.expect(fmt.Sprintf("f:%x", unix.IN_DELETE_SELF), fmt.Sprintf("f:%x", unix.IN_IGNORED))
}

func TestHardLinks(t *testing.T) {
	w := newWatcher(t)
	f := file()
	w.watch(unix.IN_ATTRIB|unix.IN_DELETE_SELF|unix.IN_MODIFY, "", Step{Name: "f", Node: f})
	w.Linked(Place{w.root, "g", f})
	w.Removed(Place{w.root, "f", f}, true)
	w.expect(fmt.Sprintf("f:%x", unix.IN_ATTRIB))
	w.Happened(Place{w.root, "g", f}, Modify)
	w.expect(fmt.Sprintf("f:%x", unix.IN_MODIFY))
	h := w.Open(Place{w.root, "g", f}, unix.O_RDWR)
	w.Removed(Place{w.root, "g", f}, false)
	w.expect(fmt.Sprintf("f:%x", unix.IN_ATTRIB))
	h.Happened(Modify)
	h.Close()
	w.expect(fmt.Sprintf("f:%x", unix.IN_MODIFY), fmt.Sprintf("f:%x", unix.IN_DELETE_SELF), fmt.Sprintf("f:%x", unix.IN_IGNORED))
}

func TestDropAndPrune(t *testing.T) {
	w := newWatcher(t)
	d, f := dir(), file()
	w.watch(unix.IN_ALL_EVENTS, "f", Step{Name: "d", Node: d})
	w.watch(unix.IN_ALL_EVENTS, "", Step{Name: "d", Node: d}, Step{Name: "f", Node: f})
	w.mu.Lock()
	w.prune()
	w.mu.Unlock()
	if !w.Watched(d) || !w.Watched(f) || !w.Watched(w.root) {
		t.Error("what is watched was given up")
	}
	w.Drop(w.mount)
	w.expect(fmt.Sprintf("f:%x", unix.IN_IGNORED), fmt.Sprintf("d:%x", unix.IN_IGNORED)) // fdinfo has the newest first
	if !w.Empty() {
		t.Error("shadows are left")
	}

	w.watch(unix.IN_MODIFY, "f", Step{Name: "d", Node: d})
	unix.Close(w.fd)
	w.fd = -1
	for range pruneAfter {
		w.Happened(Place{d, "f", f}, Modify)
	}
	if left, err := os.ReadDir(w.Tree.dir); !w.Empty() || err != nil || len(left) != 0 {
		t.Errorf("shadows are left: %v %v", left, err)
	}
}

func TestParseWatch(t *testing.T) {
	w, ok := parseWatch([]byte("inotify wd:2 ino:2f sdev:1a mask:3c0 ignored_mask:0 fhandle-bytes:8\n"))
	if want := (watchOf{wd: 2, id: inodeID{0x1a, 0x2f}}); !ok || w != want {
		t.Errorf("%+v %v", w, ok)
	}
	for _, line := range []string{"", "pos:\t0\n", "inotify wd:x ino:1 sdev:1", "inotify wd:1 ino:1"} {
		if w, ok := parseWatch([]byte(line)); ok {
			t.Errorf("%q: %+v", line, w)
		}
	}
}
