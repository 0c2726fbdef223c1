// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"
)

// families are the modules whose types are their name and a submodule's:
// vufuseext2 is of vufuse. Every other module serves the type of its own name.
var families = [...]string{"vufuse", "vunet", "vudev", "vumisc"}

// moduleFor guesses the module that serves a type; empty if the type is none
// of VUOS's.
func moduleFor(fstype string) string {
	for _, m := range families {
		if strings.HasPrefix(fstype, m) {
			return m
		}
	}
	switch {
	case fstype == "fuse", strings.HasPrefix(fstype, "fuse."):
		return "fuse" // the module with the virtual /dev/fuse
	case strings.HasPrefix(fstype, "vu"), strings.HasPrefix(fstype, "unreal"):
		return fstype
	}
	return ""
}

// loaded tells whether a module is in the view's list. Without a name there is
// no module to miss.
func loaded(sys system, module string) bool {
	if module == "" {
		return true
	}
	list, err := sys.Lsmod()
	if err != nil {
		return false
	}
	for line := range strings.Lines(list) {
		if strings.HasPrefix(line, module+":") {
			return true
		}
	}
	return false
}

// unknownType says what to do about a type that nobody serves.
func unknownType(sys system, r *request) string {
	if r.fstype == "" {
		return typeNeeded
	}
	message := fmt.Sprintf("unknown file system type '%s'", r.fstype)
	module := moduleFor(r.fstype)
	switch {
	case module == "":
		return message
	case !sys.InView() && module == "fuse":
		return message
	case !sys.InView():
		return message + " (it is one of VUOS, for use under umvu)"
	case loaded(sys, module):
		return fmt.Sprintf("%s (the module %s has no such type)", message, module)
	}
	return fmt.Sprintf("%s (is the module loaded? vu_insmod %s)", message, module)
}
