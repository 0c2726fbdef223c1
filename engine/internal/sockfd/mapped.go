// SPDX-License-Identifier: Apache-2.0

package sockfd

import (
	"time"

	"golang.org/x/sys/unix"
)

// A mapped socket that shows that it is readable is looked at again after a while: its guest takes what there is from memory, and
// makes no call that would tell. A guest that polls in a loop meanwhile does it in vain. The longer it lets things lie the
// longer the while: a part of that time.
const (
	staleAfter = time.Millisecond
	staleMost  = 50 * time.Millisecond
	staleShare = 4
)

// takeFunc makes a descriptor of a stand-in.
type takeFunc func() (int, error)

// Mapped says that a guest maps the socket. take makes a descriptor of the stand-in, which is closed again, as long
// as the guest has it where it was.
func (x *Socket) Mapped(take func() (int, error)) {
	x.mirror.mu.Lock()
	x.mirror.take = take
	x.mirror.mu.Unlock()
	x.mirror.kick()
}

// mayBeStale tells whether what the stand-in shows is to be looked at again without news.
func (m *mirror) mayBeStale() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.take != nil && m.shown&in != 0
}

// refresh settles a stand-in without a call of its guest.
func (m *mirror) refresh() {
	if m.x.Settled(0) {
		return
	}
	m.mu.Lock()
	take := m.take
	m.mu.Unlock()
	fd, err := take()
	if err != nil {
		return
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if unix.Fstat(fd, &st) == nil && st.Ino == m.x.ino {
		m.x.Settle(fd, 0)
	}
}
