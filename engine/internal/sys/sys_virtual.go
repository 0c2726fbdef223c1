// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"bytes"
	"strconv"

	"golang.org/x/sys/unix"
	"vuos.dev/engine/abi"
	"vuos.dev/engine/internal/task"
)

// sysVirtual is one of the calls that VUOS adds; they have negative numbers.
func sysVirtual(c *call, nr int) reply {
	switch nr {
	case abi.SysInsmod:
		name, err := c.text(c.n.Args[0])
		if err != nil {
			return c.result(err)
		}
		c.Block()
		return c.result(c.s.modules.insmod(c, name, c.n.Args[1] != 0))
	case abi.SysRmmod:
		name, err := c.text(c.n.Args[0])
		if err != nil {
			return c.result(err)
		}
		c.Block()
		return c.result(c.s.modules.rmmod(name))
	case abi.SysLsmod:
		return c.putText(c.s.modules.list(), c.n.Args[0], c.n.Args[1], true)
	case abi.SysVuctl:
		return c.vuctl()
	case abi.SysMsocket:
		return sysMsocket(c)
	}
	return fail(unix.ENOSYS)
}

// putText copies a string with its NUL, cut to the room there is. With size the result is how
// much room it needs.
func (c *call) putText(s string, addr, room uint64, size bool) reply {
	b := append([]byte(s), 0)
	if addr != 0 {
		if _, err := c.mem().WriteAt(b[:min(uint64(len(b)), room)], addr); err != nil {
			return c.result(err)
		}
	}
	if size {
		return ok(int64(len(b)))
	}
	return ok(0)
}

func (c *call) vuctl() reply {
	a := c.n.Args
	switch a[0] {
	case abi.CtlGetInfo:
		return c.getInfo(a[1])
	case abi.CtlSetName:
		name, err := c.text(a[1])
		if err != nil {
			return c.result(err)
		}
		c.task().View.SetName(name[:min(len(name), abi.UTSLen-1)])
		return ok(0)
	case abi.CtlGetDebugTags:
		return c.putText(c.s.log.Tags(), a[1], a[2], false)
	case abi.CtlAddDebugTags, abi.CtlDelDebugTags:
		tags, err := c.text(a[1])
		if err != nil {
			return c.result(err)
		}
		if a[0] == abi.CtlAddDebugTags {
			c.s.log.SetTags(tags)
		} else {
			c.s.log.ClearTags(tags)
		}
		return ok(0)
	case abi.CtlGetDebugTagName:
		return c.putText(c.s.log.TagName(byte(a[1])), a[2], a[3], false)
	case abi.CtlSetDebugColor:
		colors, err := c.text(a[1])
		if err != nil {
			return c.result(err)
		}
		c.s.log.SetColors(colors)
		return ok(0)
	case abi.CtlNewView:
		return c.newView(a[1])
	case abi.CtlMountError:
		return c.putText(c.s.errText.take(c.PID()), a[1], a[2], true)
	}
	return fail(unix.EINVAL)
}

// newView puts the calling process into a view of its own that starts as a copy of the one it is in:
// umvu inside umvu.
func (c *call) newView(nameAddr uint64) reply {
	name, err := c.text(nameAddr)
	if err != nil {
		return c.result(err)
	}
	v := c.task().View.Clone(name)
	if err := c.setTask(func(s *task.State) { s.View = v }); err != nil {
		v.End()
		return c.result(err)
	}
	c.s.addView(v)
	return ok(0)
}

func (c *call) getInfo(addr uint64) reply {
	if addr == 0 {
		return ok(0)
	}
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return c.result(err)
	}
	var b bytes.Buffer
	for _, f := range [...][abi.UTSLen]byte{
		u.Sysname, u.Nodename, u.Release, u.Version, u.Machine, u.Domainname,
		field(strconv.Itoa(pid)), field(c.task().View.Name()),
	} {
		b.Write(f[:])
	}
	_, err := c.mem().WriteAt(b.Bytes(), addr)
	return c.result(err)
}

func field(s string) (f [abi.UTSLen]byte) {
	copy(f[:len(f)-1], s)
	return f
}
