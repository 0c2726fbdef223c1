// SPDX-License-Identifier: Apache-2.0

package client

import (
	"time"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
	"vuos.dev/vufuse/proto"
)

var _ engine.NodeSetattrer = (*node)(nil)

// Setattr implements [engine.NodeSetattrer].
func (n *node) Setattr(c engine.Call, a *engine.SetAttr) error {
	if n.isBad() {
		return unix.EIO
	}
	if !n.fs.allowed(c) {
		return unix.EACCES
	}
	if n.fs.opt.ReadOnly {
		return unix.EROFS
	}
	change := *a
	if n.fs.judges() {
		if err := n.mayset(c, &change); err != nil {
			return err
		}
	}
	if err := n.dropSetIDs(c, &change); err != nil {
		return err
	}
	f, _ := underlying(a.File)
	return n.setattr(c, &change, f)
}

// setattr sends SETATTR (fs/fuse/dir.c:fuse_do_setattr).
func (n *node) setattr(c engine.Call, a *engine.SetAttr, f *file) error {
	in := n.setattrIn(c, a)
	if f != nil && f.n == n && in.Valid&proto.FattrSize != 0 {
		in.Valid |= proto.FattrFh
		in.Fh = f.fh
	}
	lock(c, &n.ioMu)
	defer n.ioMu.Unlock()
	var out proto.AttrOut
	err := n.fs.do(c, &Request{Op: proto.Setattr, Node: n.id, In: in, Out: &out})
	if err != nil {
		if err == unix.EINTR {
			n.invalidate(staleAll)
		}
		return err
	}
	if !out.Attr.Valid() || out.Attr.Mode&unix.S_IFMT != n.typ {
		n.makeBad()
		return unix.EIO
	}
	n.mu.Lock()
	resized := n.attr.Size != out.Attr.Size
	n.set(&out.Attr, n.fs.deadline(out.Valid, out.ValidNsec))
	n.mu.Unlock()
	if resized && n.typ == unix.S_IFREG {
		n.fs.pages.resize(n, int64(out.Attr.Size))
	}
	return nil
}

// setattrIn is fs/fuse/dir.c:iattr_to_fattr.
func (n *node) setattrIn(c engine.Call, a *engine.SetAttr) *proto.SetattrIn {
	in := new(proto.SetattrIn)
	put := func(want, fattr uint32, set func()) {
		if a.Valid&want != 0 {
			in.Valid |= fattr
			set()
		}
	}
	now := time.Now()
	put(engine.AttrMode, proto.FattrMode, func() { in.Mode = a.Mode&0o7777 | n.typ })
	put(engine.AttrUID, proto.FattrUID, func() { in.UID = a.UID })
	put(engine.AttrGID, proto.FattrGID, func() { in.GID = a.GID })
	put(engine.AttrSize, proto.FattrSize, func() { in.Size = uint64(a.Size) })
	put(engine.AttrAtime, proto.FattrAtime, func() { in.Atime, in.Atimensec = split(a.Atime) })
	put(engine.AttrMtime, proto.FattrMtime, func() { in.Mtime, in.Mtimensec = split(a.Mtime) })
	put(engine.AttrAtimeNow, proto.FattrAtime|proto.FattrAtimeNow, func() {
		in.Atime, in.Atimensec = uint64(now.Unix()), uint32(now.Nanosecond())
	})
	put(engine.AttrMtimeNow, proto.FattrMtime|proto.FattrMtimeNow, func() {
		in.Mtime, in.Mtimensec = uint64(now.Unix()), uint32(now.Nanosecond())
	})
	if in.Valid&proto.FattrSize != 0 {
		in.Valid |= proto.FattrLockOwner
		in.LockOwner = lockOwner(c.PID())
		if n.fs.has(proto.HandleKillprivV2) && !c.Cred().HasCap(unix.CAP_FSETID) {
			in.Valid |= proto.FattrKillSuidgid
		}
	}
	return in
}

func split(t unix.Timespec) (sec uint64, nsec uint32) { return uint64(t.Sec), uint32(t.Nsec) }

// mayset checks what default_permissions leaves to the kernel (fs/attr.c:setattr_prepare).
func (n *node) mayset(c engine.Call, s *engine.SetAttr) error {
	a, err := n.getattr(c, nil)
	if err != nil {
		return err
	}
	cr := c.Cred()
	mine := cr.FSUID == a.UID
	owner := mine || cr.HasCap(unix.CAP_FOWNER)
	times := s.Valid & (engine.AttrAtimeNow | engine.AttrMtimeNow)
	switch {
	case s.Valid&engine.AttrUID != 0 && !(mine && s.UID == a.UID) && !cr.HasCap(unix.CAP_CHOWN),
		s.Valid&engine.AttrGID != 0 && !(mine && (s.GID == a.GID || cr.InGroup(s.GID))) && !cr.HasCap(unix.CAP_CHOWN),
		s.Valid&engine.AttrMode != 0 && !owner,
		s.Valid&(engine.AttrAtime|engine.AttrMtime) != 0 && !owner:
		return unix.EPERM
	case s.Valid&engine.AttrSize != 0 && s.File == nil,
		times != 0 && s.Valid&^uint32(engine.AttrAtimeNow|engine.AttrMtimeNow) == 0 && !owner:
		return n.access(c, &a, unix.W_OK)
	}
	gid := a.GID
	if s.Valid&engine.AttrGID != 0 {
		gid = s.GID
	}
	if s.Valid&engine.AttrMode != 0 && !cr.InGroup(gid) && !cr.HasCap(unix.CAP_FSETID) {
		s.Mode &^= unix.S_ISGID
	}
	return nil
}

// dropSetIDs makes chown and truncation take away the set-id bits, unless the server does that
// itself (fs/fuse/dir.c:fuse_setattr).
func (n *node) dropSetIDs(c engine.Call, s *engine.SetAttr) error {
	if n.typ == unix.S_IFDIR || n.fs.killsPriv() || s.Valid&engine.AttrMode != 0 {
		return nil
	}
	chown := s.Valid&(engine.AttrUID|engine.AttrGID) != 0
	cut := s.Valid&engine.AttrSize != 0 && !c.Cred().HasCap(unix.CAP_FSETID)
	if !chown && !cut {
		return nil
	}
	a, err := proto.Attr{}, error(nil)
	if chown { // the cached mode may be an old one
		a, err = n.getattr(c, nil)
	} else {
		a, err = n.fresh(c, forPermission)
	}
	if err != nil {
		return err
	}
	if bits := setIDs(a.Mode); bits != 0 {
		s.Valid |= engine.AttrMode
		s.Mode = a.Mode &^ bits & 0o7777
	}
	return nil
}

// setIDs are the bits of mode that a change of the file takes away: without group execute,
// S_ISGID means something else (mandatory locking).
func setIDs(mode uint32) uint32 {
	bits := mode & unix.S_ISUID
	if mode&0o010 != 0 {
		bits |= mode & unix.S_ISGID
	}
	return bits
}

func (fs *FS) killsPriv() bool { return fs.has(proto.HandleKillpriv | proto.HandleKillprivV2) }
