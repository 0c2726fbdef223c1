// SPDX-License-Identifier: Apache-2.0

package proto

import "strconv"

// Op is the number of a request.
type Op uint32

// Requests.
const (
	Lookup        Op = 1
	Forget        Op = 2 // no reply
	Getattr       Op = 3
	Setattr       Op = 4
	Readlink      Op = 5
	Symlink       Op = 6
	Mknod         Op = 8
	Mkdir         Op = 9
	Unlink        Op = 10
	Rmdir         Op = 11
	Rename        Op = 12
	Link          Op = 13
	Open          Op = 14
	Read          Op = 15
	Write         Op = 16
	Statfs        Op = 17
	Release       Op = 18
	Fsync         Op = 20
	Setxattr      Op = 21
	Getxattr      Op = 22
	Listxattr     Op = 23
	Removexattr   Op = 24
	Flush         Op = 25
	Init          Op = 26
	Opendir       Op = 27
	Readdir       Op = 28
	Releasedir    Op = 29
	Fsyncdir      Op = 30
	Getlk         Op = 31
	Setlk         Op = 32
	Setlkw        Op = 33
	Access        Op = 34
	Create        Op = 35
	Interrupt     Op = 36 // reply only on error
	Destroy       Op = 38
	Ioctl         Op = 39
	Poll          Op = 40
	NotifyReply   Op = 41 // no reply
	BatchForget   Op = 42 // no reply
	Fallocate     Op = 43
	Readdirplus   Op = 44
	Rename2       Op = 45
	Lseek         Op = 46
	CopyFileRange Op = 47
	Syncfs        Op = 50
	Tmpfile       Op = 51
	Statx         Op = 52
)

var opNames = map[Op]string{
	Lookup: "LOOKUP", Forget: "FORGET", Getattr: "GETATTR", Setattr: "SETATTR", Readlink: "READLINK",
	Symlink: "SYMLINK", Mknod: "MKNOD", Mkdir: "MKDIR", Unlink: "UNLINK", Rmdir: "RMDIR", Rename: "RENAME",
	Link: "LINK", Open: "OPEN", Read: "READ", Write: "WRITE", Statfs: "STATFS", Release: "RELEASE",
	Fsync: "FSYNC", Setxattr: "SETXATTR", Getxattr: "GETXATTR", Listxattr: "LISTXATTR",
	Removexattr: "REMOVEXATTR", Flush: "FLUSH", Init: "INIT", Opendir: "OPENDIR", Readdir: "READDIR",
	Releasedir: "RELEASEDIR", Fsyncdir: "FSYNCDIR", Getlk: "GETLK", Setlk: "SETLK", Setlkw: "SETLKW",
	Access: "ACCESS", Create: "CREATE", Interrupt: "INTERRUPT", Destroy: "DESTROY", Ioctl: "IOCTL",
	Poll: "POLL", NotifyReply: "NOTIFY_REPLY", BatchForget: "BATCH_FORGET", Fallocate: "FALLOCATE",
	Readdirplus: "READDIRPLUS", Rename2: "RENAME2", Lseek: "LSEEK", CopyFileRange: "COPY_FILE_RANGE",
	Syncfs: "SYNCFS", Tmpfile: "TMPFILE", Statx: "STATX",
}

// String is the name in fuse.h without FUSE_.
func (o Op) String() string {
	if s, ok := opNames[o]; ok {
		return s
	}
	return "OP" + strconv.FormatUint(uint64(o), 10)
}

// HasReply tells whether the server answers the request.
func (o Op) HasReply() bool {
	return o != Forget && o != BatchForget && o != NotifyReply && o != Interrupt
}
