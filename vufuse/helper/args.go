// SPDX-License-Identifier: Apache-2.0

package helper

import (
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
)

// Options are the options of a mount with those that are flags.
func Options(opts string, flags uintptr) string {
	for _, f := range flagNames {
		if flags&f.flag != 0 && !hasOption(opts, f.name) {
			opts = strings.TrimPrefix(opts+","+f.name, ",")
		}
	}
	return opts
}

// Source is the path of a file that the caller names relative to where it stands, as the program
// stands elsewhere. What is no file may mean something to the program and stays as it is.
func Source(c engine.Call, name string) string {
	if name == "" || filepath.IsAbs(name) {
		return name
	}
	if _, path, err := c.View().Lookup(c, name, true); err == nil {
		return path
	}
	return name
}

// flagNames are the mount flags as options.
var flagNames = []struct {
	flag uintptr
	name string
}{
	{unix.MS_RDONLY, "ro"}, {unix.MS_NOSUID, "nosuid"}, {unix.MS_NODEV, "nodev"}, {unix.MS_NOEXEC, "noexec"},
	{unix.MS_SYNCHRONOUS, "sync"}, {unix.MS_DIRSYNC, "dirsync"}, {unix.MS_NOATIME, "noatime"},
}

func hasOption(opts, name string) bool {
	for _, s := range strings.Split(opts, ",") {
		if s == name {
			return true
		}
	}
	return false
}
