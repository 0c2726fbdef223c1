// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"errors"
	"os"
	"strings"

	"golang.org/x/sys/unix"
	"vuos.dev/engine"
	"vuos.dev/engine/internal/guest"
	"vuos.dev/engine/internal/host"
	"vuos.dev/engine/internal/view"
)

// Flags of mount(2) that do something else than to mount a file system anew.
const notNew = unix.MS_REMOUNT | unix.MS_BIND | unix.MS_MOVE | unix.MS_SHARED | unix.MS_PRIVATE | unix.MS_SLAVE | unix.MS_UNBINDABLE

// typed are those of them that a type can have of its own, as vufs has.
const typed = unix.MS_BIND | unix.MS_MOVE | unix.MS_REC

// sysMount is mount(source, target, type, flags, data). A type that a loaded module serves is
// virtual, and a bind or move of such a type is the module's; so are a remount, bind or move of what is virtual.
func sysMount(c *call) reply {
	flags := uintptr(c.n.Args[3])
	if flags&0xffff0000 == 0xc0ed0000 { // MS_MGC_VAL
		flags &^= 0xffff0000
	}
	c.s.errText.clear(c.PID())
	var m engine.Mounter
	var inst *instance
	fstype, err := c.text(c.n.Args[2])
	if err == nil && fstype != "" && flags&notNew&^typed == 0 {
		m, inst = c.s.modules.mounter(fstype)
	}
	switch {
	case m != nil:
	case flags&notNew != 0:
		return c.mountChange(flags)
	case err != nil && c.n.Args[2] != 0:
		return native // EFAULT
	default:
		return c.foreignMount(fstype)
	}
	c.Block()
	req := engine.MountRequest{Type: fstype, Flags: flags &^ unix.MS_SILENT}
	if req.Source, err = c.text(c.n.Args[0]); err != nil {
		return c.result(err)
	}
	if req.Data, err = c.text(c.n.Args[4]); err != nil {
		return c.result(err)
	}
	return c.result(c.mountNew(m, inst, &req))
}

// text copies a string argument, which may be NULL.
func (c *call) text(addr uint64) (string, error) {
	if addr == 0 {
		return "", nil
	}
	var buf [guest.PathMax]byte
	b, err := c.mem().String(buf[:], addr)
	return string(b), err
}

// kernelHas tells whether the kernel has a file system type (/proc/filesystems).
func kernelHas(fstype string) bool {
	b, err := os.ReadFile("/proc/filesystems")
	if err != nil {
		return false
	}
	for line := range strings.Lines(string(b)) {
		_, name, _ := strings.Cut(line, "\t")
		if strings.TrimSpace(name) == fstype {
			return true
		}
	}
	return false
}

// foreignMount is the mount of a type that no loaded module has: the kernel's to do, or to
// refuse, unless it looks like one of ours.
func (c *call) foreignMount(fstype string) reply {
	if strings.HasPrefix(fstype, "vu") {
		return c.result(c.mountFailed(&engine.MountError{Err: unix.ENODEV, Message: fstype + ": unknown file system type; is its module loaded?"}))
	}
	t, r, done := c.find(unix.AT_FDCWD, c.n.Args[1], follow)
	switch {
	case done:
		return r
	case !c.Cred().HasCap(unix.CAP_SYS_ADMIN):
		return fail(unix.EPERM)
	case c.n.Args[2] == 0:
		return fail(unix.EINVAL)
	case t.Node.Type() != unix.S_IFDIR && kernelHas(fstype):
		return fail(unix.ENOTDIR)
	}
	return fail(unix.ENODEV) // the kernel cannot mount on what it does not see
}

func (c *call) mountNew(m engine.Mounter, owner *instance, req *engine.MountRequest) error {
	t, r, done := c.findForMount(c.n.Args[1])
	if done {
		return r.errno
	}
	req.Target = t.Path
	if t.Node == nil {
		req.Target = view.Join(t.dir.Path, t.name)
	}
	fs, err := m.Mount(c, req)
	if err != nil {
		return c.mountFailed(err)
	}
	if fs == nil {
		return nil
	}
	if err := suitable(t, fs); err != nil {
		_ = fs.Unmount(c)
		return c.mountFailed(err)
	}
	c.s.attach(c.task().View, view.Info{
		Source: req.Source, Type: req.Type, Flags: req.Flags, Opts: req.Data, FS: fs, Owner: owner,
	}, req.Target)
	return nil
}

