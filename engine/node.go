// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"time"

	"golang.org/x/sys/unix"
)

// Node is an inode. Two Node values of one file system are equal (==) exactly
// when they are the same inode; a Node must therefore be comparable, and most are
// pointers. A Node is alive as long as the engine refers to it; a file system that
// must tell somebody when it is not (FORGET) uses a weak pointer and a cleanup.
type Node interface {
	// Type is the S_IFMT part of the mode. It never changes and costs nothing.
	Type() uint32

	// Stat fills st: the fields of STATX_BASIC_STATS, and STATX_BTIME if known,
	// with stx_mask telling which are valid.
	Stat(c Call, st *unix.Statx_t) error
}

// NodeUnwrapper is an inode that only shows another one at a second place, as a bind does: who watches the one sees
// what happens to the other.
type NodeUnwrapper interface {
	// Unwrap returns the inode that is shown.
	Unwrap(c Call) (Node, error)
}

// NodeBirther tells the time of birth (STATX_BTIME) where Stat leaves it out because it costs a request of
// its own: it is asked only for a statx(2) that wants it.
type NodeBirther interface {
	// Birth returns EOPNOTSUPP if the time is not known.
	Birth(c Call) (unix.StatxTimestamp, error)
}

// NodeHolder is an inode known by where it is, which another may be by the time it is used. Without it a node is the
// inode itself.
type NodeHolder interface {
	// Hold returns the inode in a form that stays the same one, renamed or removed. The engine asks for
	// it where the kernel keeps a struct path: open directories, O_PATH, working and root
	// directories, and what is mounted.
	Hold(c Call) (Node, error)
}

// NodeWalker is a directory in which names can be looked up. Without it a
// directory is empty.
type NodeWalker interface {
	// Walk looks up names, each one in the directory found before, and returns
	// the nodes found. It stops behind a symbolic link, or where err says why
	// the next name is not there (ENOENT, ENOTDIR, EACCES, ...). Names are never
	// empty, "." or "..". Search permission is checked by the file system.
	Walk(c Call, names []string) ([]Node, error)
}

// NodeParenter is a directory that knows its place in the tree, even after it was
// renamed. Without it the engine relies on the path by which it was found.
type NodeParenter interface {
	// Parent returns the directory and name of this one. The root of a mount
	// returns itself and "". A removed directory returns ENOENT.
	Parent(c Call) (dir Node, name string, err error)
}

// NodeUpper is a directory that knows where it was when it was removed. Without it ".." of a removed directory fails.
type NodeUpper interface {
	// Up returns the directory it was in.
	Up(c Call) (Node, error)
}

// NodeOpener opens an inode of any type except symbolic links and sockets. Without
// it open fails with EACCES.
type NodeOpener interface {
	// Open opens the inode with the O_* flags of open(2), less O_CREAT, O_EXCL unless it is a block
	// device, O_NOFOLLOW, O_CLOEXEC and O_PATH. O_TRUNC is passed on and obeyed. Permission
	// is checked by the file system.
	Open(c Call, flags int) (File, error)
}

// NodeCreater makes and opens a regular file. Without it creation fails with
// EROFS.
type NodeCreater interface {
	// Create makes name, which was not there when looked up, with mode (umask
	// applied) and opens it. EEXIST if it is there by now.
	Create(c Call, name string, flags int, mode uint32) (Node, File, error)
}

// NodeTmpfiler is O_TMPFILE. Without it: EOPNOTSUPP.
type NodeTmpfiler interface {
	Tmpfile(c Call, flags int, mode uint32) (Node, File, error)
}

// NodeMknoder makes a file of any type but directory and symbolic link, without opening it.
// Without it: EROFS.
type NodeMknoder interface {
	// Mknod gets a mode with S_IFMT bits and the umask applied.
	Mknod(c Call, name string, mode uint32, rdev uint64) (Node, error)
}

// NodeMkdirer makes a directory, with the umask applied to mode. Without it: EROFS.
type NodeMkdirer interface {
	Mkdir(c Call, name string, mode uint32) (Node, error)
}

