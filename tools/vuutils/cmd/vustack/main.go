// SPDX-License-Identifier: Apache-2.0

// Command vustack runs a command with other default network stacks.
package main

import (
	"os"

	"vuos.dev/tools/vuutils/vu"
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr, vu.System{}))
}
