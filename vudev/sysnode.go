// SPDX-License-Identifier: Apache-2.0

package vudev

import (
	"hash/fnv"
	"path"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
)

// sysNode is a file or directory in the /sys directory of a whole device. What it shows is looked up each time.
type sysNode struct {
	whole *node
	path  string // below the directory
}

// sysLink is a link of /sys to such a directory.
type sysLink struct {
	n      *node
	target string
}

var (
	_ engine.NodeWalker     = sysNode{}
	_ engine.NodeOpener     = sysNode{}
	_ engine.NodeReadlinker = sysNode{}
	_ engine.NodeCacher     = sysNode{}
	_ engine.NodeReadlinker = sysLink{}
)

// Type implements [engine.Node].
func (s sysNode) Type() uint32 {
	switch e := s.entry(); {
	case e.dir:
		return unix.S_IFDIR
	case e.target != "":
		return unix.S_IFLNK
	}
	return unix.S_IFREG
}

func (s sysNode) entry() sysEntry { return s.whole.entries()[s.path] }

// Cache implements [engine.NodeCacher].
func (sysNode) Cache() engine.CachePolicy { return engine.CacheNone }

// Stat implements [engine.Node].
func (s sysNode) Stat(_ engine.Call, st *unix.Statx_t) error {
	sysStat(st, s.whole, s.Type(), s.path)
	return nil
}

// sysStat is the attributes of a file of sysfs.
func sysStat(st *unix.Statx_t, n *node, typ uint32, name string) {
	perm, size := uint32(0o444), uint64(4096)
	switch typ {
	case unix.S_IFDIR:
		perm, size = 0o755, 0
	case unix.S_IFLNK:
		perm, size = 0o777, 0
	}
	h := fnv.New32a()
	_, _ = h.Write([]byte(name))
	*st = unix.Statx_t{
		Mask: unix.STATX_BASIC_STATS, Blksize: 4096, Mode: uint16(typ | perm), Nlink: 1, Size: size,
		Ino:       uint64(n.number)<<32 + uint64(h.Sum32()),
		Dev_major: unix.Major(n.disk.dev), Dev_minor: unix.Minor(n.disk.dev),
	}
}

// Walk implements [engine.NodeWalker].
func (s sysNode) Walk(_ engine.Call, names []string) ([]engine.Node, error) {
	all := s.whole.entries()
	var out []engine.Node
	at := s.path
	for _, name := range names {
		e, ok := all[at]
		switch {
		case !ok:
			return out, unix.ENOENT
		case e.target != "":
			return out, nil
		case !e.dir:
			return out, unix.ENOTDIR
		}
		at = path.Join(at, name)
		if _, ok := all[at]; !ok {
			return out, unix.ENOENT
		}
		out = append(out, sysNode{s.whole, at})
	}
	return out, nil
}

// Readlink implements [engine.NodeReadlinker].
func (s sysNode) Readlink(engine.Call) (string, error) {
	if t := s.entry().target; t != "" {
		return t, nil
	}
	return "", unix.EINVAL
}

// Open implements [engine.NodeOpener].
func (s sysNode) Open(_ engine.Call, flags int) (engine.File, error) {
	e, ok := s.whole.entries()[s.path]
	switch {
	case !ok:
		return nil, unix.ENOENT
	case e.dir:
		return sysDir{s}, nil
	case flags&unix.O_ACCMODE != unix.O_RDONLY:
		return nil, unix.EACCES
	}
	return textFile{e.text + "\n"}, nil
}

// sysDir is an open directory.
type sysDir struct{ sysNode }

// Release implements [engine.File].
func (sysDir) Release(engine.Call) {}

// ReadDir implements [engine.FileDirReader].
func (d sysDir) ReadDir(_ engine.Call, pos int64, emit func(engine.Dirent) bool) error {
	names := []string{".", ".."}
	all := d.whole.entries()
	for name := range all {
		if name != "" && strings.TrimPrefix(path.Dir(name), ".") == d.path {
			names = append(names, path.Base(name))
		}
	}
	slices.Sort(names[2:])
	for i := pos; i < int64(len(names)); i++ {
		child := sysNode{d.whole, path.Join(d.path, names[i])}
		if i < 2 {
			child = d.sysNode
		}
		var st unix.Statx_t
		sysStat(&st, d.whole, child.Type(), child.path)
		if !emit(engine.Dirent{Ino: st.Ino, Off: i + 1, Type: uint8(child.Type() >> 12), Name: names[i]}) {
			break
		}
	}
	return nil
}

// textFile is an open file with a text.
type textFile struct{ text string }

// Release implements [engine.File].
func (textFile) Release(engine.Call) {}

// ReadAt implements [engine.FileReader].
func (f textFile) ReadAt(_ engine.Call, p []byte, off int64) (int, error) {
	if off >= int64(len(f.text)) {
		return 0, nil
	}
	return copy(p, f.text[off:]), nil
}

// Type implements [engine.Node].
func (sysLink) Type() uint32 { return unix.S_IFLNK }

// Stat implements [engine.Node].
func (l sysLink) Stat(_ engine.Call, st *unix.Statx_t) error {
	sysStat(st, l.n, unix.S_IFLNK, l.target)
	return nil
}

// Readlink implements [engine.NodeReadlinker].
func (l sysLink) Readlink(engine.Call) (string, error) { return l.target, nil }
