// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"golang.org/x/sys/unix"
	"vuos.dev/engine/abi"
	"vuos.dev/engine/internal/seccomp"
	"vuos.dev/engine/internal/task"
)

// Calls that golang.org/x/sys does not number yet.
const (
	sysOpenTreeAttr = 467
	sysFileGetattr  = 468
	sysFileSetattr  = 469
)

// table has a row for every system call that is not simply passed on.
var table = []row{
	// Open files.
	{nr: unix.SYS_OPEN, name: "open", trap: always, handle: sysOpen},
	{nr: unix.SYS_CREAT, name: "creat", trap: always, handle: sysCreat},
	{nr: unix.SYS_OPENAT, name: "openat", trap: always, at: 1, handle: sysOpen},
	{nr: unix.SYS_OPENAT2, name: "openat2", trap: always, at: 1, handle: sysOpenat2},
	{nr: unix.SYS_CLOSE, name: "close", trap: fd0, handle: sysClose},
	{nr: unix.SYS_CLOSE_RANGE, name: "close_range", trap: always, handle: sysCloseRange},
	{nr: unix.SYS_DUP, name: "dup", trap: fd0, handle: sysDup},
	{nr: unix.SYS_DUP2, name: "dup2", trap: fd01, handle: sysDup2},
	{nr: unix.SYS_DUP3, name: "dup3", trap: fd01, handle: sysDup2},
	{nr: unix.SYS_PIDFD_GETFD, name: "pidfd_getfd", trap: always, handle: sysPidfdGetfd},
	{nr: unix.SYS_FCNTL, name: "fcntl", trap: fd0, handle: sysFcntl},
	{nr: unix.SYS_FLOCK, name: "flock", trap: always, handle: sysFlock},
	{nr: unix.SYS_IOCTL, name: "ioctl", trap: fdOr(socketIoctl), handle: sysIoctl},
	{nr: unix.SYS_LSEEK, name: "lseek", trap: seeking, handle: sysLseek},
	{nr: unix.SYS_GETDENTS, name: "getdents", trap: always, handle: sysGetdents},
	{nr: unix.SYS_GETDENTS64, name: "getdents64", trap: always, handle: sysGetdents64},

	// Data.
	{nr: unix.SYS_READ, name: "read", trap: reading, handle: sysRead},
	{nr: unix.SYS_WRITE, name: "write", trap: fd0, handle: sysWrite},
	{nr: unix.SYS_READV, name: "readv", trap: reading, handle: sysReadv},
	{nr: unix.SYS_WRITEV, name: "writev", trap: fd0, handle: sysWritev},
	{nr: unix.SYS_PREAD64, name: "pread64", trap: reading, handle: sysPread},
	{nr: unix.SYS_PWRITE64, name: "pwrite64", trap: fd0, handle: sysPwrite},
	{nr: unix.SYS_PREADV, name: "preadv", trap: reading, handle: sysPreadv},
	{nr: unix.SYS_PWRITEV, name: "pwritev", trap: fd0, handle: sysPwritev},
	{nr: unix.SYS_PREADV2, name: "preadv2", trap: reading, handle: sysPreadv2},
	{nr: unix.SYS_PWRITEV2, name: "pwritev2", trap: fd0, handle: sysPwritev2},
	{nr: unix.SYS_SENDFILE, name: "sendfile", trap: fd01, handle: sysSendfile},
	{nr: unix.SYS_SPLICE, name: "splice", trap: fd02, handle: sysSplice},
	{nr: unix.SYS_TEE, name: "tee", trap: fd01, handle: sysTee},
	{nr: unix.SYS_VMSPLICE, name: "vmsplice", trap: fd0, handle: sysVmsplice},
	{nr: unix.SYS_COPY_FILE_RANGE, name: "copy_file_range", trap: fd02, handle: sysCopyFileRange},
	{nr: unix.SYS_READAHEAD, name: "readahead", trap: fd0, handle: sysReadahead},
	{nr: unix.SYS_FADVISE64, name: "fadvise64", trap: fd0, handle: sysFadvise},
	{nr: unix.SYS_MMAP, name: "mmap", trap: seccomp.Trap{Kind: seccomp.ByMappedFD, Args: []int{3, 4}}, handle: sysMmap},
	{nr: unix.SYS_MREMAP, name: "mremap", trap: always, handle: sysMremap},
	{nr: unix.SYS_MSYNC, name: "msync", trap: always, handle: sysMsync},
	{nr: unix.SYS_FSYNC, name: "fsync", trap: always, handle: sysFsync},
	{nr: unix.SYS_FDATASYNC, name: "fdatasync", trap: always, handle: sysFdatasync},
	{nr: unix.SYS_SYNC_FILE_RANGE, name: "sync_file_range", trap: fd0, handle: sysSyncFileRange},
	{nr: unix.SYS_SYNCFS, name: "syncfs", trap: always, handle: sysSyncfs},
	{nr: unix.SYS_SYNC, name: "sync", trap: always, handle: sysSync},
	{nr: unix.SYS_TRUNCATE, name: "truncate", trap: always, handle: sysTruncate},
	{nr: unix.SYS_FTRUNCATE, name: "ftruncate", trap: always, handle: sysFtruncate},
	{nr: unix.SYS_FALLOCATE, name: "fallocate", trap: always, handle: sysFallocate},
	{nr: unix.SYS_IO_SUBMIT, name: "io_submit", trap: always, handle: sysIoSubmit, note: "on the stand-in of a virtual file, which is the truth then; EINVAL for streams and large devices"},

	// Attributes.
	{nr: unix.SYS_STAT, name: "stat", trap: always, handle: sysStat},
	{nr: unix.SYS_LSTAT, name: "lstat", trap: always, handle: sysLstat},
	{nr: unix.SYS_FSTAT, name: "fstat", trap: fd0, handle: sysFstat},
	{nr: unix.SYS_NEWFSTATAT, name: "newfstatat", trap: always, at: 1, handle: sysNewfstatat},
	{nr: unix.SYS_STATX, name: "statx", trap: always, at: 1, handle: sysStatx},
	{nr: unix.SYS_ACCESS, name: "access", trap: always, handle: sysAccess},
	{nr: unix.SYS_FACCESSAT, name: "faccessat", trap: always, at: 1, handle: sysAccess},
	{nr: unix.SYS_FACCESSAT2, name: "faccessat2", trap: always, at: 1, handle: sysAccess2},
	{nr: unix.SYS_CHMOD, name: "chmod", trap: always, handle: sysChmod},
	{nr: unix.SYS_FCHMOD, name: "fchmod", trap: always, handle: sysFchmod},
	{nr: unix.SYS_FCHMODAT, name: "fchmodat", trap: always, at: 1, handle: sysChmod},
	{nr: unix.SYS_FCHMODAT2, name: "fchmodat2", trap: always, at: 1, handle: sysFchmodat2},
	{nr: unix.SYS_CHOWN, name: "chown", trap: always, handle: sysChown},
	{nr: unix.SYS_LCHOWN, name: "lchown", trap: always, handle: sysLchown},
	{nr: unix.SYS_FCHOWN, name: "fchown", trap: always, handle: sysFchown},
	{nr: unix.SYS_FCHOWNAT, name: "fchownat", trap: always, at: 1, handle: sysFchownat},
	{nr: unix.SYS_UTIME, name: "utime", trap: always, handle: sysUtime},
	{nr: unix.SYS_UTIMES, name: "utimes", trap: always, handle: sysUtimes},
	{nr: unix.SYS_FUTIMESAT, name: "futimesat", trap: always, at: 1, handle: sysUtimes},
	{nr: unix.SYS_UTIMENSAT, name: "utimensat", trap: always, at: 1, handle: sysUtimensat},
	{nr: unix.SYS_STATFS, name: "statfs", trap: always, handle: sysStatfs},
	{nr: unix.SYS_FSTATFS, name: "fstatfs", trap: always, handle: sysFstatfs},
	{nr: sysFileGetattr, name: "file_getattr", trap: always, at: 1, handle: refusePath(unix.EOPNOTSUPP), note: "a virtual file has no such attributes"},
	{nr: sysFileSetattr, name: "file_setattr", trap: always, at: 1, handle: refusePath(unix.EOPNOTSUPP), note: "a virtual file has no such attributes"},

	// Extended attributes.
	{nr: unix.SYS_GETXATTR, name: "getxattr", trap: always, handle: xattrCall(xattrFollow, getXattr)},
	{nr: unix.SYS_LGETXATTR, name: "lgetxattr", trap: always, handle: xattrCall(xattrNoFollow, getXattr)},
	{nr: unix.SYS_FGETXATTR, name: "fgetxattr", trap: always, handle: xattrCall(xattrByFD, getXattr)},
	{nr: unix.SYS_GETXATTRAT, name: "getxattrat", trap: always, handle: xattrCall(xattrByAtGet, getXattr)},
	{nr: unix.SYS_SETXATTR, name: "setxattr", trap: always, handle: xattrCall(xattrFollow, setXattr)},
	{nr: unix.SYS_LSETXATTR, name: "lsetxattr", trap: always, handle: xattrCall(xattrNoFollow, setXattr)},
	{nr: unix.SYS_FSETXATTR, name: "fsetxattr", trap: always, handle: xattrCall(xattrByFD, setXattr)},
	{nr: unix.SYS_SETXATTRAT, name: "setxattrat", trap: always, handle: xattrCall(xattrByAt, setXattr)},
	{nr: unix.SYS_LISTXATTR, name: "listxattr", trap: always, handle: xattrCall(xattrFollow, listXattr)},
	{nr: unix.SYS_LLISTXATTR, name: "llistxattr", trap: always, handle: xattrCall(xattrNoFollow, listXattr)},
	{nr: unix.SYS_FLISTXATTR, name: "flistxattr", trap: always, handle: xattrCall(xattrByFD, listXattr)},
	{nr: unix.SYS_LISTXATTRAT, name: "listxattrat", trap: always, handle: xattrCall(xattrByAtList, listXattr)},
	{nr: unix.SYS_REMOVEXATTR, name: "removexattr", trap: always, handle: xattrCall(xattrFollow, removeXattr)},
	{nr: unix.SYS_LREMOVEXATTR, name: "lremovexattr", trap: always, handle: xattrCall(xattrNoFollow, removeXattr)},
	{nr: unix.SYS_FREMOVEXATTR, name: "fremovexattr", trap: always, handle: xattrCall(xattrByFD, removeXattr)},
	{nr: unix.SYS_REMOVEXATTRAT, name: "removexattrat", trap: always, handle: xattrCall(xattrByAtName, removeXattr)},

	// Names.
	{nr: unix.SYS_MKDIR, name: "mkdir", trap: always, handle: sysMkdir},
	{nr: unix.SYS_MKDIRAT, name: "mkdirat", trap: always, at: 1, handle: sysMkdir},
	{nr: unix.SYS_RMDIR, name: "rmdir", trap: always, handle: sysRmdir},
	{nr: unix.SYS_MKNOD, name: "mknod", trap: always, handle: sysMknod},
	{nr: unix.SYS_MKNODAT, name: "mknodat", trap: always, at: 1, handle: sysMknod},
	{nr: unix.SYS_UNLINK, name: "unlink", trap: always, handle: sysUnlink},
	{nr: unix.SYS_UNLINKAT, name: "unlinkat", trap: always, at: 1, handle: sysUnlinkat},
	{nr: unix.SYS_LINK, name: "link", trap: always, handle: sysLink},
	{nr: unix.SYS_LINKAT, name: "linkat", trap: always, handle: sysLinkat},
	{nr: unix.SYS_SYMLINK, name: "symlink", trap: always, handle: sysSymlink},
	{nr: unix.SYS_SYMLINKAT, name: "symlinkat", trap: always, handle: sysSymlinkat},
	{nr: unix.SYS_RENAME, name: "rename", trap: always, handle: sysRename},
	{nr: unix.SYS_RENAMEAT, name: "renameat", trap: always, handle: sysRenameat},
	{nr: unix.SYS_RENAMEAT2, name: "renameat2", trap: always, handle: sysRenameat2},
	{nr: unix.SYS_READLINK, name: "readlink", trap: always, handle: sysReadlink},
	{nr: unix.SYS_READLINKAT, name: "readlinkat", trap: always, at: 1, handle: sysReadlink},
	{nr: unix.SYS_INOTIFY_ADD_WATCH, name: "inotify_add_watch", trap: always, handle: sysInotifyAddWatch},
	{nr: unix.SYS_FANOTIFY_MARK, name: "fanotify_mark", trap: always, handle: sysFanotifyMark},
	{nr: unix.SYS_NAME_TO_HANDLE_AT, name: "name_to_handle_at", trap: always, handle: sysNameToHandle},
	{nr: unix.SYS_OPEN_BY_HANDLE_AT, name: "open_by_handle_at", trap: fd0, handle: refuseVirtual(unix.ESTALE), note: "a virtual file has no handle"},

	// Where a process is.
	{nr: unix.SYS_CHDIR, name: "chdir", trap: always, handle: sysChdir},
	{nr: unix.SYS_FCHDIR, name: "fchdir", trap: always, handle: sysFchdir},
	{nr: unix.SYS_GETCWD, name: "getcwd", trap: always, handle: sysGetcwd},
	{nr: unix.SYS_CHROOT, name: "chroot", trap: always, handle: sysChroot},
	{nr: unix.SYS_PIVOT_ROOT, name: "pivot_root", trap: always, handle: sysNamespace},
	{nr: unix.SYS_UNSHARE, name: "unshare", trap: always, handle: sysUnshare},
	{nr: unix.SYS_SETNS, name: "setns", trap: always, handle: sysNamespace},
	{nr: unix.SYS_CLONE, name: "clone", trap: cloning, handle: sysClone,
		note: "new mount and user namespaces, and processes that share their working directory, only"},

	// Mounts.
	{nr: unix.SYS_MOUNT, name: "mount", trap: always, handle: sysMount},
	{nr: unix.SYS_UMOUNT2, name: "umount2", trap: always, handle: sysUmount2},
	{nr: unix.SYS_FSOPEN, name: "fsopen", trap: always, handle: sysNewMountAPI, note: "ENOSYS where something virtual is meant: programs fall back to mount"},
	{nr: unix.SYS_FSCONFIG, name: "fsconfig", trap: always, handle: sysNewMountAPI},
	{nr: unix.SYS_FSMOUNT, name: "fsmount", trap: always, handle: sysNewMountAPI},
	{nr: unix.SYS_FSPICK, name: "fspick", trap: always, handle: sysNewMountAPI},
	{nr: unix.SYS_MOVE_MOUNT, name: "move_mount", trap: always, handle: sysNewMountAPI},
	{nr: unix.SYS_OPEN_TREE, name: "open_tree", trap: always, handle: sysNewMountAPI},
	{nr: sysOpenTreeAttr, name: "open_tree_attr", trap: always, handle: sysNewMountAPI},
	{nr: unix.SYS_MOUNT_SETATTR, name: "mount_setattr", trap: always, handle: sysNewMountAPI},
	{nr: unix.SYS_STATMOUNT, name: "statmount", trap: always, handle: sysNewMountAPI},
	{nr: unix.SYS_LISTMOUNT, name: "listmount", trap: always, handle: sysNewMountAPI},

	// Files that the kernel itself uses.
	{nr: unix.SYS_ACCT, name: "acct", trap: always, handle: refuseAdmin(unix.CAP_SYS_PACCT, unix.EACCES), note: "not to a virtual file"},
	{nr: unix.SYS_SWAPON, name: "swapon", trap: always, handle: refuseAdmin(unix.CAP_SYS_ADMIN, unix.EINVAL), note: "not on a virtual file"},
	{nr: unix.SYS_SWAPOFF, name: "swapoff", trap: always, handle: refuseAdmin(unix.CAP_SYS_ADMIN, unix.EINVAL)},
	{nr: unix.SYS_QUOTACTL, name: "quotactl", trap: always, handle: sysQuotactl, note: "virtual file systems have no quota"},

	// Programs.
	{nr: unix.SYS_EXECVE, name: "execve", trap: always, handle: sysExecve},
	{nr: unix.SYS_EXECVEAT, name: "execveat", trap: always, handle: sysExecveat},
	{nr: unix.SYS_PRCTL, name: "prctl", handle: sysPrctl, trap: argIs(0, unix.PR_SET_DUMPABLE, unix.PR_GET_DUMPABLE,
		unix.PR_GET_SECCOMP, unix.PR_SET_NO_NEW_PRIVS, unix.PR_GET_NO_NEW_PRIVS, abi.PrctlVirtual)},
	{nr: unix.SYS_GETRLIMIT, name: "getrlimit", trap: argIs(0, task.RlimitLocks), handle: sysGetrlimit},
	{nr: unix.SYS_SETRLIMIT, name: "setrlimit", trap: argIs(0, task.RlimitLocks), handle: sysSetrlimit},
	{nr: unix.SYS_PRLIMIT64, name: "prlimit64", trap: argIs(1, task.RlimitLocks), handle: sysPrlimit},

	// Sockets.
	{nr: unix.SYS_SOCKET, name: "socket", trap: always, handle: sysSocket},
	{nr: unix.SYS_BIND, name: "bind", trap: always, handle: sysBind},
	{nr: unix.SYS_CONNECT, name: "connect", trap: always, handle: sysConnect},
	{nr: unix.SYS_LISTEN, name: "listen", trap: always, handle: sysListen},
	{nr: unix.SYS_ACCEPT, name: "accept", trap: always, handle: sysAccept},
	{nr: unix.SYS_ACCEPT4, name: "accept4", trap: always, handle: sysAccept4},
	{nr: unix.SYS_SHUTDOWN, name: "shutdown", trap: always, handle: sysShutdown},
	{nr: unix.SYS_SENDTO, name: "sendto", trap: fdOr(seccomp.Trap{Kind: seccomp.ArgNonzero, Args: []int{4}}), handle: sysSendto},
	{nr: unix.SYS_SENDMSG, name: "sendmsg", trap: always, handle: sysSendmsg},
	{nr: unix.SYS_SENDMMSG, name: "sendmmsg", trap: always, handle: sysSendmmsg},
	{nr: unix.SYS_RECVFROM, name: "recvfrom", trap: fd0, handle: sysRecvfrom},
	{nr: unix.SYS_RECVMSG, name: "recvmsg", trap: always, handle: sysRecvmsg},
	{nr: unix.SYS_RECVMMSG, name: "recvmmsg", trap: always, handle: sysRecvmmsg},
	{nr: unix.SYS_GETSOCKNAME, name: "getsockname", trap: always, handle: sysSockname},
	{nr: unix.SYS_GETPEERNAME, name: "getpeername", trap: always, handle: sysSockname},
	{nr: unix.SYS_GETSOCKOPT, name: "getsockopt", trap: always, handle: sysGetsockopt},
	{nr: unix.SYS_SETSOCKOPT, name: "setsockopt", trap: always, handle: sysSetsockopt},

	// Rings would bypass the filter.
	{nr: unix.SYS_IO_URING_SETUP, name: "io_uring_setup", trap: refuse(unix.ENOSYS), note: "rings would bypass the filter; programs fall back"},
	{nr: unix.SYS_IO_URING_ENTER, name: "io_uring_enter", trap: refuse(unix.ENOSYS), note: "as io_uring_setup"},
	{nr: unix.SYS_IO_URING_REGISTER, name: "io_uring_register", trap: refuse(unix.ENOSYS), note: "as io_uring_setup"},
}
