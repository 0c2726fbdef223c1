// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"golang.org/x/sys/unix"
	"vuos.dev/engine"
	"vuos.dev/engine/internal/guest"
	"vuos.dev/engine/internal/task"
	"vuos.dev/engine/internal/view"
)

func sysChdir(c *call) reply {
	t, r, done := c.find(unix.AT_FDCWD, c.pathArg(), follow)
	if !done {
		return c.chdir(t)
	}
	if r.cont && !c.task().Cwd.IsZero() {
		return c.backToHost(c.pathArg())
	}
	return r
}

// backToHost lets the kernel do the chdir of a process whose working directory was virtual. Its state
// changes first, so it must be sure to succeed.
func (c *call) backToHost(path uint64) reply {
	t, r, done := c.onHost(c.path[:], unix.AT_FDCWD, path, follow)
	if done {
		return r
	}
	if err := mayEnter(c, t); err != nil {
		return c.result(err)
	}
	if err := c.setTask(func(s *task.State) { s.Cwd = view.Pos{} }); err != nil {
		return c.result(err)
	}
	return native
}

func sysFchdir(c *call) reply {
	if f := c.file(c.fd(0)); f != nil {
		return c.chdir(target{Pos: posOf(f)})
	}
	if c.s.tasks.Only() || c.task().Cwd.IsZero() {
		return native
	}
	var buf [guest.PathMax]byte
	link, err := guest.FDLink(c.TID(), c.fd(0), buf[:])
	if err != nil || link[0] != '/' {
		return native
	}
	p, err := c.posAt(string(link))
	if err != nil {
		return native
	}
	if err := mayEnter(c, target{Pos: p}); err != nil {
		return c.result(err)
	}
	if err := c.setTask(func(s *task.State) { s.Cwd = view.Pos{} }); err != nil {
		return c.result(err)
	}
	return native
}

func mayEnter(c *call, t target) error {
	if t.Node == nil {
		return unix.ENOENT
	}
	if t.Node.Type() != unix.S_IFDIR {
		return unix.ENOTDIR
	}
	return mayAccess(c, t, unix.X_OK)
}

func (c *call) chdir(t target) reply {
	if err := mayEnter(c, t); err != nil {
		return c.result(err)
	}
	return c.result(c.setTask(func(s *task.State) { s.Cwd = t.Pos }))
}

func sysGetcwd(c *call) reply {
	if c.s.tasks.Only() {
		return native
	}
	st := c.task()
	if st.Plain() {
		return native
	}
	cwd, err := c.cwd()
	if err != nil {
		return native
	}
	path, err := c.currentPath(cwd)
	if err != nil {
		return c.result(err)
	}
	shown := path
	if root := st.Root; !root.IsZero() {
		if !view.Below(path, root.Path) {
			shown = "(unreachable)" + path
		} else if shown = path[len(root.Path):]; root.Path == "/" || shown == "" {
			shown = "/" + shown
		}
	}
	b := append([]byte(shown), 0)
	if len(b) > guest.PathMax {
		return fail(unix.ENAMETOOLONG)
	}
	if uint64(len(b)) > c.n.Args[1] {
		return fail(unix.ERANGE)
	}
	if _, err := c.mem().WriteAt(b, c.n.Args[0]); err != nil {
		return c.result(err)
	}
	return ok(int64(len(b)))
}

// currentPath is the path of a directory as it is now: it may have been renamed since it was
// found. ENOENT if it was removed.
func (c *call) currentPath(p pos) (string, error) {
	if p.Mount == nil {
		return p.Path, nil
	}
	tail := ""
	for n := p.Node; n != p.Mount.Root; {
		np, ok := n.(engine.NodeParenter)
		if !ok {
			return p.Path, nil
		}
		dir, name, err := np.Parent(c)
		if err != nil {
			return "", err
		}
		if name == "" {
			break
		}
		tail = "/" + name + tail
		n = dir
	}
	if point := p.Mount.Point(); point != "/" || tail == "" {
		return point + tail, nil
	}
	return tail, nil
}

// truePath is currentPath, with the kernel's mark for what was removed.
func (c *call) truePath(p pos) string {
	if p.Node.Type() != unix.S_IFDIR {
		return p.Path
	}
	path, err := c.currentPath(p)
	if err != nil {
		return p.Path + " (deleted)"
	}
	return path
}

// sysChroot makes a virtual directory the root without any privilege: it restricts only what the
// caller has in its view. On the host it is the kernel's to decide.
func sysChroot(c *call) reply {
	t, r, done := c.find(unix.AT_FDCWD, c.pathArg(), follow)
	if done {
		if r.cont {
			c.s.foreign.Store(true)
		}
		return r
	}
	if err := mayEnter(c, t); err != nil {
		return c.result(err)
	}
	if t.Host() && !c.Cred().HasCap(unix.CAP_SYS_CHROOT) {
		return fail(unix.EPERM)
	}
	cwd, err := c.cwd()
	if err != nil {
		return c.result(err)
	}
	return c.result(c.setTask(func(s *task.State) { s.Root, s.Cwd = t.Pos, cwd }))
}

// sysNamespace is for the calls after which a guest's root directory may be another than umvu's
// (unshare, setns, pivot_root, clone with CLONE_NEWNS).
func sysNamespace(c *call) reply {
	c.s.foreign.Store(true)
	return native
}
