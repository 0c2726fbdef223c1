// SPDX-License-Identifier: Apache-2.0

package syscalls

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"

	"golang.org/x/sys/unix"
)

var inotifyCases = []Case{
	{"inotify/directory", Anyone, inotifyDirectory},
	{"inotify/file", Anyone, inotifyFile},
	{"inotify/moves", Anyone, inotifyMoves},
	{"inotify/errors", Anyone, inotifyErrors},
	{"inotify/rm-watch", Anyone, inotifyRemove},
}

// inotify makes an instance.
func (t *T) inotify() int { return t.Do(unix.SYS_INOTIFY_INIT1, unix.IN_CLOEXEC|unix.IN_NONBLOCK) }

// maskNames names the events the cases look for.
var maskNames = []struct {
	bit  uint32
	name string
}{
	{unix.IN_ACCESS, "access"}, {unix.IN_MODIFY, "modify"}, {unix.IN_ATTRIB, "attrib"},
	{unix.IN_CLOSE_WRITE, "close-write"}, {unix.IN_CLOSE_NOWRITE, "close"}, {unix.IN_OPEN, "open"},
	{unix.IN_MOVED_FROM, "from"}, {unix.IN_MOVED_TO, "to"}, {unix.IN_CREATE, "create"},
	{unix.IN_DELETE, "delete"}, {unix.IN_DELETE_SELF, "delete-self"}, {unix.IN_MOVE_SELF, "move-self"},
	{unix.IN_IGNORED, "ignored"}, {unix.IN_ISDIR, "dir"},
}

// events reads all pending events: "EVENT+EVENT NAME" each. Cookies of moves are checked
// to come in pairs.
func (t *T) events(fd int) string {
	b := make([]byte, 16384)
	n, err := sys(unix.SYS_READ, fd, b, len(b))
	if err == unix.EAGAIN {
		return ""
	}
	t.NoError(err, "read of events")
	var list []string
	cookies := map[uint32]int{}
	for b = b[:n]; len(b) >= 16; {
		mask, cookie := binary.LittleEndian.Uint32(b[4:]), binary.LittleEndian.Uint32(b[8:])
		size := int(binary.LittleEndian.Uint32(b[12:]))
		name, _, _ := bytes.Cut(b[16:16+size], []byte{0})
		if cookie != 0 {
			cookies[cookie]++
		}
		var what []string
		for _, m := range maskNames {
			if mask&m.bit != 0 {
				what = append(what, m.name)
			}
		}
		list = append(list, strings.TrimSpace(strings.Join(what, "+")+" "+string(name)))
		b = b[16+size:]
	}
	for cookie, n := range cookies {
		t.Check(n == 2, "cookie %d comes %d times", cookie, n)
	}
	return strings.Join(list, ", ")
}

func inotifyDirectory(t *T) {
	in := t.inotify()
	t.Do(unix.SYS_INOTIFY_ADD_WATCH, in, t.Dir, unix.IN_CREATE|unix.IN_DELETE|unix.IN_MODIFY|unix.IN_ATTRIB|unix.IN_CLOSE_WRITE)
	p := t.File("f", "abc")
	same(t, "write of a new file", t.events(in), "create f, modify f, close-write f")
	t.Do(unix.SYS_CHMOD, p, 0o600)
	same(t, "chmod", t.events(in), "attrib f")
	t.Mkdir("d")
	t.Symlink("x", "l")
	same(t, "mkdir and symlink", t.events(in), "create+dir d, create l")
	t.Do(unix.SYS_TRUNCATE, p, 1)
	same(t, "truncate", t.events(in), "modify f")
	t.File("d/inner", "")
	same(t, "in a subdirectory", t.events(in), "")
	t.Do(unix.SYS_UNLINK, p)
	t.Do(unix.SYS_UNLINK, t.Path("d/inner"))
	t.Do(unix.SYS_RMDIR, t.Path("d"))
	got := t.events(in)
	t.Check(strings.HasSuffix(got, "delete f, delete+dir d"), "unlink and rmdir: %s", got)
}

func inotifyFile(t *T) {
	p := t.File("f", "abc")
	in := t.inotify()
	t.Do(unix.SYS_INOTIFY_ADD_WATCH, in, p, unix.IN_ALL_EVENTS)
	fd := t.Open(p, unix.O_RDWR, 0)
	t.Read(fd, 1)
	t.Write(fd, "x")
	t.Close(fd)
	same(t, "events", t.events(in), "open, access, modify, close-write")
	t.Close(t.Open(p, unix.O_RDONLY, 0))
	same(t, "events", t.events(in), "open, close")
	t.Do(unix.SYS_UNLINK, p)
	got := t.events(in)
	t.Check(strings.HasSuffix(got, "delete-self, ignored"), "unlink: %s", got)
}

