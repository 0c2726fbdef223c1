// SPDX-License-Identifier: Apache-2.0

// Package plugins is the set of plugins that come with libvdeplug.
package plugins

import (
	"vuos.dev/libvdeplug/plug"
	"vuos.dev/libvdeplug/plugins/cmd"
	"vuos.dev/libvdeplug/plugins/node"
	"vuos.dev/libvdeplug/plugins/null"
	"vuos.dev/libvdeplug/plugins/ptp"
	"vuos.dev/libvdeplug/plugins/seqpacket"
	"vuos.dev/libvdeplug/plugins/tap"
	"vuos.dev/libvdeplug/plugins/udp"
	"vuos.dev/libvdeplug/plugins/vde"
	"vuos.dev/libvdeplug/plugins/vxlan"
	"vuos.dev/libvdeplug/plugins/vxvde"
)

// Default returns a new registry with all plugins of this module; others can
// be added to it.
func Default() *plug.Registry {
	r := &plug.Registry{}
	for name, p := range map[string]plug.Plugin{
		"bonding":   node.Bonding,
		"cmd":       cmd.Plugin,
		"hub":       node.Hub,
		"multi":     node.Multi,
		"null":      null.Plugin,
		"ptp":       ptp.Plugin,
		"seqpacket": seqpacket.Plugin,
		"switch":    node.Switch,
		"tap":       tap.Plugin,
		"udp":       udp.Plugin,
		"vde":       vde.Plugin,
		"vxlan":     vxlan.Plugin,
		"vxvde":     vxvde.Plugin,
	} {
		if err := r.Register(name, p); err != nil {
			panic(err) // names in a map literal are legal and distinct
		}
	}
	return r
}
