// SPDX-License-Identifier: Apache-2.0

package syscalls

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
)

// caseFlag, as first argument, makes the program run one case: NAME DIR FS FILES.
const caseFlag = "-case"

// Main does what a process that [Run] or a case started is there for, and exits. It
// returns when the process was started by somebody else. A program that calls [Run] must
// call it first, before it reads its arguments.
func Main() {
	switch {
	case len(os.Args) > 2 && os.Args[1] == childFlag:
		runtime.LockOSThread()
		os.Exit(childMain(os.Args[2:]))
	case len(os.Args) == 6 && os.Args[1] == caseFlag:
		os.Exit(caseMain(os.Args[2], os.Args[3], os.Args[4], os.Args[5]))
	}
}

// manyFiles is [Options.Files] in the process that runs a case.
var manyFiles int

func caseMain(name, dir, fs, files string) int {
	n, err := strconv.Atoi(files)
	if err != nil {
		fmt.Println("number of files:", err)
		return exitFail
	}
	manyFiles = n
	for _, c := range All() {
		if c.Name == name {
			return runCase(c, &T{Dir: dir, FS: FileSystem(fs), out: os.Stdout})
		}
	}
	fmt.Println("no case of that name")
	return exitFail
}
