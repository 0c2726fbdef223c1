// SPDX-License-Identifier: Apache-2.0

package vu

import "golang.org/x/sys/unix"

// Insmod loads a module into the view. A permanent one cannot be removed.
//
// Errors: ENOENT if there is no such module, EEXIST if it is loaded.
func (System) Insmod(name string, permanent bool) error {
	p, err := cstring(name)
	if err != nil {
		return err
	}
	return insmod(p, truth(permanent))
}

// Rmmod removes a module.
//
// Errors: ENOENT if it is not loaded, EBUSY if it is in use or permanent.
func (System) Rmmod(name string) error {
	p, err := cstring(name)
	if err != nil {
		return err
	}
	return rmmod(p)
}

// lsmodTries bounds the tries to read a list that grows meanwhile.
const lsmodTries = 16

// Lsmod returns the loaded modules, a line "NAME: DESCRIPTION" each.
func (System) Lsmod() (string, error) {
	var buf []byte
	for range lsmodTries {
		n, err := lsmod(buf)
		if err != nil {
			return "", err
		}
		if n <= len(buf) {
			return unix.ByteSliceToString(buf[:n]), nil
		}
		buf = make([]byte, n)
	}
	return "", unix.EAGAIN
}

func truth(b bool) int {
	if b {
		return 1
	}
	return 0
}
