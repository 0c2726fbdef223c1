// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
	"vuos.dev/engine"
	"vuos.dev/engine/internal/guest"
	"vuos.dev/engine/internal/host"
	"vuos.dev/engine/internal/task"
	"vuos.dev/engine/internal/view"
)

// tree is a file system of a test: directories have entries, links a text, files neither.
type tree struct {
	entries map[string]*tree
	text    string
}

func dir(entries map[string]*tree) *tree {
	if entries == nil {
		entries = map[string]*tree{}
	}
	return &tree{entries: entries}
}
func link(text string) *tree { return &tree{text: text} }

func (n *tree) Root() engine.Node       { return n }
func (*tree) Unmount(engine.Call) error { return nil }
func (n *tree) Stat(_ engine.Call, st *unix.Statx_t) error {
	*st = unix.Statx_t{Mask: unix.STATX_BASIC_STATS, Mode: uint16(n.Type() | 0o755)}
	return nil
}
func (n *tree) Readlink(engine.Call) (string, error) { return n.text, nil }

func (n *tree) Type() uint32 {
	switch {
	case n.entries != nil:
		return unix.S_IFDIR
	case n.text != "":
		return unix.S_IFLNK
	}
	return unix.S_IFREG
}

// Walk implements engine.NodeWalker.
func (n *tree) Walk(_ engine.Call, names []string) (found []engine.Node, err error) {
	for _, name := range names {
		if len(name) > unix.NAME_MAX {
			return found, unix.ENAMETOOLONG
		}
		if n.entries == nil {
			if n.Type() == unix.S_IFREG {
				err = unix.ENOTDIR
			}
			return found, err
		}
		if n = n.entries[name]; n == nil {
			return found, unix.ENOENT
		}
		found = append(found, n)
	}
	return found, nil
}

// walks is a view for walks: base is a directory of the host with links into the mount at base/m.
type walks struct {
	c    *call
	base string
}

