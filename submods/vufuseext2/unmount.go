// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os/exec"
	"strings"

	"golang.org/x/sys/unix"
)

// unmountLazily detaches a mount point. Errors: it is a channel, or may not be unmounted by us.
func unmountLazily(mountPoint string) error {
	if strings.HasPrefix(mountPoint, "/dev/fd/") {
		return fmt.Errorf("%s is a channel", mountPoint)
	}
	if err := unix.Unmount(mountPoint, unix.MNT_DETACH); err == nil {
		return nil
	}
	return exec.Command("fusermount3", "-u", "-z", mountPoint).Run()
}
