// SPDX-License-Identifier: Apache-2.0

package exec

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"sync"

	"golang.org/x/sys/unix"
)

// tracerOf returns the tracer of a thread, 0 for none; false if it is gone.
func tracerOf(tid int) (int, bool) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", tid))
	if err != nil {
		return 0, false
	}
	for line := range bytes.Lines(b) {
		if v, ok := bytes.CutPrefix(line, []byte("State:")); ok {
			if v = bytes.TrimSpace(v); len(v) > 0 && (v[0] == 'Z' || v[0] == 'X') {
				return 0, false
			}
		}
		if v, ok := bytes.CutPrefix(line, []byte("TracerPid:")); ok {
			n, err := strconv.Atoi(string(bytes.TrimSpace(v)))
			return n, err == nil
		}
	}
	return 0, false
}

// inPlace writes the target's path over the one in the guest and continues the
// call. The memory is opened before and kept: a vfork child shares it with the
// parent, whose string Done restores when the child has one of its own. Where the
// first argument is the same string as the path, the program sees it changed.
func (p *Pending) inPlace(call *Call, to *Target, opts *Options) error {
	path := fmt.Sprintf("/dev/fd/%d/%s", to.Dirfd, to.Name)
	old, err := memory(call.TID).readString(call.path())
	if err != nil {
		return err
	}
	if opts.Continue == nil || to.Head != nil || call.Nr != unix.SYS_EXECVE || len(path) > len(old) {
		return ErrTraced
	}
	f, err := os.OpenFile(fmt.Sprintf("/proc/%d/mem", call.TID), os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("%w (%w)", ErrTraced, err)
	}
	// The path may be a literal: /proc/PID/mem writes to read-only pages, too.
	if _, err := f.WriteAt(append([]byte(path), 0), int64(call.path())); err != nil {
		f.Close()
		return fmt.Errorf("%w (%w)", ErrTraced, err)
	}
	p.InPlace = true
	p.restore = sync.OnceFunc(func() {
		defer f.Close()
		_, _ = f.WriteAt([]byte(old), int64(call.path())) // if the memory still exists
	})
	if opts.Ready != nil {
		opts.Ready(p)
	}
	return answered(opts.Continue())
}
