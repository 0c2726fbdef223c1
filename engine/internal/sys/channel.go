// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"golang.org/x/sys/unix"
	"vuos.dev/engine"
	"vuos.dev/engine/internal/fdesc"
	"vuos.dev/engine/internal/fork"
	"vuos.dev/engine/internal/seccomp"
	"vuos.dev/engine/internal/task"
	"vuos.dev/engine/internal/view"
)

// The number of a channel is one where reading is not notified, and the last that a virtual file gets.
var _ = [1]struct{}{}[engine.ChannelFD-seccomp.ReadZone]

// spawnWithChannel starts a program that has a stream of its module's.
func (s *Supervisor) spawnWithChannel(
	st task.State, program *fork.Program, said chan struct{}, channel engine.Channel,
) (engine.Process, error) {
	fd, err := channel.Stream()
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	program.High = map[int]int{engine.ChannelFD: fd}
	proc, err := s.spawnIn(st, program, said)
	if err != nil {
		return nil, err
	}
	// What the program writes before is read from the other end.
	at := &openedAt{pos: view.Pos{Node: channelNode{}}}
	o, err := s.files.OpenStream(fdesc.Spec{Node: at.pos.Node, File: channel, Flags: unix.O_RDWR, Owner: at}, fd)
	if err != nil {
		_ = proc.Signal(int(unix.SIGKILL))
		return nil, err
	}
	if e, ok := channel.(engine.StreamEnder); ok {
		go func() {
			<-e.Ended()
			o.Release()
		}()
	}
	return proc, nil
}

// channelNode is the inode of a channel.
type channelNode struct{}

var _ engine.NodeCacher = channelNode{}

// Type implements [engine.Node].
func (channelNode) Type() uint32 { return unix.S_IFSOCK }

// Stat implements [engine.Node].
func (channelNode) Stat(_ engine.Call, st *unix.Statx_t) error {
	*st = unix.Statx_t{Mask: unix.STATX_BASIC_STATS, Blksize: 4096, Nlink: 1, Mode: unix.S_IFSOCK | 0o600, Ino: 1}
	return nil
}

// Cache implements [engine.NodeCacher].
func (channelNode) Cache() engine.CachePolicy { return engine.CacheNone }
