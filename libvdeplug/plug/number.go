// SPDX-License-Identifier: Apache-2.0

package plug

import (
	"fmt"
	"io/fs"
	"math/bits"
	"os"
	"os/user"
	"strconv"
)

// Int returns option key as a number from min to max, or def if it is not
// given. Numbers may be written 10, 0xa or 012.
func (p Parms) Int(key string, def, min, max int) (int, error) {
	s, given := p[key]
	if !given {
		return def, nil
	}
	n, err := strconv.ParseInt(s, 0, 64)
	if err != nil || n < int64(min) || n > int64(max) {
		return 0, fmt.Errorf("option %s=%s: must be a number from %d to %d", key, s, min, max)
	}
	return int(n), nil
}

// Size returns option key as a number of bytes of at most max, with an
// optional multiplier k, m, g or t (powers of 1024), or 0 if it is not given.
func (p Parms) Size(key string, max int) (int, error) {
	s, given := p[key]
	if !given {
		return 0, nil
	}
	n, err := parseSize(s)
	if err != nil || n > uint64(max) {
		return 0, fmt.Errorf("option %s=%s: must be a size of at most %d bytes", key, s, max)
	}
	return int(n), nil
}

func parseSize(s string) (uint64, error) {
	shift := 0
	if s != "" {
		switch s[len(s)-1] {
		case 'k', 'K':
			shift = 10
		case 'm', 'M':
			shift = 20
		case 'g', 'G':
			shift = 30
		case 't', 'T':
			shift = 40
		}
	}
	if shift > 0 {
		s = s[:len(s)-1]
	}
	n, err := strconv.ParseUint(s, 0, 64)
	if err == nil && bits.LeadingZeros64(n) < shift {
		err = strconv.ErrRange
	}
	return n << shift, err
}

// Mode returns option key, an octal number, as permission bits (set-group-id
// included: 02700), or def if it is not given.
func (p Parms) Mode(key string, def uint32) (uint32, error) {
	s, given := p[key]
	if !given {
		return def, nil
	}
	n, err := strconv.ParseUint(s, 8, 32)
	if err != nil || n > 07777 {
		return 0, fmt.Errorf("option %s=%s: must be an octal mode", key, s)
	}
	return uint32(n), nil
}

// FileMode turns the bits of chmod(2) into Go's.
func FileMode(mode uint32) fs.FileMode {
	m := fs.FileMode(mode & 0777)
	for bit, goBit := range map[uint32]fs.FileMode{04000: fs.ModeSetuid, 02000: fs.ModeSetgid, 01000: fs.ModeSticky} {
		if mode&bit != 0 {
			m |= goBit
		}
	}
	return m
}

// Group returns option key, the name or number of a group, as its number, or
// -1 if it is not given. An option without a value means the group of the
// process.
func (p Parms) Group(key string) (int, error) {
	s, given := p[key]
	if !given {
		return -1, nil
	}
	gid, err := GroupID(s)
	if err != nil {
		return -1, fmt.Errorf("option %s=%s: %w", key, s, err)
	}
	return gid, nil
}

// GroupID returns the number of a group given by name or number; the empty
// name is the group of the process.
func GroupID(name string) (int, error) {
	if name == "" {
		return os.Getegid(), nil
	}
	if n, err := strconv.ParseUint(name, 10, 31); err == nil {
		return int(n), nil
	}
	g, err := user.LookupGroup(name)
	if err != nil {
		return -1, fmt.Errorf("no group %q", name)
	}
	return strconv.Atoi(g.Gid)
}
