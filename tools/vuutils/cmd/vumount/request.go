// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"

	"golang.org/x/sys/unix"
)

// request is one mount as the command line asks for it.
type request struct {
	source, target string
	fstype         string
	flags          uintptr // MS_*
	recursive      bool    // MS_REC belongs to the propagation, not to a bind
	options        []string
	second         bool // not the first call for its command line
}

// addOptions takes a list of options apart: into flags, and what is for the
// file system. The last of two contradicting options wins.
func (r *request) addOptions(list string) {
	for _, option := range splitOptions(list) {
		c, isFlag := flagChanges[option]
		switch {
		case !isFlag:
			r.options = append(r.options, option)
		case c.set&propagation != 0:
			r.flags |= c.set &^ unix.MS_REC
			r.recursive = r.recursive || c.set&unix.MS_REC != 0
		default:
			r.flags = r.flags&^c.clear | c.set
		}
	}
}

// data is the last argument of mount(2).
func (r *request) data() string {
	return strings.Join(r.options, ",")
}

// needsNoSource tells whether the request changes an existing mount.
func (r *request) needsNoSource() bool {
	return r.flags&unix.MS_REMOUNT != 0 || r.onlyPropagation()
}

func (r *request) onlyPropagation() bool {
	return r.flags&propagation != 0 && r.flags&^(propagation|unix.MS_SILENT) == 0 &&
		r.fstype == "" && len(r.options) == 0
}

// steps are the mount(2) calls for the request. The kernel ignores the flags
// of a bind mount (fs/namespace.c:do_loopback()), and takes a change of
// propagation only alone (flags_to_propagation_type()); a module that is named
// by its type gets a bind with all its flags at once.
func (r *request) steps() []request {
	var steps []request
	main := *r
	main.flags &^= propagation
	if !r.onlyPropagation() {
		bind := main.flags&unix.MS_BIND != 0 && main.flags&unix.MS_REMOUNT == 0 && r.fstype == ""
		flags := main.flags & perMount
		if bind {
			main.flags &^= perMount
		}
		steps = append(steps, main)
		if bind && flags != 0 {
			again := request{source: "none", target: r.target, second: true}
			again.flags = unix.MS_REMOUNT | unix.MS_BIND | r.flags&unix.MS_SILENT | flags
			steps = append(steps, again)
		}
	}
	for _, kind := range [...]uintptr{unix.MS_SHARED, unix.MS_SLAVE, unix.MS_PRIVATE, unix.MS_UNBINDABLE} {
		if r.flags&kind == 0 {
			continue
		}
		step := request{source: "none", target: r.target, second: len(steps) > 0}
		step.flags = kind | r.flags&unix.MS_SILENT
		if r.recursive {
			step.flags |= unix.MS_REC
		}
		steps = append(steps, step)
	}
	return steps
}

// splitOptions splits at commas, but not inside double quotes nor after a
// backslash. Empty options are dropped; the rest is kept letter by letter.
func splitOptions(list string) []string {
	var options []string
	start := 0
	quoted, escaped := false, false
	add := func(option string) {
		if option != "" {
			options = append(options, option)
		}
	}
	for i := range len(list) {
		switch c := list[i]; {
		case escaped:
			escaped = false
		case c == '\\':
			escaped = true
		case c == '"':
			quoted = !quoted
		case c == ',' && !quoted:
			add(list[start:i])
			start = i + 1
		}
	}
	add(list[start:])
	return options
}
