// SPDX-License-Identifier: Apache-2.0

package vufusereal

import (
	"context"
	"syscall"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
	"golang.org/x/sys/unix"
)

var (
	_ fs.NodeCreater   = (*node)(nil)
	_ fs.NodeTmpfiler  = (*node)(nil)
	_ fs.NodeMkdirer   = (*node)(nil)
	_ fs.NodeMknoder   = (*node)(nil)
	_ fs.NodeSymlinker = (*node)(nil)
	_ fs.NodeLinker    = (*node)(nil)
	_ fs.NodeUnlinker  = (*node)(nil)
	_ fs.NodeRmdirer   = (*node)(nil)
	_ fs.NodeRenamer   = (*node)(nil)
)

// make makes an entry with do and gives it to the caller.
func (n *node) make(ctx context.Context, name string, mode uint32, out *fuse.EntryOut, do func(dir int) error) (ch *fs.Inode, errno syscall.Errno) {
	errno = n.with(func(dir int) error {
		if err := do(dir); err != nil {
			return err
		}
		fd, err := unix.Openat(dir, name, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
		if err != nil {
			return err
		}
		defer unix.Close(fd)
		if err := own(ctx, dir, fd, mode); err != nil {
			return err
		}
		ch, err = n.child(ctx, fd, true, out)
		return err
	})
	return ch, errno
}

// own gives what umvu made in dir to the caller, with the group of a set-group-id directory, and the bits of the mode back that
// this takes away. Only root can, and need: what others make is theirs.
func own(ctx context.Context, dir, fd int, mode uint32) error {
	caller, ok := fuse.FromContext(ctx)
	if !ok || unix.Geteuid() != 0 {
		return nil
	}
	var in, st unix.Stat_t
	if err := unix.Fstat(dir, &in); err != nil {
		return err
	}
	if err := unix.Fstat(fd, &st); err != nil {
		return err
	}
	gid := caller.Gid
	if in.Mode&unix.S_ISGID != 0 {
		gid = in.Gid
	}
	if st.Uid == caller.Uid && st.Gid == gid {
		return nil
	}
	if err := unix.Fchownat(fd, "", int(caller.Uid), int(gid), unix.AT_EMPTY_PATH); err != nil {
		return err
	}
	if st.Mode&unix.S_IFMT == unix.S_IFLNK || mode&(unix.S_ISUID|unix.S_ISGID) == 0 {
		return nil
	}
	return unix.Chmod(magic(fd), st.Mode&0o7777)
}

// Create implements fs.NodeCreater.
func (n *node) Create(ctx context.Context, name string, flags, mode uint32, out *fuse.EntryOut) (*fs.Inode, fs.FileHandle, uint32, syscall.Errno) {
	return n.opened(ctx, mode, true, out, func(dir int) (int, error) {
		return unix.Openat(dir, name, int(flags)&openFlags|unix.O_CREAT|unix.O_NOFOLLOW|unix.O_CLOEXEC, mode)
	})
}

// Tmpfile implements fs.NodeTmpfiler.
func (n *node) Tmpfile(ctx context.Context, flags, mode uint32, out *fuse.EntryOut) (*fs.Inode, fs.FileHandle, uint32, syscall.Errno) {
	return n.opened(ctx, mode, false, out, func(dir int) (int, error) {
		return unix.Open(magic(dir), int(flags)&openFlags|unix.O_TMPFILE|unix.O_CLOEXEC, mode)
	})
}

// opened makes a file by opening it.
func (n *node) opened(ctx context.Context, mode uint32, named bool, out *fuse.EntryOut, open func(dir int) (int, error)) (ch *fs.Inode, f fs.FileHandle, _ uint32, errno syscall.Errno) {
	errno = n.with(func(dir int) error {
		fd, err := open(dir)
		if err != nil {
			return err
		}
		path, err := unix.Open(magic(fd), unix.O_PATH|unix.O_CLOEXEC, 0)
		if err == nil {
			defer unix.Close(path)
			if err = own(ctx, dir, path, mode); err == nil {
				ch, err = n.child(ctx, path, named, out)
			}
		}
		if err != nil {
			unix.Close(fd)
			return err
		}
		f = fs.NewLoopbackFile(fd)
		return nil
	})
	return ch, f, 0, errno
}

// Mkdir implements fs.NodeMkdirer.
func (n *node) Mkdir(ctx context.Context, name string, mode uint32, out *fuse.EntryOut) (*fs.Inode, syscall.Errno) {
	return n.make(ctx, name, mode, out, func(dir int) error { return unix.Mkdirat(dir, name, mode) })
}

// Mknod implements fs.NodeMknoder.
func (n *node) Mknod(ctx context.Context, name string, mode, dev uint32, out *fuse.EntryOut) (*fs.Inode, syscall.Errno) {
	return n.make(ctx, name, mode, out, func(dir int) error { return unix.Mknodat(dir, name, mode, int(dev)) })
}

// Symlink implements fs.NodeSymlinker.
func (n *node) Symlink(ctx context.Context, target, name string, out *fuse.EntryOut) (*fs.Inode, syscall.Errno) {
	return n.make(ctx, name, 0, out, func(dir int) error { return unix.Symlinkat(target, dir, name) })
}

// Link implements fs.NodeLinker.
func (n *node) Link(ctx context.Context, target fs.InodeEmbedder, name string, out *fuse.EntryOut) (ch *fs.Inode, errno syscall.Errno) {
	t, ok := target.(*node)
	if !ok {
		return nil, unix.EXDEV
	}
	errno = n.with(func(dir int) (err error) {
		e := t.with(func(fd int) error {
			return unix.Linkat(unix.AT_FDCWD, magic(fd), dir, name, unix.AT_SYMLINK_FOLLOW)
		})
		if e != 0 {
			return e
		}
		ch, err = n.entry(ctx, dir, name, out)
		return err
	})
	return ch, errno
}

// Unlink implements fs.NodeUnlinker.
func (n *node) Unlink(_ context.Context, name string) syscall.Errno {
	n.hold(name)
	return n.with(func(dir int) error { return unix.Unlinkat(dir, name, 0) })
}

// Rmdir implements fs.NodeRmdirer.
func (n *node) Rmdir(_ context.Context, name string) syscall.Errno {
	n.hold(name)
	return n.with(func(dir int) error { return unix.Unlinkat(dir, name, unix.AT_REMOVEDIR) })
}

// Rename implements fs.NodeRenamer.
func (n *node) Rename(_ context.Context, name string, newParent fs.InodeEmbedder, newName string, flags uint32) syscall.Errno {
	to, ok := newParent.(*node)
	if !ok {
		return unix.EXDEV
	}
	to.hold(newName)
	return n.with(func(dir int) error {
		e := to.with(func(newDir int) error { return unix.Renameat2(dir, name, newDir, newName, uint(flags)) })
		if e != 0 {
			return e
		}
		return nil
	})
}
