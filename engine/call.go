// SPDX-License-Identifier: Apache-2.0

package engine

// Call is one system call on its way through the engine: a guest's, or one that a
// module makes for itself. It is valid until the method it was passed to
// returns.
type Call interface {
	// PID is the process (thread group) that makes the call, as umvu sees it;
	// TID the thread. Both are umvu's own for a call of a module.
	PID() int
	TID() int

	// IDs is who makes the call. It costs less than Cred. The result must not be changed.
	IDs() *IDs

	// Cred is who makes the call, and what that one may. The result must not be changed.
	Cred() *Cred

	// Umask is the caller's file mode creation mask.
	Umask() uint32

	// View is the view in which the call is made.
	View() View

	// Block announces that the method may now wait for something outside umvu.
	// It is cheap and may be called any number of times.
	Block()

	// Interrupted is closed when the caller has a signal to handle, is being
	// stopped or is gone. Who waits on it and sees it closed returns EINTR at
	// once if nothing was done yet. The engine restarts the call or lets it fail,
	// as SA_RESTART says.
	Interrupted() <-chan struct{}
}

// Sleeper is a [Call] that can wait for something that another call brings, an answer of a guest that serves a file system, at
// less cost than with a channel. Calls of guests have it.
type Sleeper interface {
	// Sleep waits until Wake is called, or was called since the last Sleep, and if it is interruptible, until
	// Interrupted is closed. It may also return for no reason. Block need not be called before.
	Sleep(interruptible bool)

	// Wake ends a Sleep. by is the call at hand; nil if there is none. It may be called from any goroutine,
	// and when the call is over.
	Wake(by Call)
}

// IDs are the user and group ids of a thread (credentials(7)).
type IDs struct {
	UID, GID     uint32 // real
	EUID, EGID   uint32 // effective
	SUID, SGID   uint32 // saved
	FSUID, FSGID uint32 // file system
}

// SameIDs are those of a process that is nobody else: all of a kind are equal.
func SameIDs(uid, gid uint32) IDs {
	return IDs{UID: uid, GID: gid, EUID: uid, EGID: gid, SUID: uid, SGID: gid, FSUID: uid, FSGID: gid}
}

// Cred is the identity on which file access is decided (credentials(7)).
type Cred struct {
	IDs
	Groups []uint32
	CapEff uint64 // effective capabilities, one bit each
}

// HasCap tells whether capability number n is effective.
func (cr *Cred) HasCap(n int) bool { return cr.CapEff&(1<<uint(n)) != 0 }

// InGroup tells whether gid is the file system group or a supplementary one.
func (cr *Cred) InGroup(gid uint32) bool {
	if cr.FSGID == gid {
		return true
	}
	for _, g := range cr.Groups {
		if g == gid {
			return true
		}
	}
	return false
}
