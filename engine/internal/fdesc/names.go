// SPDX-License-Identifier: Apache-2.0

package fdesc

import (
	"fmt"
	"strings"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
)

const (
	deletedSuffix = " (deleted)"
	socketPrefix  = "socket:["
)

// ByLink finds an open file by the text of its /proc/TID/fd/N link: "DIR/wSHARD/oN" or "socket:[N]". It
// returns nil if the descriptor is not virtual.
//
// The kernel shows the path as it was opened, by umvu, relative to the root of the process that reads
// the link, so it must be umvu that reads it. Nobody else can make files below DIR.
func (s *Store) ByLink(text string) *Open { return byLink(s, text) }

// ByLinkBytes is [Store.ByLink] for the buffer of readlink(2).
func (s *Store) ByLinkBytes(text []byte) *Open { return byLink(s, text) }

func byLink[T string | []byte](s *Store, text T) *Open {
	if n := len(text); n > len(socketPrefix)+1 && string(text[:len(socketPrefix)]) == socketPrefix && text[n-1] == ']' {
		id, ok := number(text[len(socketPrefix) : n-1])
		if !ok {
			return nil
		}
		s.mu.RLock()
		defer s.mu.RUnlock()
		return s.streams[id]
	}
	if len(text) <= len(s.prefix) || string(text[:len(s.prefix)]) != s.prefix {
		return nil
	}
	if n := len(text) - len(deletedSuffix); n > 0 && string(text[n:]) == deletedSuffix {
		text = text[:n]
	}
	for i := len(s.prefix); i < len(text); i++ {
		if text[i] == '/' {
			return byName(s, text[i+1:])
		}
	}
	return nil
}

// ByName finds an open file by the last component of its link, "oN".
func (s *Store) ByName(name []byte) *Open { return byName(s, name) }

func byName[T string | []byte](s *Store, name T) *Open {
	id, ok := linkID(name)
	if !ok {
		return nil
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.opens[id]
}

// linkID is the number in the last component of a link, "oN".
func linkID[T string | []byte](name T) (id uint64, ok bool) {
	if len(name) < 2 || name[0] != 'o' {
		return 0, false
	}
	return number(name[1:])
}

// number reads a decimal number without sign or leading zeros.
func number[T string | []byte](text T) (n uint64, ok bool) {
	if len(text) == 0 || len(text) > 18 || text[0] == '0' && len(text) > 1 {
		return 0, false
	}
	for i := range len(text) {
		d := text[i] - '0'
		if d > 9 {
			return 0, false
		}
		n = n*10 + uint64(d)
	}
	return n, true
}

// OpenStream registers a stream: fd is the guest's end of a socket pair, which the caller
// installs and closes. Whoever has the other end calls [Open.Release] at hang-up.
func (s *Store) OpenStream(spec Spec, fd int) (*Open, error) {
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return nil, err
	}
	if st.Mode&unix.S_IFMT != unix.S_IFSOCK {
		return nil, fmt.Errorf("stream is not a socket: %w", unix.ENOTSOCK)
	}
	o := newOpen(s, spec)
	o.stream = st.Ino
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.streams[st.Ino] != nil {
		return nil, fmt.Errorf("socket %d is registered already: %w", st.Ino, unix.EEXIST)
	}
	s.streams[st.Ino] = o
	s.live.Add(1)
	return o, nil
}

// String names the open file in log lines.
func (o *Open) String() string {
	if o.stream != 0 {
		return fmt.Sprintf("%s%d]", socketPrefix, o.stream)
	}
	if o.backing != nil {
		return fmt.Sprintf("o%d of the host's", o.link.id)
	}
	return strings.TrimPrefix(o.link.name(), "w")
}

var _ fmt.Stringer = (*Open)(nil)
var _ engine.Pages = (*inode)(nil)
