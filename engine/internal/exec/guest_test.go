// SPDX-License-Identifier: Apache-2.0

package exec

import (
	"encoding/json"
	"fmt"
	"os"
	osexec "os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
)

// modeEnv makes the test binary one of the guests below.
const modeEnv = "VUOS_EXEC_TEST_MODE"

// quickRace keeps a race detector from a second's sleep at each exit.
const quickRace = "GORACE=atexit_sleep_ms=0"

func TestMain(m *testing.M) {
	switch os.Getenv(modeEnv) {
	case "":
		os.Exit(m.Run())
	case "guest":
		os.Exit(guestMain())
	case "show":
		os.Exit(showMain())
	}
}

// guestMain installs the filter, tells its descriptor, waits to be told to go on
// and executes os.Args[1:].
func guestMain() int {
	runtime.LockOSThread()
	fd, err := installFilter()
	if err != nil {
		fmt.Fprintln(os.Stderr, "seccomp:", err)
		return 99
	}
	out, in := os.NewFile(3, "out"), os.NewFile(4, "in")
	fmt.Fprintln(out, fd)
	out.Close()
	in.Read(make([]byte, 1))
	in.Close()
	syscall.Close(fd)
	switch os.Args[1] {
	case "exec": // from this thread
		os.Setenv(modeEnv, "show")
		err = syscall.Exec(os.Args[2], os.Args[2:], os.Environ())
	case "run": // by vfork, on a goroutine's stack
		os.Setenv(modeEnv, "show")
		for i := 0; i < 50 && err == nil; i++ {
			cmd := osexec.Command(os.Args[2], os.Args[3:]...)
			var b []byte
			b, err = cmd.CombinedOutput()
			if err == nil && i == 0 {
				os.Stdout.Write(b)
			}
		}
		if err == nil {
			return 0
		}
	}
	fmt.Fprintln(os.Stderr, os.Args[1:], err)
	return 98
}

// shown is what a program sees of itself.
type shown struct {
	Args []string
	Comm string
	Maps bool // whether the area is mapped
}

func showMain() int {
	comm, _ := os.ReadFile("/proc/self/comm")
	maps, _ := os.ReadFile("/proc/self/maps")
	s := shown{os.Args, strings.TrimSpace(string(comm)), strings.Contains(string(maps), fmt.Sprintf("%x-", areaBase))}
	b, _ := json.Marshal(s)
	fmt.Println(string(b))
	return 0
}
