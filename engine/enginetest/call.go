// SPDX-License-Identifier: Apache-2.0

// Package enginetest has what tests of modules need: fakes of the engine's side of
// the interfaces, and conformance suites.
package enginetest

import (
	"os"
	"sync/atomic"

	"vuos.dev/engine"
)

// Call is a fake [engine.Call] with settable identity. The zero value calls as a process
// without capabilities, uid and gid 0 and umask 0.
type Call struct {
	Who     engine.Cred
	Mask    uint32
	In      engine.View
	Stop    chan struct{} // closed by the test to interrupt the call; may be nil
	blocked atomic.Bool
}

var _ engine.Call = (*Call)(nil)

// NewCall is a call by the running process's own identity, with all capabilities if it is root.
func NewCall() *Call {
	c := &Call{Who: engine.Cred{IDs: engine.SameIDs(uint32(os.Geteuid()), uint32(os.Getegid()))}}
	if c.Who.EUID == 0 {
		c.Who.CapEff = 1<<41 - 1
	}
	return c
}

func (c *Call) PID() int                     { return os.Getpid() }
func (c *Call) TID() int                     { return os.Getpid() }
func (c *Call) IDs() *engine.IDs             { return &c.Who.IDs }
func (c *Call) Cred() *engine.Cred           { return &c.Who }
func (c *Call) Umask() uint32                { return c.Mask }
func (c *Call) View() engine.View            { return c.In }
func (c *Call) Block()                       { c.blocked.Store(true) }
func (c *Call) Interrupted() <-chan struct{} { return c.Stop }

// Blocked tells whether Block was called.
func (c *Call) Blocked() bool { return c.blocked.Load() }
