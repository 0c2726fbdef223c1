// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"bytes"
	"encoding/binary"

	"golang.org/x/sys/unix"
	"vuos.dev/engine"
	"vuos.dev/engine/internal/watch"
)

// xattrArgs are the arguments of a call of the xattr family, wherever they are.
type xattrArgs struct {
	t     target
	name  uint64
	value uint64
	size  uint64
	flags int
}

// xattrTarget finds the inode for the path, l-path and descriptor forms; at names the argument
// behind it.
func (c *call) xattrPath(w want) (a xattrArgs, r reply, done bool) {
	a.t, r, done = c.find(unix.AT_FDCWD, c.n.Args[0], w)
	c.xattrRest(&a)
	return a, r, done
}

func (c *call) xattrFD() (a xattrArgs, r reply, done bool) {
	a.t, r, done = c.ofFD(c.fd(0))
	c.xattrRest(&a)
	return a, r, done
}

func (c *call) xattrRest(a *xattrArgs) {
	a.name, a.value, a.size, a.flags = c.n.Args[1], c.n.Args[2], c.n.Args[3], c.fd(4)
}

// xattrAt is the *xattrat form (Linux 6.13): dirfd, path, at_flags, name, struct xattr_args
// *, size. Listing has the buffer instead of the name.
func (c *call) xattrAt(hasArgs bool) (a xattrArgs, r reply, done bool) {
	a.t, r, done = c.find(c.fd(0), c.n.Args[1], atFlags(c.fd(2)))
	if done {
		return a, r, done
	}
	if c.fd(2)&^(unix.AT_SYMLINK_NOFOLLOW|unix.AT_EMPTY_PATH) != 0 {
		return a, fail(unix.EINVAL), true
	}
	a.name = c.n.Args[3]
	if hasArgs {
		var b [16]byte // __u64 value, __u32 size, __u32 flags
		if c.n.Args[5] < uint64(len(b)) {
			return a, fail(unix.EINVAL), true
		}
		if errno := c.onlyZeros(c.n.Args[4]+uint64(len(b)), c.n.Args[5]-uint64(len(b))); errno != 0 {
			return a, fail(errno), true
		}
		if _, err := c.mem().ReadAt(b[:], c.n.Args[4]); err != nil {
			return a, c.result(err), true
		}
		a.value = binary.NativeEndian.Uint64(b[:])
		a.size = uint64(binary.NativeEndian.Uint32(b[8:]))
		a.flags = int(binary.NativeEndian.Uint32(b[12:]))
	}
	return a, reply{}, false
}

// onlyZeros is what copy_struct_from_user() asks of the part of a structure that we do not know.
func (c *call) onlyZeros(addr, n uint64) unix.Errno {
	if n > 4096 {
		return unix.E2BIG
	}
	b := make([]byte, n)
	if _, err := c.mem().ReadAt(b, addr); err != nil {
		return unix.EFAULT
	}
	for _, v := range b {
		if v != 0 {
			return unix.E2BIG
		}
	}
	return 0
}

// xattrCall makes a handler from the way the arguments are found and what is done with them.
func xattrCall(args func(*call) (xattrArgs, reply, bool), do func(*call, xattrArgs) reply) func(*call) reply {
	return func(c *call) reply {
		a, r, done := args(c)
		if done {
			return r
		}
		return do(c, a)
	}
}

func xattrFollow(c *call) (xattrArgs, reply, bool)   { return c.xattrPath(follow) }
func xattrNoFollow(c *call) (xattrArgs, reply, bool) { return c.xattrPath(0) }
func xattrByFD(c *call) (xattrArgs, reply, bool)     { return c.xattrFD() }
func xattrByAt(c *call) (xattrArgs, reply, bool)     { return c.xattrAt(true) }

