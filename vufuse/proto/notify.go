// SPDX-License-Identifier: Apache-2.0

package proto

import (
	"bytes"
	"math"

	"golang.org/x/sys/unix"
)

// Numbers of notifications.
const (
	NotifyPoll       Notification = 1
	NotifyInvalInode Notification = 2
	NotifyInvalEntry Notification = 3
	NotifyStore      Notification = 4
	NotifyRetrieve   Notification = 5
	NotifyDelete     Notification = 6
	NotifyIncEpoch   Notification = 8
)

type (
	notifyPoll       struct{ Kh uint64 }
	notifyInvalInode struct {
		Node     uint64
		Off, Len int64
	}
	notifyInvalEntry struct {
		Parent         uint64
		Namelen, Flags uint32
	}
	notifyDelete struct {
		Parent, Child     uint64
		Namelen, Reserved uint32
	}
	notifyStore struct {
		Node, Offset   uint64
		Size, Reserved uint32
	}
	notifyRetrieve struct {
		Unique, Node, Offset uint64
		Size, Reserved       uint32
	}
)

// Notifier gets what a server tells unasked. The methods do not wait. Their error is
// what the server's write(2) returns where the server can be told.
type Notifier interface {
	// Poll tells that the readiness of the file with that handle, of PollIn, may have changed.
	Poll(kh uint64)
	// InvalInode drops attributes, and cached data if off is not negative.
	InvalInode(node uint64, off, length int64) error
	InvalEntry(parent uint64, name string, expireOnly bool) error
	Delete(parent, child uint64, name string) error
	// IncEpoch has every name looked up anew.
	IncEpoch()
	// Store puts data into the cache; p is valid until it returns.
	Store(node uint64, off int64, p []byte) error
	Retrieve(unique, node uint64, off int64, size uint32) error
}

// Notify parses a notification and hands it on (fs/fuse/dev.c:fuse_notify). A malformed or
// unknown one is EINVAL.
func Notify(to Notifier, code Notification, body []byte) error {
	switch code {
	case NotifyPoll:
		var n notifyPoll
		if rest, ok := fill(n.Raw(), body, len(n.Raw())); !ok || len(rest) != 0 {
			return unix.EINVAL
		}
		to.Poll(n.Kh)
		return nil
	case NotifyInvalInode:
		var n notifyInvalInode
		if rest, ok := fill(n.Raw(), body, len(n.Raw())); !ok || len(rest) != 0 {
			return unix.EINVAL
		}
		return to.InvalInode(n.Node, n.Off, n.Len)
	case NotifyInvalEntry:
		var n notifyInvalEntry
		name, err := notifiedName(n.Raw(), body, &n.Namelen)
		if err != nil {
			return err
		}
		return to.InvalEntry(n.Parent, name, n.Flags&EntryExpireOnly != 0)
	case NotifyDelete:
		var n notifyDelete
		name, err := notifiedName(n.Raw(), body, &n.Namelen)
		if err != nil {
			return err
		}
		return to.Delete(n.Parent, n.Child, name)
	case NotifyIncEpoch:
		to.IncEpoch() // whatever comes with it (fs/fuse/dev.c:fuse_notify_inc_epoch())
		return nil
	case NotifyStore:
		return store(to, body)
	case NotifyRetrieve:
		var n notifyRetrieve
		if rest, ok := fill(n.Raw(), body, len(n.Raw())); !ok || len(rest) != 0 || n.Offset > math.MaxInt64 {
			return unix.EINVAL
		}
		return to.Retrieve(n.Unique, n.Node, int64(n.Offset), n.Size)
	}
	return unix.EINVAL
}

func notifiedName(head, body []byte, namelen *uint32) (string, error) {
	rest, ok := fill(head, body, len(head))
	if !ok {
		return "", unix.EINVAL
	}
	if *namelen > NameMax {
		return "", unix.ENAMETOOLONG
	}
	if len(rest) != int(*namelen)+1 || rest[*namelen] != 0 || bytes.IndexByte(rest, 0) != int(*namelen) {
		return "", unix.EINVAL
	}
	return string(rest[:*namelen]), nil
}

func store(to Notifier, body []byte) error {
	var n notifyStore
	rest, ok := fill(n.Raw(), body, len(n.Raw()))
	if !ok || uint64(len(rest)) != uint64(n.Size) || n.Offset > math.MaxInt64-uint64(n.Size) {
		return unix.EINVAL
	}
	return to.Store(n.Node, int64(n.Offset), rest)
}
