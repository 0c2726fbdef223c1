// SPDX-License-Identifier: Apache-2.0

package vu

import (
	"golang.org/x/sys/unix"

	"vuos.dev/engine/abi"
)

// Info is what uname(2) tells, and what the view adds to it.
type Info struct {
	Sysname, Nodename, Release, Version, Machine string

	ServerID string // process id of umvu; empty outside a view
	Name     string // name of the view, empty if it has none
}

// InView tells whether the process lives in a view.
func (System) InView() bool {
	return ctlCheck() == nil
}

// Info describes the view.
func (System) Info() (Info, error) {
	var raw abi.Info
	if err := ctlInfo(&raw); err != nil {
		return Info{}, err
	}
	return decodeInfo(&raw), nil
}

func decodeInfo(raw *abi.Info) Info {
	return Info{
		Sysname:  unix.ByteSliceToString(raw.Sysname[:]),
		Nodename: unix.ByteSliceToString(raw.Nodename[:]),
		Release:  unix.ByteSliceToString(raw.Release[:]),
		Version:  unix.ByteSliceToString(raw.Version[:]),
		Machine:  unix.ByteSliceToString(raw.Machine[:]),
		ServerID: unix.ByteSliceToString(raw.Serverid[:]),
		Name:     unix.ByteSliceToString(raw.Name[:]),
	}
}

// Uname is uname(2).
func (System) Uname() (Info, error) {
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return Info{}, err
	}
	return Info{
		Sysname:  unix.ByteSliceToString(u.Sysname[:]),
		Nodename: unix.ByteSliceToString(u.Nodename[:]),
		Release:  unix.ByteSliceToString(u.Release[:]),
		Version:  unix.ByteSliceToString(u.Version[:]),
		Machine:  unix.ByteSliceToString(u.Machine[:]),
	}, nil
}

// SetName names the view.
//
// Errors: EINVAL if the name is too long.
func (System) SetName(name string) error {
	p, err := cstring(name)
	if err != nil {
		return err
	}
	return ctlPut(abi.CtlSetName, p, 0)
}
