// SPDX-License-Identifier: Apache-2.0

package proto

// OutHeader begins every reply and notification.
type OutHeader struct {
	Len    uint32 // of the whole message, in bytes
	Error  int32  // 0 or a negative errno; of a notification, its number
	Unique uint64 // of the request; 0 for a notification
}

// Attr are the attributes of an inode.
type Attr struct {
	Ino, Size, Blocks               uint64
	Atime, Mtime, Ctime             uint64
	Atimensec, Mtimensec, Ctimensec uint32
	Mode, Nlink, UID, GID, Rdev     uint32
	Blksize, Flags                  uint32
}

// The bodies of replies.
type (
	EntryOut struct {
		Node, Generation              uint64
		EntryValid, AttrValid         uint64 // seconds
		EntryValidNsec, AttrValidNsec uint32
		Attr                          Attr
	}
	AttrOut struct {
		Valid               uint64 // seconds
		ValidNsec, Reserved uint32
		Attr                Attr
	}
	OpenOut struct {
		Fh              uint64
		Flags, Reserved uint32
	}
	CreateOut struct {
		Entry EntryOut
		Open  OpenOut
	}
	WriteOut  struct{ Size, Reserved uint32 }
	StatfsOut struct {
		Blocks, Bfree, Bavail, Files, Ffree uint64
		Bsize, Namelen, Frsize, Reserved    uint32
		Spare                               [6]uint32
	}
	LkOut   struct{ Lk FileLock }
	InitOut struct {
		Major, Minor, MaxReadahead, Flags  uint32
		MaxBackground, CongestionThreshold uint16
		MaxWrite, TimeGran                 uint32
		MaxPages, MapAlignment             uint16
		Flags2                             uint32
		Unused                             [7]uint32
	}
	IoctlOut struct {
		Result                 int32
		Flags, InIovs, OutIovs uint32
	}
	PollOut  struct{ Revents, Padding uint32 }
	LseekOut struct{ Offset uint64 }
	SxTime   struct {
		Sec            int64
		Nsec, Reserved uint32
	}
	StatxOut struct {
		Valid                uint64 // seconds
		ValidNsec, Flags     uint32
		Spare                [2]uint64
		Mask, Blksize        uint32
		Attributes           uint64
		Nlink, UID, GID      uint32
		Mode, Reserved       uint16
		Ino, Size, Blocks    uint64
		AttributesMask       uint64
		Atime, Btime         SxTime
		Ctime, Mtime         SxTime
		RdevMajor, RdevMinor uint32
		DevMajor, DevMinor   uint32
		Spare2               [14]uint64
	}
)

// Sizes of older replies (FUSE_COMPAT_*): before 7.9 Attr ended before Blksize.
const (
	compatEntryOut = 120
	compatAttrOut  = 96
	compatMknodIn  = 8
	compatCreateIn = 8
	compatWriteIn  = 24
	compatSetxattr = 8
)
