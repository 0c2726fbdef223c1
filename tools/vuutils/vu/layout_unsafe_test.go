// SPDX-License-Identifier: Apache-2.0

package vu

import (
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"vuos.dev/engine/abi"
)

// The layout is that of the C tools: struct utsname, then two strings.
func TestInfoLayout(t *testing.T) {
	var info abi.Info
	for _, c := range []struct {
		name      string
		got, want uintptr
	}{
		{"size of struct vu_info", unsafe.Sizeof(info), 8 * 65},
		{"alignment", unsafe.Alignof(info), 1},
		{"size of struct utsname", unsafe.Sizeof(unix.Utsname{}), 6 * 65},
		{"nodename", unsafe.Offsetof(info.Nodename), unsafe.Offsetof(unix.Utsname{}.Nodename)},
		{"release", unsafe.Offsetof(info.Release), unsafe.Offsetof(unix.Utsname{}.Release)},
		{"version", unsafe.Offsetof(info.Version), unsafe.Offsetof(unix.Utsname{}.Version)},
		{"machine", unsafe.Offsetof(info.Machine), unsafe.Offsetof(unix.Utsname{}.Machine)},
		{"domainname", unsafe.Offsetof(info.Domainname), unsafe.Offsetof(unix.Utsname{}.Domainname)},
		{"vu_serverid", unsafe.Offsetof(info.Serverid), 6 * 65},
		{"vu_name", unsafe.Offsetof(info.Name), 7 * 65},
	} {
		if c.got != c.want {
			t.Errorf("%s: %d bytes, want %d", c.name, c.got, c.want)
		}
	}
}

// The buffers are as large as the C tools' (DEBUG_NTAGS+1 in vulib.h), which
// older hypervisors may fill without looking at the length.
func TestDebugBuffers(t *testing.T) {
	if len(DebugTags) != 63 || debugTagsLen != 66 || debugTagNameLen != 32 {
		t.Errorf("%d tags, buffers of %d and %d bytes", len(DebugTags), debugTagsLen, debugTagNameLen)
	}
}