// findForMount resolves a mount point, which need not be there for a device or a stack.
func (c *call) findForMount(addr uint64) (t target, r reply, done bool) {
	p, err := c.mem().String(c.path[:], addr)
	if err != nil {
		return t, c.result(err), true
	}
	if len(p) == 0 {
		return t, fail(unix.ENOENT), true
	}
	st, err := c.start(unix.AT_FDCWD, p)
	if err == nil && st.pos.IsZero() {
		err = unix.ENOENT
	}
	if err == nil {
		st.native = false
		t, err = c.walk(st, string(p), follow|create)
	}
	if err != nil {
		return t, c.result(err), true
	}
	return t, reply{}, false
}

// suitable tells whether a file system can be mounted at t: a tree on a directory, anything else on
// something that is no directory, or on nothing if it wants to be listed.
func suitable(t target, fs engine.FileSystem) error {
	isDir := fs.Root().Type() == unix.S_IFDIR
	switch {
	case t.Node == nil:
		if l, ok := fs.(engine.FileSystemLister); ok && l.Listed() {
			return nil
		}
		return &engine.MountError{Err: unix.ENOENT, Message: t.name + ": mount point does not exist"}
	case isDir != (t.Node.Type() == unix.S_IFDIR):
		return &engine.MountError{Err: unix.ENOTDIR, Message: t.Path + ": mount point is not a directory"}
	}
	return nil
}

// mountFailed keeps the message of a failed mount for vumount to ask for.
func (c *call) mountFailed(err error) error {
	var me *engine.MountError
	if errors.As(err, &me) {
		c.s.errText.set(c.PID(), me.Message)
		c.log(engine.LogInfo, "%s", me.Message)
	}
	return err
}

// attach puts a file system into a view.
func (s *Supervisor) attach(v *view.View, info view.Info, point string) *view.Mount {
	s.mountMu.Lock()
	s.mountID++
	info.ID = firstMountID + s.mountID
	s.mountMu.Unlock()
	m := view.NewMount(info, point, s.ended)
	if inst, ok := info.Owner.(*instance); ok {
		inst.users.Add(1)
	}
	s.modules.ending.Add(1)
	if listed(m) {
		s.listed.Add(1)
	}
	s.mounts.Add(1)
	v.Attach(m)
	return m
}

// firstMountID is above the numbers that the kernel gives to its own mounts, as a rule.
const firstMountID = 1 << 20

func listed(m *view.Mount) bool {
	l, ok := m.FS.(engine.FileSystemLister)
	return ok && l.Listed()
}

// partOfOther tells whether a mount is not one for the guests to see.
func partOfOther(m *view.Mount) bool {
	p, ok := m.FS.(engine.FileSystemPart)
	return ok && p.PartOfOther()
}

// ended is called when a mount is detached and no longer used.
func (s *Supervisor) ended(m *view.Mount) {
	defer s.modules.ending.Done()
	defer s.mounts.Add(-1)
	if listed(m) {
		s.listed.Add(-1)
	}
	s.guard(m.Type+": unmount", func() {
		if err := m.FS.Unmount(s.background()); err != nil {
			s.log.Logf(engine.LogWarning, "%s: unmount %s: %v", m.Type, m.Point(), err)
		}
	})
	if inst, ok := m.Owner.(*instance); ok {
		inst.users.Add(-1)
	}
	s.watches.Drop(m)
	if o, ok := m.FS.(engine.FileSystemOwner); ok {
		s.files.Forget(o.Owns)
		s.execs.Forget(func(id any) bool { n, ok := id.(engine.Node); return ok && o.Owns(n) })
	}
}

