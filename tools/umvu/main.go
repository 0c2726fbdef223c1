// SPDX-License-Identifier: Apache-2.0

// Umvu runs a command in a partial virtual machine.
package main

import (
	"os"

	"vuos.dev/engine/hypervisor"
)

func main() {
	if os.Args[0] == hypervisor.KeeperName {
		os.Exit(hypervisor.Keep(os.Args[1:]))
	}
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}
