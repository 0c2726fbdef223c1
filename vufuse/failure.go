// SPDX-License-Identifier: Apache-2.0

package vufuse

import (
	"time"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
	"vuos.dev/vufuse/helper"
)

// failed explains why a program does not serve: in its own last words, if it has exited or does
// so soon.
func (m mounter) failed(r *engine.MountRequest, proc engine.Process, said *helper.Tail, err error) error {
	select {
	case <-proc.Done():
	case <-time.After(lastWords):
		proc.Signal(int(unix.SIGKILL))
		<-proc.Done()
	}
	errno, _ := engine.Errno(err)
	words := said.Line()
	if words == "" {
		words = r.Type + " ended without serving " + r.Source
	}
	if errno == unix.ECONNABORTED || errno == unix.ENOTCONN {
		errno = helper.Guess(words, unix.WaitStatus(proc.Status()))
	}
	return &engine.MountError{Err: errno, Message: words}
}
