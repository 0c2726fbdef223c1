// SPDX-License-Identifier: Apache-2.0

// Package abi has the numbers and fixed-layout structures of the virtual system
// calls, as the tools of VUOS use them (vulib.h of the original). It has no logic.
package abi

// Virtual system calls have negative numbers, which no kernel uses.
const (
	SysInsmod  = -1 // insmod(name, permanent)
	SysRmmod   = -2 // rmmod(name)
	SysLsmod   = -3 // lsmod(buf, len): the length needed; names and descriptions as lines
	SysVuctl   = -4 // vuctl(tag, ...)
	SysMsocket = -5 // msocket(stack, domain, type, protocol)
)

// PrctlVirtual is an option of prctl(2) by which virtual calls, mount(2) and umount2(2) get through where a container's seccomp
// filter refuses their numbers: prctl(PrctlVirtual, number, args), args pointing to six words. EINVAL where there is no
// view. The original does not have it.
const PrctlVirtual = 0x56554f53 // "VUOS"

// Tags of vuctl.
const (
	CtlGetInfo         = 1 // (struct Info *) or NULL: 0 in a view, ENOSYS elsewhere
	CtlSetName         = 2 // (char *name)
	CtlGetDebugTags    = 3 // (char *tags, len, local)
	CtlAddDebugTags    = 4 // (char *tags, local)
	CtlDelDebugTags    = 5 // (char *tags, local)
	CtlGetDebugTagName = 6 // (tag, char *name, len)
	CtlSetDebugColor   = 7 // (char *tags_and_colours)

	// Tags that the original does not have.
	CtlNewView    = 64 // (char *name): the caller enters a new view, a copy of its own
	CtlMountError = 65 // (char *buf, len): message of the caller's last failed mount
)

// SockDefault is the socket type with which msocket sets the default stack of
// the process.
const SockDefault = 0

// UTSLen is the length of each member of struct utsname.
const UTSLen = 65

// Info is struct vu_info: the view's uname(2), then its own name.
type Info struct {
	Sysname, Nodename, Release, Version, Machine, Domainname [UTSLen]byte
	Serverid                                                 [UTSLen]byte // pid of umvu
	Name                                                     [UTSLen]byte // name of the view
}