// sysUmount2 is umount2(target, flags).
func sysUmount2(c *call) reply {
	r := c.umount2()
	if r.cont && host.HeldCount() > 0 {
		// What no guest uses any more must not keep a file system of the kernel's busy.
		c.Block()
		c.s.tasks.Collect()
		host.LetGo()
	}
	return r
}

func (c *call) umount2() reply {
	if c.s.mounts.Load() == 0 {
		return native
	}
	if path, err := c.text(c.n.Args[0]); err == nil && c.s.modules.umounted(c, path) {
		return ok(0)
	}
	flags := int(c.n.Args[1])
	const umountNoFollow, mntExpire = 8, 4
	w := follow
	if flags&umountNoFollow != 0 {
		w = 0
	}
	t, r, done := c.find(unix.AT_FDCWD, c.n.Args[0], w)
	if done {
		return r
	}
	if flags&^(unix.MNT_FORCE|unix.MNT_DETACH|mntExpire|umountNoFollow) != 0 {
		return fail(unix.EINVAL)
	}
	if t.Mount == nil || t.Path != t.Mount.Point() || partOfOther(t.Mount) {
		return fail(unix.EINVAL)
	}
	return c.result(c.umount(t.Mount, flags))
}

func (c *call) umount(m *view.Mount, flags int) error {
	c.Block()
	if flags&unix.MNT_FORCE != 0 {
		if a, ok := m.FS.(engine.FileSystemAborter); ok {
			a.Abort()
		}
	}
	lazy := flags&unix.MNT_DETACH != 0
	if _, isStack := m.Root.(engine.Stack); isStack && flags&unix.MNT_FORCE != 0 {
		lazy = true // its sockets are reset, but the guests have them
	}
	c.s.endViews()
	// Closes of a moment ago are news on the way: all of them count.
	c.s.files.Drain(c)
	c.s.socks.Drain(lingerUnmount)
	if !lazy && c.s.workedIn(m) {
		return unix.EBUSY
	}
	if lazy {
		if err := c.s.keepForStanding(m); err != nil {
			return err
		}
	}
	gone, err := c.task().View.Detach(m.Point(), lazy)
	if err != nil {
		return err
	}
	if !lazy {
		gone.Wait()
	}
	return nil
}

// workedIn tells whether a living process has its working directory or root on the mount, or a default stack.
func (s *Supervisor) workedIn(m *view.Mount) bool {
	for _, st := range s.tasks.Standing() {
		if standsOn(st, m) || st.Stacks.Uses(m) {
			return true
		}
	}
	return false
}

// mountChange is mount(2) with MS_REMOUNT, MS_BIND or MS_MOVE and the propagation flags.
func (c *call) mountChange(flags uintptr) reply {
	t, r, done := c.find(unix.AT_FDCWD, c.n.Args[1], follow)
	src, sr, sdone := target{}, native, true
	if flags&(unix.MS_BIND|unix.MS_MOVE) != 0 && flags&unix.MS_REMOUNT == 0 {
		src, sr, sdone = c.find2(unix.AT_FDCWD, c.n.Args[0], follow)
	}
	if done && sdone {
		if !r.cont {
			return r
		}
		return sr
	}
	switch {
	case flags&unix.MS_REMOUNT != 0:
		return c.result(c.remount(t, flags))
	case flags&unix.MS_BIND != 0:
		return c.result(c.bind(src, sdone, flags))
	case flags&unix.MS_MOVE != 0:
		return fail(unix.EINVAL)
	}
	return ok(0) // propagation is for mounts of the kernel's
}

// remount changes the flags of a mount.
func (c *call) remount(t target, flags uintptr) error {
	if t.Mount == nil || t.Path != t.Mount.Point() {
		return unix.EINVAL
	}
	t.Mount.SetFlags(flags &^ notNew)
	return nil
}

// sysNewMountAPI is fsopen, fsconfig, fsmount, move_mount, open_tree, fspick, mount_setattr,
// statmount and listmount: where something is virtual they do not exist, so that programs
// fall back to the calls that they replace.
func sysNewMountAPI(c *call) reply {
	if c.s.mounts.Load() == 0 && !c.s.modules.any() {
		return native
	}
	return fail(unix.ENOSYS)
}