func inotifyMoves(t *T) {
	t.Mkdir("a")
	t.Mkdir("b")
	p := t.File("a/f", "")
	in := t.inotify()
	t.Do(unix.SYS_INOTIFY_ADD_WATCH, in, t.Path("a"), unix.IN_MOVE)
	t.Do(unix.SYS_INOTIFY_ADD_WATCH, in, t.Path("b"), unix.IN_MOVE)
	t.Do(unix.SYS_INOTIFY_ADD_WATCH, in, p, unix.IN_MOVE_SELF)
	t.Do(unix.SYS_RENAME, p, t.Path("b/g"))
	same(t, "move", t.events(in), "from f, to g, move-self")
	t.Do(unix.SYS_RENAME, t.Path("b/g"), t.Path("b/h"))
	same(t, "rename", t.events(in), "from g, to h, move-self")
}

func inotifyErrors(t *T) {
	p := t.File("f", "")
	l := t.Symlink("no", "l")
	in := t.inotify()
	t.Fails(unix.EAGAIN, unix.SYS_READ, in, make([]byte, 64), 64)
	t.Fails(unix.ENOENT, unix.SYS_INOTIFY_ADD_WATCH, in, t.Path("no"), unix.IN_MODIFY)
	t.Fails(unix.ENOENT, unix.SYS_INOTIFY_ADD_WATCH, in, l, unix.IN_MODIFY)
	t.Fails(unix.ENOENT, unix.SYS_INOTIFY_ADD_WATCH, in, "", unix.IN_MODIFY)
	t.Do(unix.SYS_INOTIFY_ADD_WATCH, in, l, unix.IN_MODIFY|unix.IN_DONT_FOLLOW)
	t.Fails(unix.ENOTDIR, unix.SYS_INOTIFY_ADD_WATCH, in, p, unix.IN_MODIFY|unix.IN_ONLYDIR)
	t.Fails(unix.EINVAL, unix.SYS_INOTIFY_ADD_WATCH, in, p, 0)
	t.Fails(unix.EINVAL, unix.SYS_INOTIFY_ADD_WATCH, t.Open(p, unix.O_RDONLY, 0), p, unix.IN_MODIFY)
	t.Fails(unix.EBADF, unix.SYS_INOTIFY_ADD_WATCH, -1, p, unix.IN_MODIFY)
	wd := t.Do(unix.SYS_INOTIFY_ADD_WATCH, in, p, unix.IN_MODIFY)
	t.Returns(wd, unix.SYS_INOTIFY_ADD_WATCH, in, p, unix.IN_ATTRIB)
	t.Fails(unix.EEXIST, unix.SYS_INOTIFY_ADD_WATCH, in, p, unix.IN_MODIFY|unix.IN_MASK_CREATE)
	t.Do(unix.SYS_CHMOD, p, 0o600)
	t.Fails(unix.EINVAL, unix.SYS_READ, in, make([]byte, 8), 8)
	t.Fails(unix.EINVAL, unix.SYS_INOTIFY_INIT1, 1)
}

func inotifyRemove(t *T) {
	p := t.File("f", "")
	in := t.inotify()
	wd := t.Do(unix.SYS_INOTIFY_ADD_WATCH, in, p, unix.IN_OPEN|unix.IN_ONESHOT)
	t.Close(t.Open(p, unix.O_RDONLY, 0))
	same(t, "one shot", t.events(in), "open, ignored")
	t.Fails(unix.EINVAL, unix.SYS_INOTIFY_RM_WATCH, in, wd)
	wd = t.Do(unix.SYS_INOTIFY_ADD_WATCH, in, p, unix.IN_OPEN)
	t.Do(unix.SYS_INOTIFY_RM_WATCH, in, wd)
	same(t, "removal", t.events(in), "ignored")
	t.Close(t.Open(p, unix.O_RDONLY, 0))
	same(t, "afterwards", t.events(in), "")
	same(t, "name", t.readlink(procFD(in)), "anon_inode:inotify")
	t.Fails(unix.EBADF, unix.SYS_INOTIFY_RM_WATCH, -1, wd)
	for i := range 20 {
		t.Do(unix.SYS_INOTIFY_ADD_WATCH, in, t.File(fmt.Sprint(i), ""), unix.IN_OPEN)
	}
}
