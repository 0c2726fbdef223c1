// SPDX-License-Identifier: Apache-2.0

package engine

// View is what guests see, for use by a module: the same system calls, resolved in
// the same view. That is how a file system's source may itself be virtual.
type View interface {
	// Name is the name given with umvu -V or vuname.
	Name() string

	// Lookup finds the inode that path names, from the caller's root and
	// working directory; a symbolic link at its end is followed if follow is set. The path
	// returned is the canonical one in the view. The node may be the host's; all of Node's optional
	// interfaces work on it.
	Lookup(c Call, path string, follow bool) (n Node, canonical string, err error)

	// Open opens path as open(2) does. For a file of the host the result is a
	// [HostFile]; for others it is what the module returned.
	Open(c Call, path string, flags int, mode uint32) (Node, File, error)

	// Bind is a file system that shows what path names, and what is below it, once more: its inodes are the ones that
	// are found there. What they are on counts as in use until Unmount.
	Bind(c Call, path string) (BoundFileSystem, error)

	// Tree is the whole tree of the view as one directory, mounts included:
	// the root node of a file system that shows it again elsewhere.
	Tree(c Call) Node
}

// FileFinder is a View that knows the open files of modules by their descriptors, for a module that is
// handed one in an argument.
type FileFinder interface {
	// FileOf is the open file that descriptor fd of c's caller is, as its module returned it from Open, or nil if
	// there is none or it is not virtual.
	FileOf(c Call, fd int) File

	// Descriptor is one of umvu's own for the open file that descriptor fd of c's caller is. Whoever asks for it
	// closes it.
	Descriptor(c Call, fd int) (int, error)
}
