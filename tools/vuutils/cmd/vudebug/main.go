// SPDX-License-Identifier: Apache-2.0

// Command vudebug shows and sets the debug tags of the view it runs in.
package main

import (
	"os"

	"vuos.dev/tools/vuutils/vu"
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr, vu.System{}))
}
