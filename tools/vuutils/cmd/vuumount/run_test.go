// SPDX-License-Identifier: Apache-2.0

package main

import (
	"io"
	"testing"

	"golang.org/x/sys/unix"

	"vuos.dev/tools/vuutils/vutest"
)

func runFake(args []string, stdout, stderr io.Writer, sys *vutest.Fake) int {
	return run(args, stdout, stderr, sys)
}

func TestRun(t *testing.T) {
	sys := vutest.Fake{Errors: map[string]error{
		"umount /busy 0x0": unix.EBUSY, "umount /usr 0x0": unix.EINVAL, "umount /nosuch 0x0": unix.ENOENT,
		"umount /proc 0x0": unix.EPERM,
	}}
	vutest.Check(t, runFake, []vutest.Case{
		{Name: "help", Args: "-h", Out: "Usage: vuumount [OPTION]... TARGET...\n..."},
		{Name: "no target", Err: "vuumount: no target given\nUsage: ...", Status: 1},
		{Name: "plain", Args: "/mnt", Calls: "umount /mnt 0x0"},
		{Name: "force", Args: "-f /mnt", Calls: "umount /mnt 0x1"},
		{Name: "detach", Args: "/mnt -d", Calls: "umount /mnt 0x2"},
		{Name: "old name", Args: "--detach-loop --force /mnt", Calls: "umount /mnt 0x3"},
		{
			Name: "the kernel's", Args: "/proc", System: sys, Status: 1, Calls: "umount /proc 0x0",
			Err: "vuumount: /proc: Operation not permitted (not a mount of this view)\n",
		},
		{
			Name: "several, some fail", Args: "/busy /usr /nosuch /mnt", System: sys, Status: 1,
			Err: "vuumount: /busy: Device or resource busy (in use; -d detaches it all the same)\n" +
				"vuumount: /usr: Invalid argument (not a mount point)\n" +
				"vuumount: /nosuch: No such file or directory\n",
			Calls: "umount /busy 0x0; umount /usr 0x0; umount /nosuch 0x0; umount /mnt 0x0",
		},
	})
}
