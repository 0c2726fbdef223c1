// SPDX-License-Identifier: Apache-2.0

package exec

import (
	"bytes"
	"fmt"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// inPlace writes the target's path over the one in the guest, and over what follows if
// nobody needs that, and continues the call. The memory is opened before and kept: a vfork child shares it with the
// parent, whose string Done restores when the child has one of its own. Where the
// first argument is the same string as the path, the program sees it changed.
func (p *Pending) inPlace(call *Call, to *Target, opts *Options) error {
	if opts.Continue == nil || to.Head != nil || call.Nr != unix.SYS_EXECVE {
		return ErrTraced
	}
	path := fmt.Appendf(nil, "/dev/fd/%d/%s\x00", to.Dirfd, to.Name)
	old := make([]byte, len(path))
	if err := memory(call.TID).readAt(old, call.path()); err != nil {
		return fmt.Errorf("%w (%w)", ErrTraced, err)
	}
	if end := bytes.IndexByte(old, 0); end >= 0 && end+1 < len(path) {
		if err := call.spare(end+1, len(path)); err != nil {
			return err
		}
	}
	f, err := os.OpenFile(fmt.Sprintf("/proc/%d/mem", call.TID), os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("%w (%w)", ErrTraced, err)
	}
	// The path may be a literal: /proc/PID/mem writes to read-only pages, too.
	if n, err := f.WriteAt(path, int64(call.path())); err != nil {
		_, _ = f.WriteAt(old[:n], int64(call.path()))
		f.Close()
		return fmt.Errorf("%w (%w)", ErrTraced, err)
	}
	p.InPlace = true
	p.restore = sync.OnceFunc(func() {
		defer f.Close()
		_, _ = f.WriteAt(old, int64(call.path())) // if the memory still exists
	})
	if opts.Ready != nil {
		opts.Ready(p)
	}
	return answered(opts.Continue())
}

// spare tells whether the bytes from..to of the path's memory, which lie behind the path, may be overwritten: nobody
// else runs on that memory, and the call's arguments and environment do not lie there. It
// returns ErrTraced if not.
func (c *Call) spare(from, to int) error {
	if !alone(c.TID) {
		return ErrTraced
	}
	m := memory(c.TID)
	first, end := c.path()+uint64(from), c.path()+uint64(to)
	for _, list := range []uint64{c.argv(), c.envp()} {
		args, err := readArgv(m, list)
		if err != nil {
			return fmt.Errorf("%w (%w)", ErrTraced, err)
		}
		if list < end && list+uint64(len(args)+1)*pointerSize > first {
			return ErrTraced
		}
		for _, s := range args {
			// A string that begins before ends where the path does, at the latest.
			if s >= first && s < end {
				return ErrTraced
			}
		}
	}
	return nil
}
