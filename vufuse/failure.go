// SPDX-License-Identifier: Apache-2.0

package vufuse

import (
	"bytes"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
)

// tail keeps the end of what a program writes.
type tail struct {
	mu sync.Mutex
	b  []byte
}

const tailSize = 4096

// Write implements [io.Writer].
func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.b = append(t.b, p...)
	if over := len(t.b) - tailSize; over > 0 {
		t.b = append(t.b[:0], t.b[over:]...)
	}
	return len(p), nil
}

// line is the last line that is not blank.
func (t *tail) line() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	b := bytes.TrimSpace(t.b)
	return strings.TrimSpace(string(b[bytes.LastIndexByte(b, '\n')+1:]))
}

// failed explains why a program does not serve: in its own last words, if it has exited or does
// so soon.
func (m mounter) failed(r *engine.MountRequest, proc engine.Process, said *tail, err error) error {
	select {
	case <-proc.Done():
	case <-time.After(lastWords):
		proc.Signal(int(unix.SIGKILL))
		<-proc.Done()
	}
	errno, _ := engine.Errno(err)
	words := said.line()
	if words == "" {
		words = r.Type + " ended without serving " + r.Source
	}
	if errno == unix.ECONNABORTED || errno == unix.ENOTCONN {
		errno = guess(words, unix.WaitStatus(proc.Status()))
	}
	return &engine.MountError{Err: errno, Message: words}
}

// guess finds the error number in what a program wrote: the text of strerror(3) somewhere in
// its last line.
func guess(words string, ws unix.WaitStatus) unix.Errno {
	words = strings.ToLower(words)
	for _, e := range likely {
		if strings.Contains(words, e.Error()) {
			return e
		}
	}
	switch {
	case ws.Signaled():
		return unix.EIO
	case strings.Contains(words, "option"), strings.Contains(words, "usage"), strings.Contains(words, "magic"),
		strings.Contains(words, "superblock"), strings.Contains(words, "invalid"), strings.Contains(words, "short read"):
		return unix.EINVAL
	case ws.Exited() && ws.ExitStatus() == 2: // ENOENT for some, wrong usage for most
		return unix.EINVAL
	}
	return unix.EIO
}

// likely are the reasons why a source cannot be mounted.
var likely = []unix.Errno{
	unix.ENOENT, unix.EACCES, unix.EPERM, unix.EISDIR, unix.ENOTDIR, unix.ENODEV, unix.ENXIO, unix.EBUSY, unix.EROFS,
	unix.EINVAL, unix.ENOMEM, unix.ENOSPC, unix.EIO,
}
