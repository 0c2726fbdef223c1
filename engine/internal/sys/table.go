// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"golang.org/x/sys/unix"
	"vuos.dev/engine/internal/seccomp"
)

// row is one system call.
type row struct {
	nr     int
	name   string
	trap   seccomp.Trap
	at     int // position of the path: 1 if a directory descriptor comes first
	handle func(*call) reply
	note   string // for docs/syscalls.md
}

// When calls are notified.
var (
	always = seccomp.Trap{Kind: seccomp.Always}
	fd0    = seccomp.Trap{Kind: seccomp.ByFD, Args: []int{0}}
	fd01   = seccomp.Trap{Kind: seccomp.ByFD, Args: []int{0, 1}}
	fd02   = seccomp.Trap{Kind: seccomp.ByFD, Args: []int{0, 2}}

	// reading and seeking are native in the read zone, except where the file system tells what is a hole.
	reading = seccomp.Trap{Kind: seccomp.ByReadFD, Args: []int{0}}
	seeking = seccomp.Trap{Kind: seccomp.ByReadFD, Args: []int{0, 2}, Values: []uint32{unix.SEEK_DATA, unix.SEEK_HOLE}}
)

func argIs(n int, values ...uint32) seccomp.Trap {
	return seccomp.Trap{Kind: seccomp.ArgEquals, Args: []int{n}, Values: values}
}

// fdOr is fd0, or for another reason.
func fdOr(or seccomp.Trap) seccomp.Trap {
	t := fd0
	t.Or = &or
	return t
}

// cloning are the flags of clone after which working directory and root are not what a state says.
var cloning = seccomp.Trap{
	Kind: seccomp.ArgHasFlags, Args: []int{0}, Values: []uint32{unix.CLONE_NEWNS | unix.CLONE_NEWUSER},
	Or: &seccomp.Trap{Kind: seccomp.ArgHasFlags, Args: []int{0}, Values: []uint32{unix.CLONE_FS, unix.CLONE_THREAD}},
}

// socketIoctl are the requests that any socket takes, whatever its number (SIOCGSTAMP and those of interfaces, routes and
// neighbours), and SIOCOUTQ; blockIoctl those of block devices (linux/fs.h), and HDIO_GETGEO. Programs that have either ask
// rarely.
var (
	socketIoctl = seccomp.Trap{Kind: seccomp.ArgBetween, Args: []int{1}, Values: []uint32{0x8900, 0x89ff}, Or: &blockIoctl}
	blockIoctl  = seccomp.Trap{
		Kind: seccomp.ArgBetween, Args: []int{1}, Values: []uint32{0x1200, 0x12ff},
		Or: &seccomp.Trap{Kind: seccomp.ArgEquals, Args: []int{1}, Values: []uint32{
			unix.TIOCOUTQ, unix.BLKGETSIZE64, unix.BLKBSZGET, unix.BLKBSZSET, hdioGetGeo,
		}},
	}
)

const hdioGetGeo = 0x301 // HDIO_GETGEO of linux/hdreg.h

func refuse(errno unix.Errno) seccomp.Trap {
	return seccomp.Trap{Kind: seccomp.Refuse, Errno: errno}
}

// maxNr is above all numbers in the table.
const maxNr = 512

// byNumber is the table by number.
func byNumber() (r [maxNr]row) {
	for _, e := range table {
		r[e.nr] = e
	}
	return r
}

// Filter is the seccomp filter that notifies what the table says.
func Filter() []unix.SockFilter {
	traps := map[int]seccomp.Trap{}
	for _, e := range table {
		traps[e.nr] = e.trap
	}
	return seccomp.Program(traps)
}
