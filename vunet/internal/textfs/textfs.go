// SPDX-License-Identifier: Apache-2.0

// Package textfs is a file system of texts that are made when they are opened, as those of
// /proc and /sys are.
package textfs

import (
	"hash/fnv"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
)

// Tree is what a file system shows. It may change from call to call.
type Tree interface {
	// Names lists the paths of all files, relative to the root.
	Names() []string
	// Read makes the text of a file; ok is false if it is gone.
	Read(path string) (text []byte, ok bool)
}

// Setter is a tree of which some files can be written.
type Setter interface {
	// Writable tells whether c may write to a file.
	Writable(c engine.Call, path string) bool
	// Set is a write to it.
	Set(c engine.Call, path string, text []byte) error
}

// FileSystem shows a tree. It implements engine.FileSystem.
type FileSystem struct{ tree Tree }

// New makes the file system of a tree.
func New(t Tree) *FileSystem { return &FileSystem{t} }

// Root implements engine.FileSystem.
func (f *FileSystem) Root() engine.Node { return node{fs: f} }

// Unmount implements engine.FileSystem.
func (*FileSystem) Unmount(engine.Call) error { return nil }

// node is a file, or a directory. It is the same inode as long as its path is.
type node struct {
	fs   *FileSystem
	path string // "" is the root
	file bool
}

var (
	_ engine.NodeWalker    = node{}
	_ engine.NodeOpener    = node{}
	_ engine.NodeCacher    = node{}
	_ engine.FileDirReader = (*directory)(nil)
	_ engine.FileReader    = (*text)(nil)
	_ engine.FileWriter    = (*text)(nil)
)

// Type implements engine.Node.
func (n node) Type() uint32 {
	if n.file {
		return unix.S_IFREG
	}
	return unix.S_IFDIR
}

// Stat implements engine.Node. As in /proc, sizes are 0.
func (n node) Stat(c engine.Call, st *unix.Statx_t) error {
	*st = unix.Statx_t{Mask: unix.STATX_BASIC_STATS, Blksize: 1024, Nlink: 1, Ino: n.ino(), Mode: unix.S_IFREG | 0o444}
	if !n.file {
		st.Mode, st.Nlink = unix.S_IFDIR|0o555, 2
	} else if n.writable(c) {
		st.Mode |= 0o200
		st.Uid = c.Cred().FSUID
	}
	return nil
}

func (n node) ino() uint64 {
	h := fnv.New64a()
	h.Write([]byte(n.path))
	return h.Sum64()>>1 | 1
}

// Cache implements engine.NodeCacher: every open has a text of its own.
func (node) Cache() engine.CachePolicy { return engine.CacheNone }

// Walk implements engine.NodeWalker.
func (n node) Walk(_ engine.Call, names []string) ([]engine.Node, error) {
	var out []engine.Node
	all := n.fs.tree.Names()
	for _, name := range names {
		if n.file {
			return out, unix.ENOTDIR
		}
		n = n.child(name)
		below := n.path + "/"
		switch {
		case slices.Contains(all, n.path):
			n.file = true
		case !slices.ContainsFunc(all, func(p string) bool { return strings.HasPrefix(p, below) }):
			return out, unix.ENOENT
		}
		out = append(out, n)
	}
	return out, nil
}

func (n node) child(name string) node {
	if n.path != "" {
		name = n.path + "/" + name
	}
	return node{fs: n.fs, path: name}
}

// Open implements engine.NodeOpener.
func (n node) Open(c engine.Call, flags int) (engine.File, error) {
	if flags&unix.O_ACCMODE != unix.O_RDONLY && !n.writable(c) {
		return nil, unix.EACCES
	}
	if !n.file {
		return &directory{n.entries()}, nil
	}
	b, ok := n.fs.tree.Read(n.path)
	if !ok {
		return nil, unix.ENOENT
	}
	return &text{n, b}, nil
}

func (n node) writable(c engine.Call) bool {
	s, ok := n.fs.tree.(Setter)
	return ok && n.file && s.Writable(c, n.path)
}

// entries are those of a directory, without repetition.
func (n node) entries() []engine.Dirent {
	out := []engine.Dirent{{Ino: n.ino(), Type: unix.DT_DIR, Name: "."}, {Ino: 1, Type: unix.DT_DIR, Name: ".."}}
	seen := map[string]bool{}
	for _, p := range n.fs.tree.Names() {
		rest, below := p, n.path == ""
		if !below {
			rest, below = strings.CutPrefix(p, n.path+"/")
		}
		name, _, deeper := strings.Cut(rest, "/")
		if !below || seen[name] {
			continue
		}
		seen[name] = true
		d := engine.Dirent{Ino: n.child(name).ino(), Type: unix.DT_REG, Name: name}
		if deeper {
			d.Type = unix.DT_DIR
		}
		out = append(out, d)
	}
	for i := range out {
		out[i].Off = int64(i + 1)
	}
	return out
}

// directory is an open directory with the entries that it had then.
type directory struct{ entries []engine.Dirent }

// Release implements engine.File.
func (*directory) Release(engine.Call) {}

// ReadDir implements engine.FileDirReader.
func (d *directory) ReadDir(_ engine.Call, pos int64, emit func(engine.Dirent) bool) error {
	for _, e := range d.entries[min(max(pos, 0), int64(len(d.entries))):] {
		if !emit(e) {
			break
		}
	}
	return nil
}

// text is an open file with what was in it then.
type text struct {
	node node
	b    []byte
}

// Release implements engine.File.
func (*text) Release(engine.Call) {}

// ReadAt implements engine.FileReader.
func (t *text) ReadAt(_ engine.Call, p []byte, off int64) (int, error) {
	if off >= int64(len(t.b)) {
		return 0, nil
	}
	return copy(p, t.b[off:]), nil
}

// WriteAt implements engine.FileWriter: each write is a value (kernel/sysctl.c, SYSCTL_WRITES_STRICT).
func (t *text) WriteAt(c engine.Call, p []byte, off int64) (int, error) {
	s, ok := t.node.fs.tree.(Setter)
	if !ok {
		return 0, unix.EBADF
	}
	if off != 0 {
		return len(p), nil
	}
	if err := s.Set(c, t.node.path, p); err != nil {
		return 0, err
	}
	return len(p), nil
}
