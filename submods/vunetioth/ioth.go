// SPDX-License-Identifier: Apache-2.0

// Package vunetioth is the vunet submodule that is told which stack to use, and how to configure it, in the
// manner of libioth. The source is the name of a stack; locators and configuration are
// options.
//
//	vumount -t vunetioth -o vxvde:// vdestack /dev/net/myvde
//	vumount -t vunetioth -o vde:///tmp/sw,ip=10.0.0.1/24,gw=10.0.0.254 gvisor /dev/net/mysw
//	vumount -t vunetioth kernel /dev/net/real
//
// The stacks vdestack and gvisor are the same one; kernel is the host's.
package vunetioth

import (
	"strings"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
	"vuos.dev/submods/vunetreal"
	"vuos.dev/submods/vunetvdestack"
	"vuos.dev/vunet"
	"vuos.dev/vunet/setup"
)

// Submodule is the registration for [vunet.New].
var Submodule = vunet.Submodule{
	Name:        "ioth",
	Description: "a network stack by name",
	Mount:       mount,
}

func mount(c engine.Call, h engine.Host, r *engine.MountRequest) (engine.FileSystem, error) {
	o, err := setup.Parse(trimmed(r.Data))
	if err != nil {
		return nil, err
	}
	switch r.Source {
	case "vdestack", "gvisor":
		return setup.Mount(c, h, r, o, vunetvdestack.Open)
	case "kernel":
		if len(o.Interfaces) > 0 || len(o.DNS) > 0 {
			return nil, &engine.MountError{Err: unix.EINVAL, Message: "vunetioth: the stack kernel takes no options"}
		}
		return vunetreal.Submodule.Mount(c, h, r)
	}
	return nil, &engine.MountError{Err: unix.ENOENT, Message: "vunetioth: " + r.Source + ": no such stack (vdestack, gvisor, kernel)"}
}

// trimmed drops empty items at the ends, which `-o ,opts` and the like leave.
func trimmed(s string) string { return strings.Trim(s, ",") }
