// SPDX-License-Identifier: Apache-2.0

// Package node is the plugins that make a node of a network, which others join
// as they would join a vde_switch, with vde://PATH:
//
//	switch://PATH   forwards to where the destination was last seen
//	hub://PATH      repeats everything to everybody
//	multi://PATH    several links to one place: sends on all, hears all
//	bonding://PATH  several links to one place: sends on each in turn
//
// The Conn itself is a port of the switch or hub, and the near end of the
// links. Without a path it is /tmp/vdenode_USER. Options, in brackets:
//
//	mode=OCTAL      permissions of the sockets, 0600
//	dirmode=OCTAL   permissions of the directory PATH, made to suit mode
//	grp=NAME        the group that owns both
//	hashsize=N      places in the switch's forwarding table; 256
//	hashseed=N      which addresses share a place; random
//	expiretime=N    seconds until an address is forgotten; 120
//
// A port that takes nothing for a tenth of a second is stalled: frames for it
// are dropped, and counted, until it takes some again. Up to then whoever
// sends to it waits.
package node

import (
	"context"
	"math"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"time"

	"vuos.dev/libvdeplug/plug"
)

// The plugins of this package.
var (
	Switch  = opener(switchNode)
	Hub     = opener(hubNode)
	Multi   = opener(multiNode)
	Bonding = opener(bondingNode)
)

// kind is what a node does with frames.
type kind int

const (
	switchNode kind = iota
	hubNode
	multiNode
	bondingNode
)

const (
	defaultMode   = 0600
	defaultHash   = 256
	maxHash       = 1 << 20
	defaultExpire = 120 // seconds
)

// config is a node to be made.
type config struct {
	plugin, dir   string
	kind          kind
	mode, dirMode uint32
	gid           int // -1: as it comes
	hashSize      int
	hashSeed      int
	expire        time.Duration
}

func opener(k kind) plug.Plugin {
	return plug.Func(func(_ context.Context, req *plug.Request) (plug.Conn, error) {
		cfg, err := parse(req, k)
		if err != nil {
			return nil, err
		}
		n, err := start(cfg)
		if err != nil {
			return nil, err
		}
		return n, nil
	})
}

func parse(req *plug.Request, k kind) (*config, error) {
	path, parms, err := plug.ParsePathParms(req.Rest, "mode", "dirmode", "grp", "hashsize", "hashseed", "expiretime")
	if err != nil {
		return nil, req.Error(path, "", err)
	}
	c := &config{plugin: req.Plugin, kind: k, gid: -1}
	if path == "" {
		path = standardPath()
	}
	if c.dir, err = filepath.Abs(path); err != nil {
		return nil, req.Error(path, "", err)
	}
	if err := c.permissions(req, parms); err != nil {
		return nil, req.Error(path, "", err)
	}
	var expire int
	if c.hashSize, err = parms.Int("hashsize", defaultHash, 1, maxHash); err == nil {
		c.hashSeed, err = parms.Int("hashseed", 0, 0, math.MaxInt64)
	}
	if err == nil {
		expire, err = parms.Int("expiretime", defaultExpire, 1, math.MaxInt32)
	}
	if err != nil {
		return nil, req.Error(path, "", err)
	}
	c.expire = time.Duration(expire) * time.Second
	return c, nil
}

// permissions finds who may join.
func (c *config) permissions(req *plug.Request, parms plug.Parms) (err error) {
	mode := req.Mode
	if mode == 0 {
		mode = defaultMode
	}
	if c.mode, err = parms.Mode("mode", mode); err != nil {
		return err
	}
	c.mode &^= 0111
	// Who may use the sockets must be able to pass through the directory.
	through := c.mode | c.mode&0444>>2 | c.mode&0222>>1
	if c.dirMode, err = parms.Mode("dirmode", 02000|through); err != nil {
		return err
	}
	if c.gid, err = parms.Group("grp"); err == nil && c.gid < 0 && req.Group != "" {
		c.gid, err = plug.GroupID(req.Group)
	}
	return err
}

// standardPath is where a node is if no path is given.
func standardPath() string {
	name := "u" + strconv.Itoa(os.Geteuid())
	if u, err := user.LookupId(strconv.Itoa(os.Geteuid())); err == nil {
		name = u.Username
	}
	return "/tmp/vdenode_" + name
}
