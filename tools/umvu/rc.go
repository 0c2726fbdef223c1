// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// systemRC is run in each view.
const systemRC = "/etc/vurc"

// rcFiles are the files to run before the command. Of the usual ones, those that cannot be executed
// are left out; one that the user asks for must be there.
func (o *options) rcFiles() []string {
	switch {
	case o.rc != "":
		path, err := filepath.Abs(o.rc) // not searched in PATH
		if err != nil {
			path = o.rc
		}
		return []string{path}
	case o.noRC:
		return nil
	}
	usual := []string{systemRC}
	if home, err := os.UserHomeDir(); err == nil {
		usual = append(usual, filepath.Join(home, ".vurc"))
	}
	var files []string
	for _, f := range usual {
		st, err := os.Stat(f)
		if err == nil && st.Mode().IsRegular() && unix.Access(f, unix.X_OK) == nil {
			files = append(files, f)
		}
	}
	return files
}
