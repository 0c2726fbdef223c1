// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"

	"golang.org/x/sys/unix"
	"vuos.dev/engine"
	"vuos.dev/engine/hypervisor"
)

func run(args []string, stdout, stderr io.Writer) int {
	mask := unix.Umask(0)
	unix.Umask(mask)
	h, err := hypervisor.New(hypervisor.Config{Modules: builtin, LogTo: stderr, LogLevel: engine.LogWarning})
	if err != nil {
		fmt.Fprintf(stderr, "umvu: %v\n", err)
		return 125
	}
	defer h.Close()
	code, err := h.Run(args, mask)
	if err != nil {
		fmt.Fprintf(stderr, "umvu: %v\n", err)
	}
	return code
}
