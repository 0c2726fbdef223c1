// SPDX-License-Identifier: Apache-2.0

package exec

import "golang.org/x/sys/unix"

// Pending is a call that has been rewritten and is about to be made. The caller
// keeps it with the guest's thread until the process has executed the program
// (its next notification shows it), ends, or has the next call rewritten. One
// thread's Pending may be used by one goroutine at a time.
type Pending struct {
	// TID is the thread that makes the call. If it is not the leader, the process
	// goes on under the leader's id after a successful exec.
	TID int

	// InPlace says that the call was continued with its path overwritten: no
	// second notification comes.
	InPlace bool

	args       [5]uint64 // of the execveat
	argv, name uint64    // addresses of what was written, or 0
	base       uint64    // where image stands
	image      []byte
	part       span
	free       func()
	restore    func()
}

// Matches tells whether a notification is this call, coming back. A handler of
// a signal may make other calls before it.
func (p *Pending) Matches(call Call) bool {
	return !p.InPlace && call.TID == p.TID && call.Nr == unix.SYS_EXECVEAT &&
		[5]uint64(call.Args[:5]) == p.args
}

// Arm writes the call's strings once more, in case the guest has touched them
// meanwhile. The caller continues the notification right after.
func (p *Pending) Arm() error {
	if len(p.image) == 0 {
		return nil
	}
	return memory(p.TID).writeAt(p.image, p.base)
}

// Done gives back what the call needed in the guest's memory. It may be called
// more than once. In place it restores the path: call it as soon as the process, or
// the parent of a vfork child, is seen to have gone on.
func (p *Pending) Done() {
	if p.restore != nil {
		p.restore()
	}
	if p.free != nil {
		p.free()
	}
}

// place writes the layout into p's part of the area at base.
func (p *Pending) place(l *layout, base uint64) error {
	p.base = base + uint64(p.part.from)
	p.image, p.argv, p.name = l.bytes(p.base)
	return memory(p.TID).writeAt(p.image, p.base)
}
