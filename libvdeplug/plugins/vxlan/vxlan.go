// SPDX-License-Identifier: Apache-2.0

// Package vxlan is the plugin for vxlan://[GROUP][/OPTIONS], a VXLAN network
// with IP multicast (RFC 7348), which hardware and the kernel's vxlan
// interfaces can be part of. Only one member of a network can be on a host.
// The options are those of vxvde without grp and bind; port is 4789.
package vxlan

import (
	"context"

	"vuos.dev/libvdeplug/internal/vxlan"
	"vuos.dev/libvdeplug/plug"
)

// Plugin opens vxlan://.
var Plugin = plug.Func(open)

// standardPort is the UDP port assigned to VXLAN.
const standardPort = 4789

func open(ctx context.Context, req *plug.Request) (plug.Conn, error) {
	cfg, err := vxlan.Parse(ctx, req, standardPort,
		"port", "vni", "ttl", "rcvbuf", "v6", "v4", "hashsize", "expiretime", "if")
	if err != nil {
		return nil, err
	}
	c, err := vxlan.OpenVXLAN(cfg)
	if err != nil {
		return nil, err
	}
	return c, nil
}
