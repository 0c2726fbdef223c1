// SPDX-License-Identifier: Apache-2.0

package hypervisor

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
	"vuos.dev/engine/internal/task"
)

// KeeperName is argv[0] of a keeper. A program that uses this package calls [Keep]
// first thing when it is started under that name.
const KeeperName = "umvu-keeper"

// keeper is a process that outlives umvu: when umvu is gone without having said good-bye, it kills
// all guests, whose trapped calls would fail with ENOSYS from then on, and removes the temporary files.
type keeper struct{ w *os.File }

func startKeeper(tokenBase uint64, dir string) (*keeper, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	defer null.Close()
	p, err := os.StartProcess("/proc/self/exe", []string{KeeperName, strconv.FormatUint(tokenBase, 16), dir},
		&os.ProcAttr{Dir: "/", Env: []string{"GOMAXPROCS=1"}, Files: []*os.File{r, null, null}, Sys: keeperAttr()})
	if err != nil {
		w.Close()
		return nil, err
	}
	return &keeper{w}, p.Release()
}

// dismiss says good-bye: there is nothing left to do for the keeper. Closing alone would be death,
// and umvu itself, which counts as a guest because of its thread with the filter, be killed.
func (k *keeper) dismiss() {
	_, _ = k.w.Write([]byte{0}) // it fails if the keeper is gone already
	k.w.Close()
}

// Keep is the keeper's main function. args are those behind its name.
func Keep(args []string) int {
	if len(args) != 2 {
		return 2
	}
	base, err := strconv.ParseUint(args[0], 16, 64)
	dir := args[1]
	if err != nil || !strings.HasPrefix(filepath.Base(dir), "umvu-") {
		return 2
	}
	if n, _ := os.Stdin.Read(make([]byte, 1)); n > 0 { // until umvu is gone, or says good-bye
		return 0
	}
	for task.Kill(base) > 0 {
	}
	if err := os.RemoveAll(dir); err != nil {
		return 1
	}
	return 0
}

func keeperAttr() *unix.SysProcAttr { return &unix.SysProcAttr{Setsid: true} }
