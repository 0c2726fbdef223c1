// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
	"vuos.dev/engine"
	"vuos.dev/engine/internal/host"
	"vuos.dev/engine/internal/task"
	"vuos.dev/engine/internal/view"
)

// procFiles are the files of /proc/PID that tell of what umvu does, and how to tell the view's truth
// instead.
var procFiles = map[string]func(c *call, pid int, text []byte) []byte{
	"status":    procStatus,
	"limits":    procLimits,
	"mounts":    procMounts,
	"mountinfo": procMountinfo,
}

// mayBeProcFile tells, by the last component, whether a path may lead to one of these files
// where nothing else is virtual. A link of another name to one of them is not noticed then.
func (c *call) mayBeProcFile(p []byte) bool {
	name := p[bytes.LastIndexByte(p, '/')+1:]
	switch string(name) {
	case "status", "limits", "mounts", "mountinfo", "mtab":
		return true
	}
	return c.s.files.Live() > 0 && bytes.HasSuffix(p[:len(p)-len(name)], []byte("/fdinfo/"))
}

// parseProcFile takes apart /proc/PID/NAME, also below task/TID.
func parseProcFile(path string) (pid int, name string, ok bool) {
	rest, ok := strings.CutPrefix(path, "/proc/")
	if !ok {
		return 0, "", false
	}
	p := strings.Split(rest, "/")
	if len(p) == 4 && p[1] == "task" {
		p = p[2:]
	}
	if len(p) != 2 {
		return 0, "", false
	}
	pid, err := strconv.Atoi(p[0])
	return pid, p[1], err == nil
}

// openProc opens one of the files of /proc that tell the view's truth.
func (c *call) openProc(t target, flags int) (reply, bool) {
	h, isHost := t.Node.(host.Node)
	if !isHost {
		return reply{}, false
	}
	pid, name, ok := parseProcFile(h.Name())
	edit := procFiles[name]
	if l, isInfo := parseFdinfo(h.Name()); isInfo {
		pid, name, ok, edit = l.pid, "fdinfo", true, c.fdinfo(l)
	}
	if !ok || edit == nil || !c.s.tasks.Has(pid) {
		return reply{}, false
	}
	var text []byte
	err := c.Do(func() (err error) {
		text, err = os.ReadFile(h.Name())
		return err
	})
	if err != nil {
		return reply{}, false
	}
	return c.openText("proc-"+name, edit(c, pid, text), flags), true
}

// openText gives the guest a descriptor from which it reads the text.
func (c *call) openText(name string, text []byte, flags int) reply {
	w, err := unix.MemfdCreate(name, unix.MFD_CLOEXEC)
	if err != nil {
		return c.result(err)
	}
	defer unix.Close(w)
	if _, err := unix.Pwrite(w, text, 0); err != nil {
		return c.result(err)
	}
	r, err := unix.Open("/proc/self/fd/"+strconv.Itoa(w), unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return c.result(err)
	}
	defer unix.Close(r)
	fd, err := c.s.listener.AddLowest(c.n.ID, r, flags&unix.O_CLOEXEC != 0)
	if err != nil {
		return c.result(err)
	}
	return ok(int64(fd))
}

// filters is how many seccomp filters a thread has; ours is one of them.
func filters(tid int) int {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(tid) + "/status")
	if err != nil {
		return 1
	}
	for line := range bytes.Lines(b) {
		if rest, ok := bytes.CutPrefix(line, []byte("Seccomp_filters:")); ok {
			n, err := strconv.Atoi(string(bytes.TrimSpace(rest)))
			if err == nil {
				return n
			}
		}
	}
	return 1
}

// procStatus leaves out our filter, and no_new_privs unless the guest set it.
func procStatus(c *call, pid int, text []byte) []byte {
	n := filters(pid)
	var out bytes.Buffer
	for line := range bytes.Lines(text) {
		key, _, _ := bytes.Cut(line, []byte(":"))
		switch string(key) {
		case "Seccomp":
			if n <= 1 {
				line = []byte("Seccomp:\t0\n")
			}
		case "Seccomp_filters":
			line = fmt.Appendf(nil, "Seccomp_filters:\t%d\n", max(n-1, 0))
		case "NoNewPrivs":
			if c.s.noNew && !c.s.tasks.Of(pid).NoNewPrivs {
				line = []byte("NoNewPrivs:\t0\n")
			}
		}
		out.Write(line)
	}
	return out.Bytes()
}

