// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"golang.org/x/sys/unix"
	"vuos.dev/engine"
	"vuos.dev/engine/internal/host"
)

func sysStat(c *call) reply  { return c.statPath(unix.AT_FDCWD, c.pathArg(), c.arg(0), follow) }
func sysLstat(c *call) reply { return c.statPath(unix.AT_FDCWD, c.pathArg(), c.arg(0), 0) }

func sysNewfstatat(c *call) reply {
	t, r, done := c.flagged(c.intArg(1), atLookup)
	if done {
		return r
	}
	return c.putStat(t, c.arg(0))
}

// atFlags are the AT_* flags of calls that follow links unless told not to.
func atFlags(flags int) (w want) {
	if flags&unix.AT_SYMLINK_NOFOLLOW == 0 {
		w |= follow
	}
	if flags&unix.AT_EMPTY_PATH != 0 {
		w |= emptyOK
	}
	return w
}

func sysFstat(c *call) reply {
	t := c.findFD(c.fd(0))
	if t.native {
		return native
	}
	return c.putStat(t, c.n.Args[1])
}

// atLookup are the AT_* flags that the stat family knows.
const atLookup = unix.AT_SYMLINK_NOFOLLOW | unix.AT_EMPTY_PATH | unix.AT_NO_AUTOMOUNT

// flagged is find for a call with AT_* flags, of which it knows only some. Where the call is the
// kernel's own, the kernel checks.
func (c *call) flagged(flags, known int) (t target, r reply, done bool) {
	t, r, done = c.find(c.dirFD(), c.pathArg(), atFlags(flags))
	if flags&^known != 0 && !(done && r.cont) {
		return t, fail(unix.EINVAL), true
	}
	return t, r, done
}

func (c *call) statPath(dirfd int, path, buf uint64, w want) reply {
	t, r, done := c.find(dirfd, path, w)
	if done {
		return r
	}
	return c.putStat(t, buf)
}

// attributes of what a walk found.
func (c *call) attributes(t target, st *unix.Statx_t) error {
	if err := t.Node.Stat(c, st); err != nil {
		return err
	}
	if t.Mount != nil {
		st.Mnt_id = uint64(t.Mount.ID)
		st.Mask |= unix.STATX_MNT_ID
		st.Attributes_mask |= unix.STATX_ATTR_MOUNT_ROOT
		if t.Node == t.Mount.Root {
			st.Attributes |= unix.STATX_ATTR_MOUNT_ROOT
		}
	}
	return nil
}

func (c *call) putStat(t target, buf uint64) reply {
	var st unix.Statx_t
	if err := c.attributes(t, &st); err != nil {
		return c.result(err)
	}
	b := encodeStat(&st)
	_, err := c.mem().WriteAt(b[:], buf)
	return c.result(err)
}

const statxSyncType = unix.AT_STATX_FORCE_SYNC | unix.AT_STATX_DONT_SYNC

func sysStatx(c *call) reply {
	flags := c.intArg(0)
	if flags&statxSyncType == statxSyncType {
		return native // EINVAL
	}
	t, r, done := c.flagged(flags, atLookup|statxSyncType)
	if done {
		return r
	}
	if mask := uint32(c.arg(1)); mask&(1<<31) != 0 { // STATX__RESERVED
		return fail(unix.EINVAL)
	}
	var st unix.Statx_t
	if err := c.attributes(t, &st); err != nil {
		return c.result(err)
	}
	if b, ok := t.Node.(engine.NodeBirther); ok && uint32(c.arg(1))&unix.STATX_BTIME != 0 && st.Mask&unix.STATX_BTIME == 0 {
		if at, err := b.Birth(c); err == nil {
			st.Btime, st.Mask = at, st.Mask|unix.STATX_BTIME
		}
	}
	b := encodeStatx(&st)
	_, err := c.mem().WriteAt(b, c.arg(2))
	return c.result(err)
}

func sysAccess(c *call) reply  { return c.access(uint32(c.arg(0)), 0) }
func sysAccess2(c *call) reply { return c.access(uint32(c.arg(0)), c.intArg(1)) }

func (c *call) access(mask uint32, flags int) reply {
	t, r, done := c.flagged(flags, unix.AT_SYMLINK_NOFOLLOW|unix.AT_EMPTY_PATH|unix.AT_EACCESS)
	if done {
		return r
	}
	if mask&^7 != 0 {
		return fail(unix.EINVAL)
	}
	who := engine.Call(c)
	if flags&unix.AT_EACCESS == 0 {
		who = c.realIDs()
	}
	return c.result(mayAccess(who, t, mask))
}

// permitted tells whether a call that is not access(2) may do mask.
func permitted(who engine.Call, t target, mask uint32) error {
	if p, ok := t.Node.(engine.NodePermitter); ok {
		if err := mountAllows(t, mask); err != nil {
			return err
		}
		return p.Permit(who, mask)
	}
	return mayAccess(who, t, mask)
}

// mountAllows is what the mount has to say about it.
func mountAllows(t target, mask uint32) error {
	if mask&unix.W_OK != 0 && t.Mount != nil && t.Mount.ReadOnly() {
		switch t.Node.Type() {
		case unix.S_IFREG, unix.S_IFDIR, unix.S_IFLNK:
			return unix.EROFS
		}
	}
	if mask&unix.X_OK != 0 && t.Mount != nil && t.Mount.Flags()&unix.MS_NOEXEC != 0 && t.Node.Type() == unix.S_IFREG {
		return unix.EACCES
	}
	return nil
}

// mayAccess is access(2) for the file system identity of who.
func mayAccess(who engine.Call, t target, mask uint32) error {
	if err := mountAllows(t, mask); err != nil {
		return err
	}
	if a, ok := t.Node.(engine.NodeAccesser); ok {
		return a.Access(who, mask)
	}
	var st unix.Statx_t
	if err := t.Node.Stat(who, &st); err != nil {
		return err
	}
	return engine.Access(who, &st, mask)
}

// realIDs is the call with the real user and group where it has the effective ones, as access(2)
// decides.
func (c *call) realIDs() engine.Call {
	if ids := c.IDs(); ids.UID == ids.FSUID && ids.GID == ids.FSGID {
		return c
	}
	cr := *c.Cred()
	cr.FSUID, cr.FSGID = cr.UID, cr.GID
	if cr.UID != 0 {
		cr.CapEff = 0
	}
	return &callAs{call: c, cred: cr}
}

// callAs is a call with another identity.
type callAs struct {
	*call
	cred engine.Cred
}

func (c *callAs) IDs() *engine.IDs { return &c.cred.IDs }

func (c *callAs) Cred() *engine.Cred { return &c.cred }

func sysStatfs(c *call) reply {
	t, r, done := c.find(unix.AT_FDCWD, c.pathArg(), follow)
	if done {
		return r
	}
	return c.putStatfs(t, c.arg(0))
}

func sysFstatfs(c *call) reply {
	t := c.findFD(c.fd(0))
	if t.native {
		return native
	}
	return c.putStatfs(t, c.n.Args[1])
}

// Do implements host.Caller.
func (c *callAs) Do(f func() error) error { return host.As(&c.s.own, &c.cred, f) }