// NodeSymlinker makes a symbolic link. Without it: EROFS.
type NodeSymlinker interface {
	Symlink(c Call, name, target string) (Node, error)
}

// NodeLinker makes name in this directory another name of n, which is of the same file
// system. Without it: EPERM.
type NodeLinker interface {
	Link(c Call, n Node, name string) error
}

// NodeUnlinker removes a name that is not a directory. Without it: EROFS.
type NodeUnlinker interface {
	Unlink(c Call, name string) error
}

// NodeRmdirer removes an empty directory. Without it: EROFS.
type NodeRmdirer interface {
	Rmdir(c Call, name string) error
}

// NodeRenamer renames within one file system, with the RENAME_* flags of
// renameat2(2). Without it: EROFS.
type NodeRenamer interface {
	Rename(c Call, name string, dir Node, newName string, flags uint) error
}

// NodeReadlinker reads a symbolic link. Without it: EINVAL.
type NodeReadlinker interface {
	Readlink(c Call) (string, error)
}

// NodeSetattrer changes attributes. Without it: EROFS. Permission is checked by
// the file system.
type NodeSetattrer interface {
	Setattr(c Call, a *SetAttr) error
}

// SetAttr says which attributes are to change (struct iattr of the kernel).
type SetAttr struct {
	Valid uint32 // Attr* bits

	Mode  uint32 // permission bits only
	UID   uint32
	GID   uint32
	Size  int64
	Atime unix.Timespec
	Mtime unix.Timespec

	File File // open file through which it is done, or nil
}

// Attr* say which members of SetAttr count.
const (
	AttrMode = 1 << iota
	AttrUID
	AttrGID
	AttrSize
	AttrAtime
	AttrMtime
	AttrAtimeNow // to the current time; Atime is ignored
	AttrMtimeNow
)

// NodePermitter tells whether another call may do mask (R_OK, W_OK, X_OK) on the node, where that is not the same as
// what access(2) answers: a file system may leave it to the call itself (fs/fuse/dir.c:fuse_permission()).
type NodePermitter interface {
	Permit(c Call, mask uint32) error
}

// NodeAccesser is access(2) for the file system IDs of c. Without it
// [Access] decides on what Stat says.
type NodeAccesser interface {
	// Access takes a mask of unix.R_OK, W_OK and X_OK.
	Access(c Call, mask uint32) error
}

// NodeXattrer has extended attributes. Without it: EOPNOTSUPP.
type NodeXattrer interface {
	// Getxattr returns the value; ENODATA if there is none of that name.
	Getxattr(c Call, name string) ([]byte, error)
	// Setxattr obeys XATTR_CREATE and XATTR_REPLACE in flags.
	Setxattr(c Call, name string, value []byte, flags int) error
	Listxattr(c Call) ([]string, error)
	Removexattr(c Call, name string) error
}

// NodeFreshener is a regular file of which the file system knows for how long nobody but the engine changes it without telling
// by [Pages]: then guests may read what is cached without the engine being asked. Without it
// Stat is called before each read.
type NodeFreshener interface {
	// Fresh is how long what Stat says and what was read last are the file's, from now on; negative for always.
	Fresh() time.Duration
	// Prefetches tells whether nobody is told of opens and last closes, so that a small file may be read when it is opened, though
	// nobody may want to read it.
	Prefetches() bool
	// Revalidate asks whoever knows whether the file has changed since, and tells Pages if it has.
	Revalidate(c Call) error
}

// NodeCacher says how the engine may keep the contents of a regular file.
// Without it CacheKeep is assumed.
type NodeCacher interface {
	Cache() CachePolicy
}

// CachePolicy says what becomes of cached file contents. It is asked after each open.
type CachePolicy int

const (
	CacheKeep CachePolicy = iota // contents stay valid until Pages says otherwise
	CacheOpen                    // contents are dropped at each open
	CacheNone                    // every read and write goes to the file system
)

// NodeUmasker is a directory whose file system applies the umask to what is made in it, or something else instead
// (a default ACL). Without it the engine does.
type NodeUmasker interface {
	// Umasks tells whether it does: modes then come as the guest gave them.
	Umasks() bool
}