// procLimits shows RLIMIT_LOCKS as the guest set it.
func procLimits(c *call, pid int, text []byte) []byte {
	l := c.s.tasks.Of(pid).Locks
	show := func(n uint64) string {
		if n == unix.RLIM_INFINITY {
			return "unlimited"
		}
		return strconv.FormatUint(n, 10)
	}
	var out bytes.Buffer
	for line := range bytes.Lines(text) {
		if bytes.HasPrefix(line, []byte("Max file locks ")) {
			line = fmt.Appendf(nil, "%-25s %-20s %-20s %-10s\n", "Max file locks", show(l.Cur), show(l.Max), "locks")
		}
		out.Write(line)
	}
	return out.Bytes()
}

// hidden tells whether a mount of the kernel's cannot be seen because one of the view's is on top
// of it.
func hidden(t *view.Table, point string) bool { return t.Covering(point) != nil }

// kernelMount is a line about one of the kernel's mounts, whose point is in a field of it, as a process sees it: not at all if
// it is hidden or not below the process's root (fs/proc_namespace.c:show_vfsmnt() with SEQ_SKIP).
func kernelMount(st *task.State, line []byte, field int) []byte {
	f := bytes.Fields(line)
	if len(f) <= field {
		return line
	}
	point := unescape(string(f[field]))
	seen, ok := seenBy(st, point)
	switch {
	case !ok || hidden(st.View.Mounts(), point):
		return nil
	case seen == point:
		return line
	}
	f[field] = []byte(escapeField(seen))
	return append(bytes.Join(f, []byte(" ")), '\n')
}

// procMounts adds the view's mounts (proc_pid_mounts(5)).
func procMounts(c *call, pid int, text []byte) []byte {
	st := c.s.tasks.Of(pid)
	var out bytes.Buffer
	for line := range bytes.Lines(text) {
		out.Write(kernelMount(st, line, 1))
	}
	for _, m := range st.View.Mounts().All() {
		point, seen := seenBy(st, m.Point())
		if !seen || partOfOther(m) {
			continue
		}
		opts := m.Options()
		if so := m.SuperOptions(); so != "" {
			opts += "," + so
		}
		fmt.Fprintf(&out, "%s %s %s %s 0 0\n", escapeField(orNone(m.Source)), escapeField(point), escapeField(m.Type), escapeField(opts))
	}
	return out.Bytes()
}

// seenBy is a mount point as a process sees it from its root.
func seenBy(st *task.State, point string) (string, bool) {
	root := st.Root
	if root.IsZero() || root.Path == "/" {
		return point, true
	}
	if !view.Below(point, root.Path) {
		return "", false
	}
	if point == root.Path {
		return "/", true
	}
	return point[len(root.Path):], true
}

// procMountinfo adds the view's mounts (proc_pid_mountinfo(5)).
func procMountinfo(c *call, pid int, text []byte) []byte {
	st := c.s.tasks.Of(pid)
	t := st.View.Mounts()
	var out bytes.Buffer
	root := "1"
	for line := range bytes.Lines(text) {
		if f := bytes.Fields(line); len(f) > 4 && string(f[4]) == "/" {
			root = string(f[0])
		}
		out.Write(kernelMount(st, line, 4))
	}
	for _, m := range t.All() {
		point, seen := seenBy(st, m.Point())
		if !seen || partOfOther(m) {
			continue
		}
		parent := root
		if up := t.Covering(view.Dir(m.Point())); up != nil && up != m {
			parent = strconv.Itoa(up.ID)
		}
		dev := deviceOf(c, m)
		super := "rw"
		if m.ReadOnly() {
			super = "ro"
		}
		if so := m.SuperOptions(); so != "" {
			super += "," + so
		}
		fmt.Fprintf(&out, "%d %s %d:%d / %s %s - %s %s %s\n", m.ID, parent, unix.Major(dev), unix.Minor(dev),
			escapeField(point), m.Options(), escapeField(m.Type), escapeField(orNone(m.Source)), escapeField(super))
	}
	return out.Bytes()
}

// deviceOf is the device number of a mount, 0 if its root cannot be looked at.
func deviceOf(c *call, m *view.Mount) uint64 {
	if d, ok := m.FS.(engine.FileSystemDevicer); ok {
		return d.Dev()
	}
	var st unix.Statx_t
	if err := m.Root.Stat(c, &st); err != nil {
		return 0
	}
	return unix.Mkdev(st.Dev_major, st.Dev_minor)
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

// escapeField writes a field of /proc/mounts as fs/proc_namespace.c does.
var fieldEscaper = strings.NewReplacer(" ", `\040`, "\t", `\011`, "\n", `\012`, `\`, `\134`, "#", `\043`)

func escapeField(s string) string { return fieldEscaper.Replace(s) }

var fieldUnescaper = strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`, `\043`, "#")

func unescape(s string) string { return fieldUnescaper.Replace(s) }
