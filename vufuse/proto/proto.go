// SPDX-License-Identifier: Apache-2.0

// Package proto is the FUSE protocol as the kernel and a server speak it on /dev/fuse:
// its numbers, its fixed-layout structures, and the checks that bytes from a server must
// pass. The source is the kernel's include/uapi/linux/fuse.h; the checks are those of
// fs/fuse/dev.c, dir.c and readdir.c. All numbers are in host byte order.
package proto

// Version of the protocol that the client speaks. Servers may be older: MinMinor is
// the oldest they may be.
const (
	Major    = 7
	Minor    = 40
	MinMinor = 8
)

// RootID is the node id of the root directory.
const RootID = 1

// Limits of the protocol.
const (
	NameLowMax    = 1024     // longest name in a directory (FUSE_NAME_LOW_MAX)
	NameMax       = 4095     // the same for a server that takes more than a page (FUSE_NAME_MAX)
	PageSize      = 4096     // unit of max_pages
	DefaultPages  = 32       // max_pages of a server that does not say
	MaxPages      = 256      // the most that is asked of a server
	MaxHeader     = 4096     // room for everything in a message besides its data
	maxErrno      = 512      // errors are -511..0
	XattrSizeMax  = 64 << 10 // XATTR_SIZE_MAX and XATTR_LIST_MAX
	InHeaderSize  = 40
	OutHeaderSize = 16
)

// Flags of INIT. Those from bit 32 on travel in flags2.
const (
	AsyncRead         = 1 << 0
	PosixLocks        = 1 << 1
	AtomicOTrunc      = 1 << 3
	BigWrites         = 1 << 5
	DontMask          = 1 << 6
	FlockLocks        = 1 << 10
	HasIoctlDir       = 1 << 11
	AutoInvalData     = 1 << 12
	DoReaddirplus     = 1 << 13
	ReaddirplusAuto   = 1 << 14
	AsyncDIO          = 1 << 15
	NoOpenSupport     = 1 << 17
	ParallelDirops    = 1 << 18
	HandleKillpriv    = 1 << 19
	PosixACL          = 1 << 20
	AbortError        = 1 << 21
	MaxPagesFlag      = 1 << 22
	CacheSymlinks     = 1 << 23
	NoOpendirSupport  = 1 << 24
	ExplicitInvalData = 1 << 25
	HandleKillprivV2  = 1 << 28
	SetxattrExt       = 1 << 29
	InitExt           = 1 << 30
	HasExpireOnly     = 1 << 35
	DirectIOAllowMmap = 1 << 36
)

// Flags of an open file (FOPEN_*).
const (
	OpenDirectIO       = 1 << 0
	OpenKeepCache      = 1 << 1
	OpenNonseekable    = 1 << 2
	OpenCacheDir       = 1 << 3
	OpenStream         = 1 << 4
	OpenNoflush        = 1 << 5
	OpenParallelWrites = 1 << 6
)

// Flags within requests and notifications.
const (
	GetattrFh           = 1 << 0 // GetattrIn
	OpenKillSuidgid     = 1 << 0 // OpenIn, CreateIn
	ReleaseFlockUnlck   = 1 << 1 // ReleaseIn
	LkFlock             = 1 << 0 // LkIn
	ReadLockOwner       = 1 << 1 // ReadIn
	WriteLockOwner      = 1 << 1 // WriteIn
	WriteKillSuidgid    = 1 << 2 // WriteIn
	IoctlRetry          = 1 << 2 // IoctlOut
	IoctlDir            = 1 << 4 // IoctlIn
	FsyncDatasync       = 1 << 0 // FsyncIn
	SetxattrACLKillSgid = 1 << 0 // SetxattrIn, ExtFlags
	PollNotify          = 1 << 0 // PollIn (FUSE_POLL_SCHEDULE_NOTIFY)
	EntryExpireOnly     = 1 << 0 // NotifyInvalEntry
)

// Bits of SetattrIn.Valid (FATTR_*).
const (
	FattrMode        = 1 << 0
	FattrUID         = 1 << 1
	FattrGID         = 1 << 2
	FattrSize        = 1 << 3
	FattrAtime       = 1 << 4
	FattrMtime       = 1 << 5
	FattrFh          = 1 << 6
	FattrAtimeNow    = 1 << 7
	FattrMtimeNow    = 1 << 8
	FattrLockOwner   = 1 << 9
	FattrKillSuidgid = 1 << 11
)
