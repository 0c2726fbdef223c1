// SPDX-License-Identifier: Apache-2.0

package enginetest

import (
	"path"
	"strings"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
)

// Tree does with a bare [engine.FileSystem] what system calls do with a mounted one. Paths
// are relative to its root, and symbolic links lead from there.
type Tree struct {
	FS   engine.FileSystem
	Call engine.Call
}

// maxLinks is how many symbolic links one walk follows (MAXSYMLINKS).
const maxLinks = 40

// Lookup finds the inode that a path names.
func (t *Tree) Lookup(name string, follow bool) (engine.Node, error) {
	n, _, err := t.walk(name, follow, 0)
	return n, err
}

// walk also returns the canonical path.
func (t *Tree) walk(name string, follow bool, links int) (engine.Node, string, error) {
	if links > maxLinks {
		return nil, "", unix.ELOOP
	}
	names := split(name)
	n, at := t.FS.Root(), "/"
	for len(names) > 0 {
		w, ok := n.(engine.NodeWalker)
		if !ok || n.Type() != unix.S_IFDIR {
			return nil, "", unix.ENOTDIR
		}
		found, err := w.Walk(t.Call, names)
		if len(found) == 0 {
			return nil, "", err
		}
		dir := path.Join(at, path.Join(names[:len(found)-1]...))
		n, at = found[len(found)-1], path.Join(at, path.Join(names[:len(found)]...))
		names = names[len(found):]
		if n.Type() == unix.S_IFLNK && (len(names) > 0 || follow) {
			target, err := n.(engine.NodeReadlinker).Readlink(t.Call)
			if err != nil {
				return nil, "", err
			}
			if !path.IsAbs(target) {
				target = path.Join(dir, target)
			}
			return t.walk(path.Join(target, path.Join(names...)), follow, links+1)
		}
		if err != nil {
			return nil, "", err
		}
	}
	return n, at, nil
}

func split(name string) []string {
	name = strings.Trim(path.Clean("/"+name), "/")
	if name == "" {
		return nil
	}
	return strings.Split(name, "/")
}

// parent finds the directory that a path's last name is in.
func (t *Tree) parent(name string) (engine.Node, string, error) {
	dir, base := path.Split(path.Clean("/" + name))
	n, err := t.Lookup(dir, true)
	return n, base, err
}

// Stat is stat(2).
func (t *Tree) Stat(name string) (unix.Statx_t, error) { return t.stat(name, true) }

// Lstat is lstat(2).
func (t *Tree) Lstat(name string) (unix.Statx_t, error) { return t.stat(name, false) }

func (t *Tree) stat(name string, follow bool) (st unix.Statx_t, err error) {
	n, err := t.Lookup(name, follow)
	if err == nil {
		err = n.Stat(t.Call, &st)
	}
	return st, err
}

// Readlink is readlink(2).
func (t *Tree) Readlink(name string) (string, error) {
	n, err := t.Lookup(name, false)
	if err != nil {
		return "", err
	}
	l, ok := n.(engine.NodeReadlinker)
	if !ok {
		return "", unix.EINVAL
	}
	return l.Readlink(t.Call)
}

// Open is open(2), also with O_CREAT, O_EXCL and O_NOFOLLOW.
func (t *Tree) Open(name string, flags int, mode uint32) (*Handle, error) {
	n, at, err := t.walk(name, flags&unix.O_NOFOLLOW == 0, 0)
	switch {
	case err == unix.ENOENT && flags&unix.O_CREAT != 0:
		return t.create(name, flags, mode)
	case err != nil:
		return nil, err
	case flags&(unix.O_CREAT|unix.O_EXCL) == unix.O_CREAT|unix.O_EXCL:
		return nil, unix.EEXIST
	case flags&unix.O_DIRECTORY != 0 && n.Type() != unix.S_IFDIR:
		return nil, unix.ENOTDIR
	}
	o, ok := n.(engine.NodeOpener)
	if !ok {
		return nil, unix.EACCES
	}
	f, err := o.Open(t.Call, flags&^(unix.O_CREAT|unix.O_EXCL|unix.O_NOFOLLOW|unix.O_CLOEXEC))
	if err != nil {
		return nil, err
	}
	return &Handle{Node: n, File: f, Path: at, t: t, append: flags&unix.O_APPEND != 0}, nil
}

func (t *Tree) create(name string, flags int, mode uint32) (*Handle, error) {
	dir, base, err := t.parent(name)
	if err != nil {
		return nil, err
	}
	cr, ok := dir.(engine.NodeCreater)
	if !ok {
		return nil, unix.EROFS
	}
	n, f, err := cr.Create(t.Call, base, flags, mode&^t.Call.Umask())
	if err != nil {
		return nil, err
	}
	return &Handle{Node: n, File: f, Path: name, t: t, append: flags&unix.O_APPEND != 0}, nil
}

// ReadFile returns what is in a file.
func (t *Tree) ReadFile(name string) ([]byte, error) {
	h, err := t.Open(name, unix.O_RDONLY, 0)
	if err != nil {
		return nil, err
	}
	defer h.Close()
	return h.ReadAll()
}

// WriteFile makes or replaces a file.
func (t *Tree) WriteFile(name string, data []byte, mode uint32) error {
	h, err := t.Open(name, unix.O_WRONLY|unix.O_CREAT|unix.O_TRUNC, mode)
	if err != nil {
		return err
	}
	if _, err = h.WriteAt(data, 0); err != nil {
		h.Close()
		return err
	}
	return h.Close()
}

// ReadDir lists a directory without "." and "..".
func (t *Tree) ReadDir(name string) ([]engine.Dirent, error) {
	h, err := t.Open(name, unix.O_RDONLY|unix.O_DIRECTORY, 0)
	if err != nil {
		return nil, err
	}
	defer h.Close()
	return h.ReadDir()
}
