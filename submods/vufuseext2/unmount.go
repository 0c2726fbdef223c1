// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os/exec"
	"strings"

	"golang.org/x/sys/unix"
)

// isChannel tells whether a mount point is a FUSE channel that is open already.
func isChannel(mountPoint string) bool { return strings.HasPrefix(mountPoint, "/dev/fd/") }

// detach takes a busy mount off its place. If even that is not permitted it stays, with ENOTCONN for all requests.
func detach(mountPoint string) {
	if unix.Unmount(mountPoint, unix.MNT_DETACH) != nil {
		_ = exec.Command("fusermount3", "-u", "-z", mountPoint).Run()
	}
}