// xattrByAtGet is xattrByAt without flags (fs/xattr.c:getxattrat).
func xattrByAtGet(c *call) (xattrArgs, reply, bool) {
	a, r, done := c.xattrAt(true)
	if !done && a.flags != 0 {
		return a, fail(unix.EINVAL), true
	}
	return a, r, done
}

func xattrByAtName(c *call) (xattrArgs, reply, bool) { return c.xattrAt(false) }

func xattrByAtList(c *call) (xattrArgs, reply, bool) {
	a, r, done := c.xattrAt(false)
	a.name, a.value = c.n.Args[3], c.n.Args[4]
	return a, r, done
}

// xattrNode checks what fs/xattr.c checks before the file system is asked.
func (c *call) xattrNode(a xattrArgs, change bool) (engine.NodeXattrer, string, error) {
	const nameMax = 255 // XATTR_NAME_MAX
	b, err := c.mem().String(c.path2[:nameMax+1], a.name)
	if err == unix.ENAMETOOLONG || err == nil && len(b) == 0 {
		return nil, "", unix.ERANGE
	}
	if err != nil {
		return nil, "", err
	}
	if change && a.t.Mount != nil && a.t.Mount.ReadOnly() {
		return nil, "", unix.EROFS
	}
	name := string(b)
	if bytes.HasPrefix(b, []byte("user.")) {
		if typ := a.t.Node.Type(); typ != unix.S_IFREG && typ != unix.S_IFDIR {
			if change {
				return nil, "", unix.EPERM
			}
			return nil, "", unix.ENODATA
		}
	}
	x, ok := a.t.Node.(engine.NodeXattrer)
	if !ok {
		return nil, "", unix.EOPNOTSUPP
	}
	return x, name, nil
}

const xattrSizeMax = 65536 // XATTR_SIZE_MAX and XATTR_LIST_MAX

func getXattr(c *call, a xattrArgs) reply {
	x, name, err := c.xattrNode(a, false)
	if err != nil {
		return c.result(err)
	}
	v, err := x.Getxattr(c, name)
	if err != nil {
		return c.result(err)
	}
	return c.putSized(v, a.value, a.size)
}

// putSized copies a value whose size is asked for with a size of 0.
func (c *call) putSized(v []byte, addr, size uint64) reply {
	if size != 0 {
		if uint64(len(v)) > size {
			return fail(unix.ERANGE)
		}
		if _, err := c.mem().WriteAt(v, addr); err != nil {
			return c.result(err)
		}
	}
	return ok(int64(len(v)))
}

func setXattr(c *call, a xattrArgs) reply {
	if a.flags&^(unix.XATTR_CREATE|unix.XATTR_REPLACE) != 0 {
		return fail(unix.EINVAL)
	}
	x, name, err := c.xattrNode(a, true)
	if err != nil {
		return c.result(err)
	}
	if a.size > xattrSizeMax {
		return fail(unix.E2BIG)
	}
	v := make([]byte, a.size)
	if _, err := c.mem().ReadAt(v, a.value); err != nil {
		return c.result(err)
	}
	return c.changed(a.t, x.Setxattr(c, name, v, a.flags))
}

func removeXattr(c *call, a xattrArgs) reply {
	x, name, err := c.xattrNode(a, true)
	if err != nil {
		return c.result(err)
	}
	return c.changed(a.t, x.Removexattr(c, name))
}

// changed ends a call that changed the attributes of an inode.
func (c *call) changed(t target, err error) reply {
	if err == nil {
		c.happened(t, watch.Attrib)
	}
	return c.result(err)
}

func listXattr(c *call, a xattrArgs) reply {
	x, ok := a.t.Node.(engine.NodeXattrer)
	if !ok {
		return c.putSized(nil, a.name, a.value)
	}
	names, err := x.Listxattr(c)
	if err != nil {
		return c.result(err)
	}
	var b []byte
	for _, n := range names {
		b = append(append(b, n...), 0)
	}
	return c.putSized(b, a.name, a.value)
}
