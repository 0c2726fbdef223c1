// SPDX-License-Identifier: Apache-2.0

package proto

// InHeader begins every request.
type InHeader struct {
	Len      uint32 // of the whole message, in bytes
	Op       Op
	Unique   uint64
	Node     uint64
	UID      uint32 // file system ids of the caller
	GID      uint32
	PID      uint32 // thread id of the caller
	ExtLen   uint16
	Reserved uint16
}

// The bodies of requests. Names and data follow them.
type (
	ForgetIn      struct{ Nlookup uint64 }
	ForgetOne     struct{ Node, Nlookup uint64 }
	BatchForgetIn struct{ Count, Reserved uint32 }
	GetattrIn     struct {
		Flags, Reserved uint32
		Fh              uint64
	}
	StatxIn struct {
		Flags, Reserved uint32
		Fh              uint64
		SxFlags, SxMask uint32
	}
	MknodIn   struct{ Mode, Rdev, Umask, Reserved uint32 }
	MkdirIn   struct{ Mode, Umask uint32 }
	RenameIn  struct{ Newdir uint64 }
	Rename2In struct {
		Newdir          uint64
		Flags, Reserved uint32
	}
	LinkIn    struct{ Node uint64 }
	SetattrIn struct {
		Valid, Reserved                      uint32
		Fh, Size, LockOwner                  uint64
		Atime, Mtime, Ctime                  uint64
		Atimensec, Mtimensec, Ctimensec      uint32
		Mode, Reserved4, UID, GID, Reserved5 uint32
	}
	OpenIn    struct{ Flags, OpenFlags uint32 }
	CreateIn  struct{ Flags, Mode, Umask, OpenFlags uint32 }
	ReleaseIn struct {
		Fh                  uint64
		Flags, ReleaseFlags uint32
		LockOwner           uint64
	}
	FlushIn struct {
		Fh               uint64
		Unused, Reserved uint32
		LockOwner        uint64
	}
	ReadIn struct {
		Fh, Offset      uint64
		Size, ReadFlags uint32
		LockOwner       uint64
		Flags, Reserved uint32
	}
	WriteIn struct {
		Fh, Offset       uint64
		Size, WriteFlags uint32
		LockOwner        uint64
		Flags, Reserved  uint32
	}
	FsyncIn struct {
		Fh              uint64
		Flags, Reserved uint32
	}
	SetxattrIn struct{ Size, Flags, ExtFlags, Reserved uint32 }
	GetxattrIn struct{ Size, Reserved uint32 }
	FileLock   struct {
		Start, End uint64
		Type, PID  uint32
	}
	LkIn struct {
		Fh, Owner       uint64
		Lk              FileLock
		Flags, Reserved uint32
	}
	AccessIn struct{ Mask, Reserved uint32 }
	InitIn   struct {
		Major, Minor, MaxReadahead, Flags, Flags2 uint32
		Unused                                    [11]uint32
	}
	InterruptIn struct{ Unique uint64 }
	IoctlIn     struct {
		Fh              uint64
		Flags, Cmd      uint32
		Arg             uint64
		InSize, OutSize uint32
	}
	PollIn struct {
		Fh, Kh        uint64
		Flags, Events uint32
	}
	FallocateIn struct {
		Fh, Offset, Length uint64
		Mode, Reserved     uint32
	}
	LseekIn struct {
		Fh, Offset       uint64
		Whence, Reserved uint32
	}
	CopyFileRangeIn struct {
		FhIn, OffIn, NodeOut, FhOut, OffOut, Len, Flags uint64
	}
	SyncfsIn         struct{ Reserved uint64 }
	NotifyRetrieveIn struct {
		Reserved1       uint64
		Offset          uint64
		Size, Reserved2 uint32
		Reserved3       [2]uint64
	}
)
