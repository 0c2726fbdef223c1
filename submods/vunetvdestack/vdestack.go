// SPDX-License-Identifier: Apache-2.0

// Package vunetvdestack is the vunet submodule of network stacks that are joined to virtual
// Ethernets. The source of the mount is a locator of libvdeplug, or several separated by
// commas; each makes an interface vde0, vde1, ... Options configure them (see
// vuos.dev/vunet/setup).
//
//	vumount -t vunetvdestack vxvde:// /dev/net/myvde
//	vumount -t vunetvdestack -o ip=10.0.0.1/24,gw=10.0.0.254 vde:///tmp/sw /dev/net/mysw
package vunetvdestack

import (
	"vuos.dev/engine"
	"vuos.dev/libvdeplug"
	"vuos.dev/vunet"
	"vuos.dev/vunet/netstack"
	"vuos.dev/vunet/setup"
)

// Submodule is the registration for [vunet.New].
var Submodule = vunet.Submodule{
	Name:        "vdestack",
	Description: "a network stack on virtual Ethernets",
	Mount: func(c engine.Call, h engine.Host, r *engine.MountRequest) (engine.FileSystem, error) {
		text := r.Data
		if r.Source != "" && r.Source != "none" {
			text = r.Source + "," + r.Data
		}
		o, err := setup.Parse(text)
		if err != nil {
			return nil, err
		}
		return setup.Mount(c, h, r, o, Open)
	},
}

// Open plugs into the network that a locator names.
func Open(vnl string) (netstack.Wire, error) {
	return libvdeplug.Open(vnl, libvdeplug.WithDescription("vuos:"))
}
