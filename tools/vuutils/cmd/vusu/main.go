// SPDX-License-Identifier: Apache-2.0

// Command vusu runs a shell with the ids of another user of the view.
package main

import (
	"os"

	"vuos.dev/tools/vuutils/vu"
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr, vu.System{}))
}
