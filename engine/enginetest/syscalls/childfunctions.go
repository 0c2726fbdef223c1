// SPDX-License-Identifier: Apache-2.0

package syscalls

// childFunctions are what a process started by [T.Child] can do. A function gets the
// arguments behind its name; an error becomes exit code 1 and a line on standard error.
var childFunctions = map[string]func(args []string) error{
	"append":      childAppend,
	"close-above": childCloseAbove,
	"getlk":       childGetlk,
	"nest":        childNest,
	"read-write":  childReadWrite,
}
