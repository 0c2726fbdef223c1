// SPDX-License-Identifier: Apache-2.0

package netstack

import (
	"maps"
	"os"
	"strings"

	"vuos.dev/engine"
	"vuos.dev/vunet/internal/textfs"
	"vuos.dev/vunet/procnet"
)

var _ engine.StackFiles = (*Stack)(nil)

// ProcNet implements engine.StackFiles.
func (s *Stack) ProcNet() engine.FileSystem { return textfs.New(procFiles{s}) }

// SysClassNet implements engine.StackFiles.
func (s *Stack) SysClassNet() engine.FileSystem { return textfs.New(sysFiles{s}) }

// ProcSysNet implements engine.StackFiles.
func (s *Stack) ProcSysNet() engine.FileSystem { return textfs.New(sysctlFiles{s}) }

// procFiles is /proc/net.
type procFiles struct{ s *Stack }

// hostUnix lists sockets of AF_UNIX, which are the kernel's in every stack.
const hostUnix = "/proc/net/unix"

// Names implements textfs.Tree.
func (procFiles) Names() []string { return append(procnet.Names(), "unix") }

// Read implements textfs.Tree.
func (f procFiles) Read(path string) ([]byte, bool) {
	if path == "unix" {
		b, err := os.ReadFile(hostUnix)
		return b, err == nil
	}
	return procnet.File(f.s, path)
}

// sysFiles is /sys/class/net: a directory for each link.
type sysFiles struct{ s *Stack }

// Names implements textfs.Tree.
func (f sysFiles) Names() (names []string) {
	for _, l := range f.s.conf.Links() {
		for name := range maps.Keys(procnet.SysClassNet(f.s.conf, l.Name)) {
			names = append(names, l.Name+"/"+name)
		}
	}
	return names
}

// Read implements textfs.Tree.
func (f sysFiles) Read(path string) ([]byte, bool) {
	link, name, _ := strings.Cut(path, "/")
	b, ok := procnet.SysClassNet(f.s.conf, link)[name]
	return b, ok
}
