// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// encodeStat makes a struct stat (arch/x86/include/uapi/asm/stat.h) from a struct statx.
func encodeStat(st *unix.Statx_t) [unsafe.Sizeof(unix.Stat_t{})]byte {
	s := unix.Stat_t{
		Dev:     unix.Mkdev(st.Dev_major, st.Dev_minor),
		Ino:     st.Ino,
		Nlink:   uint64(st.Nlink),
		Mode:    uint32(st.Mode),
		Uid:     st.Uid,
		Gid:     st.Gid,
		Rdev:    unix.Mkdev(st.Rdev_major, st.Rdev_minor),
		Size:    int64(st.Size),
		Blksize: int64(st.Blksize),
		Blocks:  int64(st.Blocks),
		Atim:    unix.Timespec{Sec: st.Atime.Sec, Nsec: int64(st.Atime.Nsec)},
		Mtim:    unix.Timespec{Sec: st.Mtime.Sec, Nsec: int64(st.Mtime.Nsec)},
		Ctim:    unix.Timespec{Sec: st.Ctime.Sec, Nsec: int64(st.Ctime.Nsec)},
	}
	return *(*[unsafe.Sizeof(s)]byte)(unsafe.Pointer(&s))
}

func encodeStatx(st *unix.Statx_t) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(st)), unsafe.Sizeof(*st))
}

func encodeStatfs(st *unix.Statfs_t) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(st)), unsafe.Sizeof(*st))
}
