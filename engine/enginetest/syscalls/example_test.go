// SPDX-License-Identifier: Apache-2.0

package syscalls_test

import (
	"fmt"
	"os"
	"regexp"
	"time"

	"vuos.dev/engine/enginetest/syscalls"
)

// A program that runs the cases about renaming in a directory.
func Example() {
	syscalls.Main() // first: each case runs in this program started again
	r, err := syscalls.Run(syscalls.Options{
		Dir: "/tmp", Match: regexp.MustCompile("^rename"), FS: syscalls.Generic,
		Files: 5000, Timeout: 20 * time.Second, Out: os.Stdout,
	})
	if err != nil || r.Failed > 0 {
		fmt.Println("not as Linux does it:", r, err)
	}
}
