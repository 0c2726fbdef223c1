// SPDX-License-Identifier: Apache-2.0

// Package udp is the plugin for udp://[SRC:]SPORT->DST:DPORT, a line between
// two plugs over UDP: each frame is one datagram, nothing is encrypted. Only
// the address named as destination is listened to.
package udp

import (
	"context"
	"errors"
	"net"
	"strings"

	"golang.org/x/sys/unix"

	"vuos.dev/libvdeplug/internal/dgram"
	"vuos.dev/libvdeplug/plug"
)

// Plugin opens udp://.
var Plugin = plug.Func(open)

func open(ctx context.Context, req *plug.Request) (plug.Conn, error) {
	src, dst, ok := strings.Cut(req.Rest, "->")
	if !ok {
		return nil, req.Error(req.Rest, "must be [source:]port->destination:port", nil)
	}
	raddr, err := net.ResolveUDPAddr("udp", bracket(dst))
	if err != nil {
		return nil, req.Error(dst, "destination", err)
	}
	if raddr.IP == nil || raddr.Port == 0 {
		return nil, req.Error(dst, "destination must be address:port", nil)
	}
	if !strings.Contains(src, ":") {
		src = ":" + src
	}
	network := "udp6"
	if raddr.IP.To4() != nil {
		network = "udp4"
	}
	laddr, err := net.ResolveUDPAddr(network, bracket(src))
	if err != nil {
		return nil, req.Error(src, "source", err)
	}
	d := net.Dialer{LocalAddr: laddr}
	sock, err := d.DialContext(ctx, network, raddr.String())
	if err != nil {
		return nil, req.Error(req.Rest, "", err)
	}
	c, err := dgram.New(sock.(*net.UDPConn), dgram.Config{
		Plugin: req.Plugin, Addr: req.Rest, Tally: &plug.Tally{},
		Transient: aboutEarlier,
	})
	if err != nil {
		sock.Close()
		return nil, req.Error(req.Rest, "", err)
	}
	return c, nil
}

// aboutEarlier tells whether err is the ICMP answer to an earlier datagram,
// which nobody wanted: the peer may not be there yet.
func aboutEarlier(err error) bool {
	for _, e := range []error{unix.ECONNREFUSED, unix.EHOSTUNREACH, unix.ENETUNREACH, unix.ENETDOWN, unix.EPROTO, unix.ENOPROTOOPT} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// bracket puts the brackets around an IPv6 address that vdeplug4 does without:
// the port follows the last colon.
func bracket(addr string) string {
	i := strings.LastIndexByte(addr, ':')
	if i < 0 {
		return addr
	}
	host := addr[:i]
	if strings.Contains(host, ":") && !strings.HasPrefix(host, "[") {
		host = "[" + host + "]"
	}
	return host + addr[i:]
}
