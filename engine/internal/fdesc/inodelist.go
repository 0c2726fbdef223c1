// SPDX-License-Identifier: Apache-2.0

package fdesc

// inodeList is the closed inodes that are still cached, longest closed first.
type inodeList struct {
	first, last *inode
	n           int
}

func (l *inodeList) push(ino *inode) {
	ino.prev, ino.next, ino.inClosed = l.last, nil, true
	if l.last != nil {
		l.last.next = ino
	} else {
		l.first = ino
	}
	l.last = ino
	l.n++
}

// remove does nothing if ino is not in the list.
func (l *inodeList) remove(ino *inode) {
	if !ino.inClosed {
		return
	}
	if ino.prev != nil {
		ino.prev.next = ino.next
	} else {
		l.first = ino.next
	}
	if ino.next != nil {
		ino.next.prev = ino.prev
	} else {
		l.last = ino.prev
	}
	ino.prev, ino.next, ino.inClosed = nil, nil, false
	l.n--
}
