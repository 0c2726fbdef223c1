// SPDX-License-Identifier: Apache-2.0

package viewtest

import (
	"encoding/binary"
	"fmt"
	"testing"

	"golang.org/x/sys/unix"
)

// Numbers and tags of the original's vulib.h, not taken from package abi: this
// is the other side.
const (
	insmod, rmmod, lsmod, vuctl, msocket = -1, -2, -3, -4, -5

	getInfo, setName                        = 1, 2
	getTags, addTags, delTags, tagName, col = 3, 4, 5, 6, 7
	mountError                              = 65
)

// stack is a network stack of the view.
const stack = "/dev/net/myvde"

// struct stat of amd64: st_mode follows st_dev, st_ino and st_nlink.
const (
	statSize   = 144
	modeOffset = 24
)

const modules = "vufs: vu filesystem patchworking\nvudev: vu virtual devices\n"

// hypervisor is a view with two modules, in which a call whose line is in
// errors fails. It notes the calls that change something.
type hypervisor struct {
	t      *testing.T
	errors map[string]unix.Errno
	log    []string
}

func (h *hypervisor) handle(tid int, nr int64, a [4]uint64) answer {
	str := func(addr uint64) string { return peekString(h.t, tid, addr) }
	switch nr {
	case insmod:
		return h.note("insmod %s %d", str(a[0]), int32(a[1]))
	case rmmod:
		return h.note("rmmod %s", str(a[0]))
	case lsmod:
		text := append([]byte(modules), 0)
		if a[0] != 0 {
			poke(h.t, tid, a[0], text[:min(uint64(len(text)), a[1])])
		}
		return answer{true, int64(len(text))}
	case vuctl:
		return h.control(tid, a)
	case msocket:
		if int32(a[2]) == -1 { // as vustack -s probes
			if a[1] == unix.AF_INET {
				return answer{true, -int64(unix.EINVAL)}
			}
			return answer{true, -int64(unix.EAFNOSUPPORT)}
		}
		return h.note("msocket %s %d %d %d", str(a[0]), int32(a[1]), int32(a[2]), int32(a[3]))
	case unix.SYS_MOUNT:
		return h.note("mount %s %s %s", str(a[0]), str(a[1]), str(a[2]))
	case unix.SYS_UMOUNT2:
		return h.note("umount %s %d", str(a[0]), int32(a[1]))
	case unix.SYS_NEWFSTATAT:
		if str(a[1]) == stack {
			st := make([]byte, statSize)
			binary.NativeEndian.PutUint32(st[modeOffset:], 0o160777)
			poke(h.t, tid, a[2], st)
			return answer{true, 0}
		}
	}
	return answer{}
}

func (h *hypervisor) control(tid int, a [4]uint64) answer {
	str := func(addr uint64) string { return peekString(h.t, tid, addr) }
	text := func(addr, size uint64, s string) answer {
		poke(h.t, tid, addr, append([]byte(s), 0)[:min(uint64(len(s)+1), size)])
		return answer{true, 0}
	}
	switch a[0] {
	case getInfo:
		if a[1] != 0 {
			poke(h.t, tid, a[1], info())
		}
		return answer{true, 0}
	case setName:
		return h.note("setname %s", str(a[1]))
	case getTags:
		if a[3] != 0 {
			return text(a[1], a[2], "p")
		}
		return text(a[1], a[2], "as")
	case addTags:
		return h.note("add %s %d", str(a[1]), int32(a[2]))
	case delTags:
		return h.note("del %s %d", str(a[1]), int32(a[2]))
	case tagName:
		return text(a[2], a[3], map[uint64]string{'a': "ACTION", 'V': "VUFS"}[a[1]])
	case col:
		return h.note("colour %s", str(a[1]))
	case mountError:
		return text(a[1], a[2], "/img: not an image")
	}
	return answer{true, -int64(unix.EINVAL)}
}

func (h *hypervisor) note(format string, a ...any) answer {
	line := fmt.Sprintf(format, a...)
	h.log = append(h.log, line)
	return answer{true, -int64(h.errors[line])}
}

// info is struct vu_info: eight strings of 65 bytes.
func info() []byte {
	raw := make([]byte, 8*65)
	for i, s := range [...]string{"Linux", "host", "6.1", "#1 SMP", "x86_64", "(none)", "42", "myview"} {
		copy(raw[i*65:], s)
	}
	return raw
}
