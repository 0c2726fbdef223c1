// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"vuos.dev/submods/vufuseext2/internal/volume"
)

// options are those of -o.
type options struct {
	rw, force bool
	silent    bool
	debug     bool
	offset    int64
	atime     volume.Atime
	mount     []string // for fusermount, that is the kernel
}

// passed are options of mount(8) and fusermount3(1) that are handed on.
var passed = []string{
	"allow_other", "allow_root", "default_permissions", "auto_unmount", "dev", "nodev", "suid", "nosuid", "exec", "noexec",
	"async", "sync", "dirsync", "fsname", "subtype", "context", "fscontext", "defcontext", "rootcontext",
}

// ignored are options that tools pass and that mean nothing here.
var ignored = []string{"defaults", "auto", "noauto", "user", "nouser", "users", "_netdev", "nofail", "loop", "nonempty"}

// valued says which options have a value.
var valued = []string{"offset", "fsname", "subtype", "context", "fscontext", "defcontext", "rootcontext"}

// parse reads a list like "rw+,offset=1048576". The last of options that contradict each other counts.
// Errors: "OPTION: why".
func (o *options) parse(list string) error {
	for opt := range strings.SplitSeq(list, ",") {
		if opt == "" {
			continue
		}
		name, value, has := strings.Cut(opt, "=")
		if err := o.set(name, value, has); err != nil {
			return fmt.Errorf("%s: %w", opt, err)
		}
	}
	return nil
}

func (o *options) set(name, value string, has bool) error {
	if wants := slices.Contains(valued, name); has != wants || (wants && value == "") {
		switch {
		case wants:
			return fmt.Errorf("needs a value (%s=...)", name)
		case o.known(name):
			return fmt.Errorf("takes no value")
		}
	}
	switch name {
	case "ro":
		o.rw, o.force = false, false
	case "rw":
		o.rw = true
	case "rw+":
		o.rw, o.force = true, true
	case "force":
		o.force = true
	case "debug":
		o.debug = true
	case "silent":
		o.silent = true
	case "noatime":
		o.atime = volume.Noatime
	case "relatime", "atime":
		o.atime = volume.Relatime
	case "strictatime":
		o.atime = volume.Strictatime
	case "offset":
		n, err := strconv.ParseUint(value, 0, 63)
		if err != nil {
			return fmt.Errorf("not a number of bytes")
		}
		o.offset = int64(n)
	default:
		return o.other(name, value, has)
	}
	return nil
}

// own are the options that set handles.
var own = []string{
	"ro", "rw", "rw+", "force", "debug", "silent", "noatime", "relatime", "atime", "strictatime", "offset",
}

func (o *options) known(name string) bool {
	return slices.Contains(own, name) || slices.Contains(passed, name) || slices.Contains(ignored, name)
}

func (o *options) other(name, value string, has bool) error {
	switch {
	case slices.Contains(ignored, name):
		return nil
	case !slices.Contains(passed, name):
		return fmt.Errorf("unknown option")
	}
	if has {
		name += "=" + value
	}
	o.mount = append(o.mount, name)
	return nil
}

// write tells whether the image may be written. As in the original, rw alone (the default) is not enough: force must
// be there too.
func (o *options) write() bool { return o.rw && o.force }
