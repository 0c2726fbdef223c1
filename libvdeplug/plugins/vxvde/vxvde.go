// SPDX-License-Identifier: Apache-2.0

// Package vxvde is the plugin for vxvde://[GROUP][/OPTIONS], a network that
// needs no switch: its members find each other through the IP multicast
// address GROUP (239.0.0.1, or ff05:56de::1 with v6) and talk directly once
// they know each other. Options:
//
//	v4, v6          which family to use, if GROUP is omitted or a name
//	port=N          UDP port of the group, 14789
//	vni=N or NAME   network identifier, or the group whose number it is; 1
//	grp=N or NAME   a group whose number is the network identifier and the
//	                last three bytes of the address
//	ttl=N           how many routers to pass; 1
//	if=NAME         network interface to use
//	bind=ADDRESS    address to send from
//	hashsize=N      places in the table of known addresses; 1024
//	expiretime=N    seconds until they are forgotten; 128
//	rcvbuf=N[kmg]   receive buffer of the socket, in bytes
package vxvde

import (
	"context"

	"vuos.dev/libvdeplug/internal/vxlan"
	"vuos.dev/libvdeplug/plug"
)

// Plugin opens vxvde://.
var Plugin = plug.Func(open)

// standardPort is the UDP port of the group.
const standardPort = 14789

func open(ctx context.Context, req *plug.Request) (plug.Conn, error) {
	cfg, err := vxlan.Parse(ctx, req, standardPort,
		"port", "vni", "grp", "ttl", "rcvbuf", "v6", "v4", "hashsize", "expiretime", "if", "bind")
	if err != nil {
		return nil, err
	}
	c, err := vxlan.OpenVXVDE(cfg)
	if err != nil {
		return nil, err
	}
	return c, nil
}
