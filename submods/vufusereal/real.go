// SPDX-License-Identifier: Apache-2.0

// Package vufusereal is the vufuse submodule that shows a directory tree of the host again elsewhere, through
// FUSE. It is for testing: a vufs bind does the same at less cost.
//
//	vumount -t vufusereal OLDDIR NEWDIR
package vufusereal

import (
	"fmt"
	"path/filepath"

	"github.com/hanwen/go-fuse/v2/fs"
	"golang.org/x/sys/unix"

	"vuos.dev/engine"
	"vuos.dev/vufuse"
)

// Submodule is the registration for [vufuse.New].
var Submodule = vufuse.Submodule{
	Name:        "real",
	Description: "a directory tree of the host",
	Root:        root,
}

// root makes the tree of r.Source. What it does on the host it does as umvu; so that a guest can do
// no more than before, modes and owners decide here.
func root(c engine.Call, r *engine.MountRequest, o *vufuse.Options) (fs.InodeEmbedder, error) {
	path, err := hostPath(c, r.Source)
	if err != nil {
		return nil, err
	}
	o.Client.DefaultPermissions = true
	o.FS.NullPermissions = true // a mode of 0 is one
	return newRoot(path)
}

// hostPath finds the source in the view, and that it is the same on the host.
func hostPath(c engine.Call, source string) (string, error) {
	path, err := filepath.Abs(source)
	if err != nil {
		return "", err
	}
	var seen unix.Statx_t
	if v := c.View(); v != nil {
		var n engine.Node
		if n, path, err = v.Lookup(c, source, true); err != nil {
			return "", err
		}
		if err := n.Stat(c, &seen); err != nil {
			return "", err
		}
	}
	var st unix.Statx_t
	if err := unix.Statx(unix.AT_FDCWD, path, 0, unix.STATX_BASIC_STATS, &st); err != nil {
		return "", err
	}
	if st.Mode&unix.S_IFMT != unix.S_IFDIR {
		return "", unix.ENOTDIR
	}
	same := seen.Ino == st.Ino && seen.Dev_major == st.Dev_major && seen.Dev_minor == st.Dev_minor
	if c.View() != nil && !same {
		return "", &engine.MountError{Err: unix.EXDEV, Message: fmt.Sprintf("vufusereal: %s is not on the host", source)}
	}
	return path, nil
}
