// SPDX-License-Identifier: Apache-2.0

// Package engine is the stable interface between VUOS and its modules.
//
// A view is what one or more processes (guests) see of the system. Every
// system call of a guest is either real, and the kernel does it, or virtual,
// and a module does it. A module is a value of type [Module]; what it offers is
// mounted, and a mounted thing is a [FileSystem]: a tree of [Node] values that
// are opened into [File] values, or sockets made by a [Stack].
//
// # Optional interfaces
//
// Node, File and FileSystem are small. Everything else that an inode or an open
// file can do is a one-method interface found by type assertion, such as
// [NodeMkdirer] or [FileWriter]. What is absent answers as its documentation
// says, most often with EOPNOTSUPP or EROFS. Modules check what they mean to
// implement at compile time:
//
//	var _ engine.NodeMkdirer = (*node)(nil)
//
// # Errors
//
// Methods return ordinary errors. [Errno] turns any of them into the number the
// guest sees: an error that wraps a [unix.Errno] is that number, anything else is
// EIO and one line in the log. A panic in a module is EIO as well.
//
// # Concurrency
//
// All methods may be called from several goroutines at once, unless their
// documentation says otherwise. A method that may wait for something outside
// umvu (a server, a peer, a disk, a lock held meanwhile) calls [Call.Block] first,
// so that other guests are served while it waits. A lock that is held over such
// a wait is itself something to wait for.
//
// Lock order: a module's locks are taken after the engine's; the engine holds
// none of its own while it calls a module, except the ones that serialize one open
// file's offset and one page cache's contents.
package engine
