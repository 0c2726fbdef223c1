// SPDX-License-Identifier: Apache-2.0

package engine

import "io"

// Module is something that vu_insmod loads. The value is static; Load makes the
// instance that lives until vu_rmmod.
type Module struct {
	Name        string // as given to vu_insmod
	Description string // as vu_lsmod prints it
	Version     string

	// Tag is the letter of the module's debug tag (vudebug) and TagName its
	// name; 0 if the module has none.
	Tag     byte
	TagName string

	// Load activates the module. An error is what vu_insmod reports.
	Load func(h Host) (Instance, error)
}

// Instance is a loaded module.
type Instance interface {
	// Unload undoes Load. It is called only when nothing of the module is in
	// use, and its error (EBUSY) keeps the module loaded.
	Unload() error
}

// Mounter is an Instance that serves file system types of mount(2).
type Mounter interface {
	// MountsType tells whether the instance serves the file system type.
	MountsType(fstype string) bool

	// Mount makes what r describes. The engine attaches the result; nil without an error means that this was done
	// already, by a program that the module has started.
	//
	// Errors: ENODEV for an unknown type, ENOENT and the like for the source,
	// EINVAL for an unknown or malformed option. A [*MountError] carries a
	// message for the user besides the number.
	Mount(c Call, r *MountRequest) (FileSystem, error)
}

// Umounter is an Instance that is asked first when a guest calls umount2(2).
type Umounter interface {
	// Umounted tells whether what c's caller wants to unmount from path, given as in the call, is unmounted
	// already as far as the caller may know: the call then succeeds without doing anything.
	Umounted(c Call, path string) bool
}

// MountRequest is a mount(2) call that creates a new mount.
type MountRequest struct {
	Source string // as given by the caller, not resolved
	Target string // canonical path of the mount point in the view
	Type   string
	Flags  uintptr // MS_*
	Data   string  // comma-separated options, without those that are flags
}

// MountError is an error with a message worth showing to the user: which file,
// type or option is at fault, and why. vumount prints Message.
type MountError struct {
	Err     error // decides the error number, see [Errno]
	Message string
}

func (e *MountError) Error() string { return e.Message }
func (e *MountError) Unwrap() error { return e.Err }

// Host is what the engine offers to a module. Its methods may be called at any
// time from any goroutine.
type Host interface {
	// Logf prints one line to umvu's log if level is within the user's verbosity.
	Logf(level Level, format string, a ...any)

	// Debugf prints one line if the module's debug tag is set.
	Debugf(format string, a ...any)

	// Background is a call that the module makes for itself in the view it was
	// loaded in, with umvu's own credentials. It is never interrupted.
	Background() Call

	// Attach mounts a file system that no mount(2) asked for, in the view the module was
	// loaded in. detach undoes it; EBUSY while it is in use.
	Attach(point, fstype string, fs FileSystem) (detach func() error)

	// Pages is the page cache of a regular file's inode, or nil if the engine
	// keeps none for it now.
	Pages(n Node) Pages

	// Spawn starts a program as a guest of the caller's view, so that its files
	// may be virtual.
	Spawn(c Call, p *Program) (Process, error)

	// Restart has a guest's thread that waits in a read of a StreamFile begin that call anew, so that the file's
	// module is asked again. It is false if the thread is elsewhere or cannot be stopped because somebody traces it.
	Restart(tid int) bool

	// AnonDev returns a device number (st_dev) that no other mount has;
	// FreeDev gives it back.
	AnonDev() uint64
	FreeDev(dev uint64)

	// Settle returns when all files have been released whose last close came before it was called: a release
	// otherwise follows the close at once, but not before the guest goes on. It may wait.
	Settle(c Call)
}

// Program is a program to run as a guest.
type Program struct {
	Path   string   // found in the caller's view
	Args   []string // with argv[0]
	Env    []string
	Files  []int // descriptors of umvu's that become 0, 1, 2, ...; -1 leaves /dev/null
	Stderr io.Writer

	// Channel, if not nil, becomes descriptor ChannelFD: the program reads it natively, and the engine sees what it writes there, see
	// [StreamWriter]. If Spawn fails it was not released. EBADF: the hard RLIMIT_NOFILE does not allow that number.
	Channel Channel
}

// Channel is a stream that a program has from the start.
type Channel interface {
	File
	StreamFile
}

// ChannelFD is the number of [Program.Channel].
const ChannelFD = 768

// Process is a running guest that a module started.
type Process interface {
	PID() int
	// Signal sends a signal. Signalling a process that has ended is not an error.
	Signal(sig int) error
	// Done is closed when the process has ended; Status is its wait status then.
	Done() <-chan struct{}
	Status() uint32
}

// Level is the weight of a log line, as in syslog(3).
type Level int

// Levels of the log, most important first.
const (
	LogErr Level = iota + 3
	LogWarning
	LogNotice
	LogInfo
	LogDebug
)
