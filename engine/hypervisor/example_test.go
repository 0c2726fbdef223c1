// SPDX-License-Identifier: Apache-2.0

package hypervisor_test

import (
	"fmt"
	"os"

	"vuos.dev/engine"
	"vuos.dev/engine/hypervisor"
)

// A program that runs a command in a view in which no module can be loaded.
func Example() {
	if os.Args[0] == hypervisor.KeeperName {
		os.Exit(hypervisor.Keep(os.Args[1:]))
	}
	h, err := hypervisor.New(hypervisor.Config{Name: "example", LogTo: os.Stderr, LogLevel: engine.LogWarning})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(125)
	}
	code, err := h.Run([]string{"ls", "-l"}, 0o022)
	h.Close()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(code)
}
