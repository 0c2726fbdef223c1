// SPDX-License-Identifier: Apache-2.0

package hypervisor

import (
	"fmt"
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

// startKeeper forks the keeper. What is forked does nothing but wait; only when umvu is gone does it become a program
// again. So the start of a view does not pay for that of a second one.
func startKeeper(tokenBase uint64, dir string) (*keeper, error) {
	umvu, err := unix.PidfdOpen(os.Getpid(), 0)
	if err != nil {
		return nil, fmt.Errorf("pidfd_open: %w", err)
	}
	defer unix.Close(umvu)
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
	f, err := newForked(r, null, umvu, KeeperName, strconv.FormatUint(tokenBase, 16), dir)
	if err == nil {
		err = f.start()
	}
	if err != nil {
		w.Close()
		return nil, fmt.Errorf("start the keeper: %w", err)
	}
	return &keeper{w}, nil
}

// dismiss says good-bye: there is nothing left to do for the keeper. Closing alone would be death,
// and umvu itself, which counts as a guest because of its thread with the filter, be killed.
func (k *keeper) dismiss() {
	_, _ = k.w.Write([]byte{0}) // it fails if the keeper is gone already
	k.w.Close()
}

// Keep is the keeper's main function, once umvu is gone. args are those behind its name.
func Keep(args []string) int {
	if len(args) != 2 {
		return 2
	}
	base, err := strconv.ParseUint(args[0], 16, 64)
	dir := args[1]
	if err != nil || !strings.HasPrefix(filepath.Base(dir), "umvu-") {
		return 2
	}
	for task.Kill(base) > 0 {
	}
	if err := os.RemoveAll(dir); err != nil {
		return 1
	}
	return 0
}
