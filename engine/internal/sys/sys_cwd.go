// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"golang.org/x/sys/unix"
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
		return c.backToHost(func(s *task.State) { s.Cwd = view.Pos{} })
	}
	return r
}

// backToHost lets the kernel do the chdir or chroot of a process whose directory was virtual. Its state
// changes first, so it must be sure to succeed.
func (c *call) backToHost(change func(*task.State)) reply {
	t, r, done := c.onHost(c.path[:], unix.AT_FDCWD, c.pathArg(), follow)
	if done {
		return r
	}
	if err := mayEnter(c, t); err != nil {
		return c.result(err)
	}
	if err := c.move(change); err != nil {
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
	if err := c.move(func(s *task.State) { s.Cwd = view.Pos{} }); err != nil {
		return c.result(err)
	}
	return native
}

// mayEnter tells whether t can be a working directory, about which a file system is asked as about access(2).
func mayEnter(c *call, t target) error {
	if err := isDir(t); err != nil {
		return err
	}
	return mayAccess(c, t, unix.X_OK)
}

// maySearch tells whether a walk may go on from t.
func maySearch(c *call, t target) error {
	if err := isDir(t); err != nil {
		return err
	}
	return permitted(c, t, unix.X_OK)
}

func isDir(t target) error {
	if t.Node == nil {
		return unix.ENOENT
	}
	if t.Node.Type() != unix.S_IFDIR {
		return unix.ENOTDIR
	}
	return nil
}

func (c *call) chdir(t target) reply {
	if err := mayEnter(c, t); err != nil {
		return c.result(err)
	}
	at, err := c.hold(t.Pos)
	if err != nil {
		return c.result(err)
	}
	return c.result(c.move(func(s *task.State) { s.Cwd = at }))
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

// sysChroot makes a virtual directory the root. It needs the same privilege as the kernel's (fs/open.c), since set-user-id
// programs trust what they find below the root; none where nobody gains any by execve, as in a user namespace.
func sysChroot(c *call) reply {
	t, r, done := c.find(unix.AT_FDCWD, c.pathArg(), follow)
	if done {
		if r.cont {
			c.s.foreign.Store(true)
		}
		if r.cont && !c.task().Root.IsZero() && c.Cred().HasCap(unix.CAP_SYS_CHROOT) {
			return c.backToHost(func(s *task.State) { s.Root = view.Pos{} })
		}
		return r
	}
	if err := mayEnter(c, t); err != nil {
		return c.result(err)
	}
	if !c.s.noNew && !c.Cred().HasCap(unix.CAP_SYS_CHROOT) {
		return fail(unix.EPERM)
	}
	cwd, err := c.cwd()
	if err != nil {
		return c.result(err)
	}
	if cwd, err = c.hold(cwd); err != nil {
		return c.result(err)
	}
	root, err := c.hold(t.Pos)
	if err != nil {
		return c.result(err)
	}
	return c.result(c.move(func(s *task.State) { s.Root, s.Cwd = root, cwd }))
}

// sysNamespace is for the calls after which a guest's root directory may be another than umvu's
// (setns, pivot_root).
func sysNamespace(c *call) reply {
	c.s.foreign.Store(true)
	return native
}

// sysUnshare notes a thread that gets directories of its own. Where it is the only one the process has them.
func sysUnshare(c *call) reply {
	flags := c.n.Args[0]
	// A new mount namespace comes with directories of one's own, and a new user namespace is refused to who has other threads.
	own := flags&unix.CLONE_FS != 0 || flags&unix.CLONE_NEWNS != 0
	may := flags&unix.CLONE_NEWUSER == 0 && (flags&unix.CLONE_NEWNS == 0 || c.Cred().HasCap(unix.CAP_SYS_ADMIN))
	if own && may && guest.Threads(c.TID()) > 1 {
		if err := c.s.tasks.Unshare(c.TID(), c.PID()); err != nil {
			return c.result(err)
		}
	}
	if flags&^(unix.CLONE_FS|unix.CLONE_FILES|unix.CLONE_SYSVSEM) == 0 {
		return native
	}
	return sysNamespace(c)
}

// sysClone notes processes that share their directories.
func sysClone(c *call) reply {
	if c.n.Args[0]&(unix.CLONE_FS|unix.CLONE_THREAD) == unix.CLONE_FS {
		c.s.tasks.Share()
		return native
	}
	return sysNamespace(c)
}
