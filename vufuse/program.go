// SPDX-License-Identifier: Apache-2.0

package vufuse

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
	"vuos.dev/engine/submod"
	"vuos.dev/vufuse/client"
	"vuos.dev/vufuse/helper"
	"vuos.dev/vufuse/wire"
)

// grace is how long a program may go on after its channel is closed, to bring its data to the disk.
const grace = 5 * time.Minute

// lastWords is how long a program that closed its channel may take to exit.
const lastWords = 10 * time.Second

// mountProgram starts the program of a type and mounts what it serves.
func (m mounter) mountProgram(c engine.Call, r *engine.MountRequest, o *Options) (engine.FileSystem, error) {
	path := helper.Find(c, r.Type)
	if path == "" {
		return nil, submod.Unknown(r.Type)
	}
	c.Block()
	conn, theirs, err := wire.Connect()
	if err != nil {
		return nil, err
	}
	said := &helper.Tail{}
	program := &engine.Program{
		Path: path, Args: programArgs(c, r, o, engine.ChannelFD), Env: os.Environ(),
		Files: []int{-1, -1, -1}, Stderr: said, Channel: &channel{conn, theirs},
	}
	proc, err := m.host.Spawn(c, program)
	if errors.Is(err, unix.EBADF) { // a low limit: the engine does not see what the program writes
		program.Channel, program.Files = nil, append(program.Files, theirs)
		program.Args = programArgs(c, r, o, lowChannel)
		proc, err = m.host.Spawn(c, program)
	}
	unix.Close(theirs)
	if err != nil {
		conn.Abort()
		return nil, describe(err, r)
	}
	settled := abandonable(c, conn)
	f, err := m.attach(c, r, conn, o)
	abandoned := settled()
	if err != nil && abandoned {
		proc.Signal(int(unix.SIGKILL))
		return nil, unix.EINTR
	}
	if err != nil {
		return nil, m.failed(r, proc, said, err)
	}
	said.Pass(os.Stderr) // a warning, for example, or what the option debug brings
	return &served{FS: f, proc: proc, said: said, host: m.host, name: r.Type}, nil
}

// patience is how long a program that does not serve yet may go on when its mount is interrupted.
const patience = time.Second

// abandonable lets a caller that has a signal to handle, or is gone, give up a mount: the program may be waiting for
// what never comes. settled ends that and tells whether it was given up.
func abandonable(c engine.Call, conn *wire.Conn) (settled func() bool) {
	done, result := make(chan struct{}), make(chan bool, 1)
	interrupted := c.Interrupted()
	go func() {
		select {
		case <-interrupted:
		case <-done:
			result <- false
			return
		}
		select {
		case <-time.After(patience):
			conn.Abort()
			result <- true
		case <-done:
			result <- false
		}
	}()
	return func() bool {
		close(done)
		return <-result
	}
}

// programArgs is the command line of libfuse's mount helper, mount.fuse3(8).
func programArgs(c engine.Call, r *engine.MountRequest, o *Options, channel int) []string {
	args := []string{r.Type}
	if opts := helper.Options(o.all, r.Flags); opts != "" {
		args = append(args, "-o", opts)
	}
	return append(args, helper.Source(c, r.Source), fmt.Sprintf("/dev/fd/%d", channel))
}

// served is a file system that a program serves.
type served struct {
	*client.FS
	proc engine.Process
	said *helper.Tail
	host engine.Host
	name string
}

var (
	_ engine.FileSystemShower   = (*served)(nil)
	_ engine.FileSystemStatfser = (*served)(nil)
	_ engine.FileSystemSyncer   = (*served)(nil)
	_ engine.FileSystemAborter  = (*served)(nil)
)

// Unmount implements [engine.FileSystem]. All is on the disk when the program has exited.
func (s *served) Unmount(c engine.Call) error {
	s.said.Pass(io.Discard) // some complain that their channel is closed
	err := s.FS.Unmount(c)
	select {
	case <-s.proc.Done():
	case <-time.After(grace):
		s.host.Logf(engine.LogWarning, "%s: process %d does not end, killed", s.name, s.proc.PID())
		s.proc.Signal(int(unix.SIGKILL))
		<-s.proc.Done()
	}
	return err
}
