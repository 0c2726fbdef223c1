// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
	"vuos.dev/engine/internal/guest"
	"vuos.dev/engine/internal/host"
	"vuos.dev/engine/internal/view"
)

// procLink is one of the links in /proc that jump to an object: /proc/PID/{cwd,root,exe} and
// /proc/PID/fd/N, also below task/TID.
type procLink struct {
	pid  int // process, or thread below task/
	name string
	fd   int // for fd/N, otherwise -1
}

// parseProcLink recognizes the path of such a link.
func parseProcLink(path string) (l procLink, ok bool) {
	rest, ok := strings.CutPrefix(path, "/proc/")
	if !ok {
		return l, false
	}
	p := strings.Split(rest, "/")
	if len(p) >= 4 && p[1] == "task" {
		p = p[2:]
	}
	pid, err := strconv.Atoi(p[0])
	if err != nil {
		return l, false
	}
	l = procLink{pid: pid, fd: -1}
	switch {
	case len(p) == 2 && (p[1] == "cwd" || p[1] == "root" || p[1] == "exe"):
		l.name = p[1]
		return l, true
	case len(p) == 3 && p[1] == "fd":
		l.name = "fd"
		l.fd, err = strconv.Atoi(p[2])
		return l, err == nil
	}
	return l, false
}

// magic follows a link of /proc to the object itself: where it is virtual, to its position in
// the view, otherwise as the kernel does.
func (w *walker) magic(h host.Node, l procLink) error {
	if w.want&noMagic != 0 {
		return unix.ELOOP
	}
	if pos, _, ok := w.c.procTarget(l); ok {
		w.native = false
		if l.name == "fd" {
			w.through = w.c.s.fileOf(l.pid, l.fd)
		}
		w.cur, w.dir, w.name = pos, view.Pos{}, ""
		return nil
	}
	text, err := h.Readlink(w.c)
	if err != nil {
		return err
	}
	if n, err := host.At(w.c, text); err == nil && text[0] == '/' {
		w.cur, w.dir, w.name = view.Pos{Node: n, Path: text}, view.Pos{}, ""
		return nil
	}
	if len(w.rest) > 0 {
		return unix.ENOTDIR
	}
	// Removed, or no file at all: only the kernel can find it, by the path of the link.
	w.cur.Mount = nil
	return nil
}

// procTarget is the virtual object behind a link of /proc and the text that readlink
// shows. ok is false if the object is the kernel's own.
func (c *call) procTarget(l procLink) (pos view.Pos, text string, ok bool) {
	st := c.s.tasks.Of(l.pid)
	switch l.name {
	case "cwd":
		return st.Cwd, c.shown(st.Cwd), !st.Cwd.IsZero()
	case "root":
		return st.Root, c.shown(st.Root), !st.Root.IsZero()
	case "exe":
		return c.exeOf(l.pid)
	}
	f := c.s.fileOf(l.pid, l.fd)
	if f == nil {
		if at := c.s.fifoOf(l.pid, l.fd); at != nil {
			return at.pos, c.pathOf(at), true
		}
		return pos, "", false
	}
	return posOf(f), c.pathOf(openedOf(f)), true
}

// exeOf is the program that a process runs, if it is a copy of a virtual one.
func (c *call) exeOf(pid int) (pos view.Pos, text string, ok bool) {
	link, err := guest.Link(pid, "exe")
	if err != nil {
		return pos, "", false
	}
	at := c.s.programs.at(link)
	if at == nil {
		return pos, "", false
	}
	return at.pos, c.pathOf(at), true
}

// shown is the path of a position as the calling process sees it: from its root.
func (c *call) shown(p view.Pos) string {
	if p.IsZero() {
		return ""
	}
	path := c.truePath(p)
	root := c.task().Root
	if root.IsZero() || root.Path == "/" {
		return path
	}
	if path == root.Path {
		return "/"
	}
	if view.Below(path, root.Path) {
		return path[len(root.Path):]
	}
	return path
}
