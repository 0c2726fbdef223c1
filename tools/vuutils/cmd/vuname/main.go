// SPDX-License-Identifier: Apache-2.0

// Command vuname prints what uname(1) does and the identity of the view, or names it.
package main

import (
	"os"

	"vuos.dev/tools/vuutils/vu"
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr, vu.System{}))
}