func newWalks(t *testing.T) *walks {
	t.Helper()
	base, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range []string{"m", "host/sub"} {
		if err := os.MkdirAll(filepath.Join(base, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range map[string]string{
		"in": "m/d", "out": "host", "loop": "loop", "host/up": "..", "filelink": "m/f", "absolute": base + "/m/d/e",
	} {
		if err := os.Symlink(text, filepath.Join(base, name)); err != nil {
			t.Fatal(err)
		}
	}
	chain := map[string]*tree{"40": dir(nil)}
	for i := range 40 { // c0 is a link to c1, ... c39 to the directory 40
		name := "c" + string(rune('a'+i/10)) + string(rune('0'+i%10))
		next := "c" + string(rune('a'+(i+1)/10)) + string(rune('0'+(i+1)%10))
		if i == 39 {
			next = "40"
		}
		chain[name] = link(next)
	}
	chain["toolong"] = link("ca0")
	fs := dir(map[string]*tree{
		"f": {}, "chain": dir(chain),
		"d": dir(map[string]*tree{
			"e": dir(map[string]*tree{"g": {}}), "me": link("."), "up": link(".."), "upup": link("../.."),
			"one": link("two"), "two": link("one"), "abs": link(base + "/host"), "file": link("../f"), "fileslash": link("../f/"),
			"dangling": link("nothing"), "dirslash": link("e/"),
		}),
		"inner": dir(nil),
	})
	v := view.New("")
	none := func(*view.Mount) {}
	v.Attach(view.NewMount(view.Info{ID: 1, FS: fs}, base+"/m", none))
	v.Attach(view.NewMount(view.Info{ID: 2, FS: dir(map[string]*tree{"deep": dir(nil)})}, base+"/m/inner", none))
	st, err := guest.ReadStatus(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	tasks, err := task.NewTable(task.NewBase(), task.State{View: v})
	if err != nil {
		t.Fatal(err)
	}
	c := newCall(&Supervisor{own: st.Cred, tasks: tasks})
	c.n.PID = uint32(os.Getpid())
	c.state = &task.State{View: v, Cwd: view.Pos{Node: host.Dir(base), Path: base}}
	return &walks{c, base}
}

// find walks from the base directory, or from the directory of the view that from names.
func (w *walks) find(from, path string, want want) (target, error) {
	at, err := w.c.posAt(filepath.Join(w.base, from))
	if err != nil {
		return target{}, err
	}
	return w.c.walk(start{pos: at}, path, want)
}

// shown is where a walk ended: the path from the base, with + behind what is missing.
func (w *walks) shown(t target) string {
	p := t.Path
	if t.Node == nil {
		p = view.Join(t.dir.Path, t.name) + "+"
	}
	if p == w.base {
		return "."
	}
	return strings.TrimPrefix(p, w.base+"/")
}

func TestWalk(t *testing.T) {
	w := newWalks(t)
	long := strings.Repeat("n", unix.NAME_MAX+1)
	for _, x := range []struct {
		path string
		want want
		end  string
		err  error
	}{
		{path: "m", end: "m"},
		{path: "m/d/e/g", end: "m/d/e/g"},
		{path: "./m/./d//e/", end: "m/d/e"},
		{path: "m/d/e/..", end: "m/d"},
		{path: "m/..", end: "."},
		{path: "m/d/../../host", end: "host"},
		{path: "m/inner/deep/../../f", end: "m/f"},
		{path: "m/inner/..", end: "m"},
		{path: "../../../../../../../../../../..", end: "/"},

		{path: "m/none", err: unix.ENOENT},
		{path: "m/none/x", want: create, err: unix.ENOENT},
		{path: "m/none", want: create, end: "m/none+"},
		{path: "m/f/x", err: unix.ENOTDIR},
		{path: "m/f/..", err: unix.ENOTDIR},
		{path: "m/f/", err: unix.ENOTDIR},
		{path: "m/f/.", err: unix.ENOTDIR},
		{path: "m/d/" + long, err: unix.ENAMETOOLONG},
		{path: "m/d/" + long + "/x", err: unix.ENAMETOOLONG},
		{path: long, err: unix.ENAMETOOLONG},

		{path: "in", end: "in"},
		{path: "in", want: follow, end: "m/d"},
		{path: "in/", end: "m/d"},
		{path: "in/e", end: "m/d/e"},
		{path: "in/..", end: "m"},
		{path: "absolute/g", end: "m/d/e/g"},
		{path: "filelink/", err: unix.ENOTDIR},
		{path: "in/upup/host/up/in", want: follow, end: "m/d"},
		{path: "m/d/me/me/me/e", end: "m/d/e"},
		{path: "m/d/up", want: follow, end: "m"},
		{path: "m/d/upup", want: follow, end: "."},
		{path: "m/d/abs/sub/..", end: "host"},
		{path: "m/d/file", want: follow, end: "m/f"},
		{path: "m/d/file/", err: unix.ENOTDIR},
		{path: "m/d/fileslash", want: follow, err: unix.ENOTDIR},
		{path: "m/d/dirslash", want: follow, end: "m/d/e"},
		{path: "m/d/dangling", end: "m/d/dangling"},
		{path: "m/d/dangling", want: follow, err: unix.ENOENT},
		{path: "m/d/dangling", want: follow | create, end: "m/d/nothing+"},
		{path: "in/", want: entryOnly, end: "in"},

		{path: "loop", end: "loop"},
		{path: "loop", want: follow, err: unix.ELOOP},
		{path: "m/d/one", want: follow, err: unix.ELOOP},
		{path: "m/d/one/x", err: unix.ELOOP},
		{path: "m/chain/ca0", want: follow, end: "m/chain/40"},
		{path: "m/chain/toolong", want: follow, err: unix.ELOOP},

		{path: "in/e", want: noLinks, err: unix.ELOOP},
		{path: "in", want: noLinks | follow, err: unix.ELOOP},
		{path: "in", want: noLinks, end: "in"},
		{path: "m/d", want: noLinks, end: "m/d"},
		{path: "m/d", want: noCross, err: unix.EXDEV},
		{path: "host/sub", want: noCross, end: "host/sub"},
		{path: "host/../host", want: beneath, end: "host"},
		{path: "host/../..", want: beneath, err: unix.EXDEV},
		{path: "/", want: beneath, err: unix.EXDEV},
		{path: "absolute", want: beneath | follow, err: unix.EXDEV},
		{path: "in/e", want: beneath, end: "m/d/e"},
		{path: "/m/d", want: inRoot, end: "m/d"},
		{path: "../../m", want: inRoot, end: "m"},
		{path: "/../in", want: inRoot | follow, end: "m/d"},
	} {
		got, err := w.find(".", x.path, x.want)
		if err != x.err {
			t.Errorf("%.40s (%b): error %v, want %v", x.path, x.want, err, x.err)
		} else if err == nil && w.shown(got) != x.end {
			t.Errorf("%.40s (%b): at %s, want %s", x.path, x.want, w.shown(got), x.end)
		}
	}
}

// RESOLVE_NO_XDEV and RESOLVE_BENEATH from a directory inside a mount.
func TestWalkFromMount(t *testing.T) {
	w := newWalks(t)
	for _, x := range []struct {
		from, path string
		want       want
		end        string
		err        error
	}{
		{"m", "d/e", noCross, "m/d/e", nil},
		{"m", "..", noCross, "", unix.EXDEV},
		{"m", "inner", noCross, "", unix.EXDEV},
		{"m/d", "..", noCross, "m", nil},
		{"m/d", "up/f", beneath, "", unix.EXDEV},
		{"m/d", "e/../e/g", beneath, "m/d/e/g", nil},
		{"m/d", "/e/g", inRoot, "m/d/e/g", nil},
		{"m/d", "upup/e", inRoot, "m/d/e", nil},
		{"m/inner/deep", "../../d", 0, "m/d", nil},
	} {
		got, err := w.find(x.from, x.path, x.want)
		if err != x.err || err == nil && w.shown(got) != x.end {
			t.Errorf("%s from %s (%b): at %s, %v, want %s, %v", x.path, x.from, x.want, w.shown(got), err, x.end, x.err)
		}
	}
}

// A process whose root is in a mount cannot leave it, neither by ".." nor by an absolute link.
func TestWalkInRoot(t *testing.T) {
	w := newWalks(t)
	root, err := w.c.posAt(w.base + "/m/d")
	if err != nil {
		t.Fatal(err)
	}
	w.c.state.Root, w.c.state.Cwd = root, root
	for path, want := range map[string]string{
		"/": "m/d", "/..": "m/d", "/e/../../../e": "m/d/e", "up/e": "m/d/e", "/upup": "m/d",
	} {
		got, err := w.c.walk(start{pos: root}, path, follow)
		if err != nil || w.shown(got) != want {
			t.Errorf("%s: at %s, %v, want %s", path, w.shown(got), err, want)
		}
	}
	if _, err := w.c.walk(start{pos: root}, "abs", follow); err != unix.ENOENT {
		t.Errorf("an absolute link: %v", err)
	}
}

// What the kernel would find by itself is left to it.
func TestWalkNative(t *testing.T) {
	w := newWalks(t)
	at := start{pos: w.c.state.Cwd, native: true}
	for path, want := range map[string]bool{
		"host/sub": true, "out/sub": true, "host/none": true, "loop/x": true, "m": false, "in/e": false, "m/..": false, "host/../in/up": false,
	} {
		got, err := w.c.walk(at, path, follow)
		if err != nil || got.native != want {
			t.Errorf("%s: native %v, %v", path, got.native, err)
		}
	}
}

func TestSplit(t *testing.T) {
	for path, want := range map[string]string{"/": "", "a": "a", "//a/./b//": "a b", "../a/..": ".. a ..", ".": ".", "./a/.": "a .", "././..": "..", "...": "..."} {
		if got := strings.Join(split(path), " "); got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
}

// Any path ends in one of the trees or in an error, and never above the root.
func FuzzWalk(f *testing.F) {
	for _, s := range []string{"in/../..//loop", "/m/d/up/chain/ca0", "m/inner/deep/../../..", "../../..", "m/d/one/"} {
		f.Add(s, uint16(follow))
	}
	f.Fuzz(func(t *testing.T, path string, flags uint16) {
		if path == "" || strings.ContainsRune(path, 0) || len(path) > 200 {
			return
		}
		w := newWalks(t)
		got, err := w.find("m/d", path, want(flags)|inRoot)
		if err == nil && !view.Below(strings.TrimSuffix(view.Join(w.base, w.shown(got)), "+"), w.base+"/m/d") {
			t.Errorf("%q from m/d as the root: at %s", path, w.shown(got))
		}
	})
}

func TestParseProcLink(t *testing.T) {
	for path, want := range map[string]procLink{
		"/proc/12/cwd": {12, "cwd", -1}, "/proc/12/root": {12, "root", -1}, "/proc/12/exe": {12, "exe", -1}, "/proc/12/fd/3": {12, "fd", 3},
		"/proc/12/task/14/fd/3": {14, "fd", 3}, "/proc/12/task/14/cwd": {14, "cwd", -1},
	} {
		if got, ok := parseProcLink(path); !ok || got != want {
			t.Errorf("%s: %+v, %v", path, got, ok)
		}
	}
	for _, path := range []string{
		"/proc", "/proc/", "/proc/12", "/proc/x/cwd", "/proc/12/cwd/x", "/proc/12/fd", "/proc/12/fd/x", "/proc/12/ns/mnt",
		"/proc/12/task/14", "/sys/12/cwd", "/proc/12/maps", "/proc/12/fdinfo/3",
	} {
		if got, ok := parseProcLink(path); ok {
			t.Errorf("%s: %+v", path, got)
		}
	}
}
