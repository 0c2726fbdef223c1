// SPDX-License-Identifier: Apache-2.0

package vufusereal

import (
	"context"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
	"golang.org/x/sys/unix"
)

// node is an inode of the host. It is known by its place in the tree, until it is removed or if it never had one: then a
// descriptor holds it, so that it stays the same inode for those who have it open.
type node struct {
	fs.Inode
	tree *tree

	mu   sync.Mutex
	held int // O_PATH descriptor, or -1
}

// tree is what all inodes have in common.
type tree struct {
	top  *node
	dev  uint64
	held atomic.Int64 // removed inodes that are held
}

// maxHeld bounds the removed inodes that are held: who knows an inode may be slow to forget it.
const maxHeld = 1024

// newRoot holds the directory at a path.
func newRoot(path string) (*node, error) {
	fd, err := unix.Open(path, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	var st syscall.Stat_t
	if err := syscall.Fstat(fd, &st); err != nil {
		unix.Close(fd)
		return nil, err
	}
	top := &node{held: fd, tree: &tree{dev: st.Dev}}
	top.tree.top = top
	return top, nil
}

var (
	_ fs.NodeOnForgetter    = (*node)(nil)
	_ fs.NodeLookuper       = (*node)(nil)
	_ fs.NodeReadlinker     = (*node)(nil)
	_ fs.NodeOpener         = (*node)(nil)
	_ fs.NodeOpendirHandler = (*node)(nil)
	_ fs.NodeStatfser       = (*node)(nil)
)

// OnForget implements fs.NodeOnForgetter.
func (n *node) OnForget() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.held >= 0 {
		unix.Close(n.held)
		n.held = -1
		n.tree.held.Add(-1)
	}
}

// with runs f with an O_PATH descriptor of the inode.
func (n *node) with(f func(fd int) error) syscall.Errno {
	n.mu.Lock()
	held := n.held
	n.mu.Unlock()
	if held >= 0 {
		return fs.ToErrno(f(held))
	}
	fd, err := n.find()
	if err != nil {
		return fs.ToErrno(err)
	}
	defer unix.Close(fd)
	return fs.ToErrno(f(fd))
}

// find opens the inode by its place in the tree, which no symbolic link of the host's is to lead out of.
func (n *node) find() (int, error) {
	dir, path := n.tree.top.held, n.Path(n.tree.top.EmbeddedInode())
	for {
		part, rest := path, ""
		if len(path) >= unix.PathMax { // one call takes no more
			i := strings.LastIndexByte(path[:unix.PathMax], '/')
			part, rest = path[:max(i, 0)], path[i+1:]
		}
		fd, err := unix.Openat2(dir, part, &unix.OpenHow{
			Flags: unix.O_PATH | unix.O_NOFOLLOW | unix.O_CLOEXEC, Resolve: unix.RESOLVE_BENEATH | unix.RESOLVE_NO_SYMLINKS,
		})
		if dir != n.tree.top.held {
			unix.Close(dir)
		}
		if err != nil || rest == "" {
			return fd, err
		}
		dir, path = fd, rest
	}
}

// hold keeps the inode of a name that is about to be removed, if somebody knows it.
func (n *node) hold(name string) {
	ch := n.GetChild(name)
	if ch == nil {
		return
	}
	c, ok := ch.Operations().(*node)
	if !ok {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.held >= 0 || n.tree.held.Load() >= maxHeld {
		return
	}
	if fd, err := c.find(); err == nil {
		c.held = fd
		n.tree.held.Add(1)
	}
}

// magic is a path that names exactly what a descriptor stands for.
func magic(fd int) string { return "/proc/self/fd/" + strconv.Itoa(fd) }

// child is the inode that the O_PATH descriptor fd stands for; without a name it is held by it from then on.
func (n *node) child(ctx context.Context, fd int, named bool, out *fuse.EntryOut) (*fs.Inode, error) {
	var st syscall.Stat_t
	if err := syscall.Fstat(fd, &st); err != nil {
		return nil, err
	}
	out.FromStat(&st)
	made := &node{held: -1, tree: n.tree}
	if !named {
		var err error
		if made.held, err = unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0); err != nil {
			return nil, err
		}
		n.tree.held.Add(1)
	}
	// Numbers of inodes that are gone are used again by the host, which the time of birth tells.
	var stx unix.Statx_t
	if err := unix.Statx(fd, "", unix.AT_EMPTY_PATH, unix.STATX_BTIME, &stx); err != nil {
		return nil, err
	}
	// Files of other devices below the root get numbers apart from its own.
	id := fs.StableAttr{Mode: st.Mode, Ino: st.Ino ^ (st.Dev^n.tree.dev)<<32, Gen: uint64(stx.Btime.Sec)*1e9 + uint64(stx.Btime.Nsec)}
	return n.NewInode(ctx, made, id), nil
}

// entry is the inode of a name in the directory dir.
func (n *node) entry(ctx context.Context, dir int, name string, out *fuse.EntryOut) (ch *fs.Inode, err error) {
	fd, err := unix.Openat(dir, name, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	return n.child(ctx, fd, true, out)
}

// Lookup implements fs.NodeLookuper.
func (n *node) Lookup(ctx context.Context, name string, out *fuse.EntryOut) (ch *fs.Inode, errno syscall.Errno) {
	errno = n.with(func(dir int) (err error) {
		ch, err = n.entry(ctx, dir, name, out)
		return err
	})
	return ch, errno
}

// Readlink implements fs.NodeReadlinker.
func (n *node) Readlink(context.Context) (text []byte, errno syscall.Errno) {
	errno = n.with(func(fd int) error {
		buf := make([]byte, unix.PathMax)
		k, err := unix.Readlinkat(fd, "", buf)
		text = buf[:max(k, 0)]
		return err
	})
	return text, errno
}

// openFlags are those that a file of the host is opened with if they are asked for: where it is written is told by
// each request, and buffers are not aligned as O_DIRECT wants it.
const openFlags = unix.O_ACCMODE | unix.O_TRUNC | unix.O_EXCL | unix.O_NONBLOCK | unix.O_SYNC | unix.O_DSYNC

// Open implements fs.NodeOpener.
func (n *node) Open(_ context.Context, flags uint32) (f fs.FileHandle, _ uint32, errno syscall.Errno) {
	errno = n.with(func(fd int) error {
		fd, err := unix.Open(magic(fd), int(flags)&openFlags&^unix.O_EXCL|unix.O_CLOEXEC, 0)
		if err == nil {
			f = fs.NewLoopbackFile(fd)
		}
		return err
	})
	return f, 0, errno
}

// OpendirHandle implements fs.NodeOpendirHandler.
func (n *node) OpendirHandle(context.Context, uint32) (f fs.FileHandle, _ uint32, errno syscall.Errno) {
	errno = n.with(func(fd int) error {
		s, e := fs.NewLoopbackDirStream(magic(fd))
		if e != 0 {
			return e
		}
		f = s
		return nil
	})
	return f, 0, errno
}

// Statfs implements fs.NodeStatfser.
func (n *node) Statfs(_ context.Context, out *fuse.StatfsOut) syscall.Errno {
	return n.with(func(fd int) error {
		var st syscall.Statfs_t
		err := syscall.Fstatfs(fd, &st)
		out.FromStatfsT(&st)
		return err
	})
}
