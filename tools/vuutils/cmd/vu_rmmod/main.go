// SPDX-License-Identifier: Apache-2.0

// Command vu_rmmod removes modules from the view it runs in.
package main

import (
	"os"

	"vuos.dev/tools/vuutils/vu"
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr, vu.System{}))
}
