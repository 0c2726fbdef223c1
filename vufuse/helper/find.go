// SPDX-License-Identifier: Apache-2.0

// Package helper has what it takes to start a program that serves a file system, as mount(8) starts its helpers: where it
// is, its arguments, and what its last words mean.
package helper

import (
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
)

// Find looks for a program in $VU_MODULE_PATH, beside umvu, in the module directory, and
// in $PATH. A path is not the name of a program.
func Find(c engine.Call, name string) string {
	if strings.ContainsRune(name, '/') {
		return ""
	}
	dirs := filepath.SplitList(os.Getenv("VU_MODULE_PATH"))
	if exe, err := os.Executable(); err == nil {
		dirs = append(dirs, filepath.Dir(exe))
	}
	dirs = append(dirs, "/usr/lib/vu/modules")
	dirs = append(dirs, filepath.SplitList(os.Getenv("PATH"))...)
	for _, dir := range dirs {
		if path := filepath.Join(dir, name); dir != "" && executable(c, path) {
			return path
		}
	}
	return ""
}

// executable tells whether path is a program, in the view if there is one.
func executable(c engine.Call, path string) bool {
	v := c.View()
	if v == nil {
		fi, err := os.Stat(path)
		return err == nil && fi.Mode().IsRegular() && fi.Mode()&0o111 != 0
	}
	n, _, err := v.Lookup(c, path, true)
	if err != nil || n.Type() != unix.S_IFREG {
		return false
	}
	var st unix.Statx_t
	return n.Stat(c, &st) == nil && st.Mode&0o111 != 0
}
