// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"log/syslog"
	"os"
	"os/user"
	"slices"
	"strconv"
	"strings"
)

// ipLogGroup is the group of users whose IP addresses are logged when they log
// in with vde_plug as their shell.
const ipLogGroup = "vdeplug_iplog"

// startLog logs the start, if that is wanted, and returns what watches frames
// (nil if nothing does) and what logs the end.
func (o *options) startLog() (watch func([]byte), end func(), err error) {
	if !o.log {
		return nil, func() {}, nil
	}
	w, err := syslog.New(syslog.LOG_USER|syslog.LOG_INFO, "vde_plug")
	if err != nil {
		return nil, nil, fmt.Errorf("syslog: %w", err)
	}
	name, client := caller()
	say := func(format string, args ...any) {
		_ = w.Info(fmt.Sprintf(format, args...)) // there is no better place to complain
	}
	say("START: user %s IP %s", name, client)
	if o.ipLog || o.login && inGroup(ipLogGroup) {
		seen := addresses{log: func(family, addr string, vlan uint16) {
			say("user %s Real-IP %s has got VDE-%s %s on vlan %d", name, client, family, addr, vlan)
		}}
		watch = seen.watch
	}
	return watch, func() {
		say("STOP: user %s IP %s", name, client)
		_ = w.Close()
	}, nil
}

// caller returns who runs the program, and from which address.
func caller() (name, client string) {
	name = strconv.Itoa(os.Getuid())
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	client, _, _ = strings.Cut(os.Getenv("SSH_CLIENT"), " ")
	if client == "" {
		client = "UNKNOWN_IP_ADDRESS"
	}
	return name, client
}

// inGroup tells whether the user is in the named group.
func inGroup(name string) bool {
	g, err := user.LookupGroup(name)
	if err != nil {
		return false
	}
	u, err := user.Current()
	if err != nil {
		return false
	}
	ids, err := u.GroupIds()
	return err == nil && slices.Contains(ids, g.Gid)
}
