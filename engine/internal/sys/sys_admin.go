// SPDX-License-Identifier: Apache-2.0

package sys

import "golang.org/x/sys/unix"

// What these calls do to a file they do inside the kernel, which a virtual file cannot be for. They are here so that they do it
// to no other file that the host has at the path.

// refuseAdmin is for calls on a path that need a privilege first.
func refuseAdmin(privilege int, errno unix.Errno) func(*call) reply {
	refuse := refusePath(errno)
	return func(c *call) reply {
		if c.pathArg() == 0 || !c.Cred().HasCap(privilege) {
			return native
		}
		return refuse(c)
	}
}

// sysQuotactl is quotactl(cmd, special, id, addr): of a block device that the kernel has not mounted (fs/quota/quota.c:quotactl_block()).
func sysQuotactl(c *call) reply {
	if c.n.Args[1] == 0 {
		return native
	}
	t, r, done := c.find(unix.AT_FDCWD, c.n.Args[1], follow)
	switch {
	case done:
		return r
	case t.Node.Type() != unix.S_IFBLK:
		return fail(unix.ENOTBLK)
	}
	return fail(unix.ENODEV)
}
