// SPDX-License-Identifier: Apache-2.0

package syscalls

// childFunctions are what a process started by [T.Child] can do. A function gets the
// arguments behind its name; an error becomes exit code 1 and a line on standard error.
var childFunctions = map[string]func(args []string) error{
	"append":      childAppend,
	"are-open":    childAreOpen,
	"close-above": childCloseAbove,
	"getlk":       childGetlk,
	"limit":       childLimit,
	"nest":        childNest,
	"pass":        childPass,
	"pid":         childPid,
	"read-write":  childReadWrite,
	"receive":     childReceive,
	"show":        childShow,
	"wait":        childWait,
}
