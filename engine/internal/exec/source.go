// SPDX-License-Identifier: Apache-2.0

package exec

import (
	"fmt"
	"io"
	"reflect"
	"strings"

	"golang.org/x/sys/unix"
)

// Source is a virtual binary that is to be copied.
type Source struct {
	// ID is the file's identity: a comparable value, equal for the same file
	// and for no other one as long as the cache lives.
	ID any

	// Size is in bytes, Mtime and Ctime in nanoseconds. A copy is used again only
	// while all three are unchanged.
	Size         int64
	Mtime, Ctime int64

	// Name is the last component of the path it is run by; it becomes the
	// process's name (comm).
	Name string

	// Content is read up to Size; bytes that are all zero become holes.
	Content io.ReaderAt

	// Interp, unless empty, takes the place of the loader (PT_INTERP) in the
	// copy: the absolute path of the virtual loader's own copy.
	Interp string
}

// slot is where a source's copy is found.
type slot struct {
	id     any
	interp string
}

// stamp is what a copy must agree in to be still good.
type stamp struct {
	size, mtime, ctime int64
}

func (s *Source) slot() slot   { return slot{s.ID, s.Interp} }
func (s *Source) stamp() stamp { return stamp{s.Size, s.Mtime, s.Ctime} }

// check refuses what could not be copied or would panic.
func (s *Source) check(maxFile int64) error {
	switch {
	case s.Content == nil:
		return fmt.Errorf("copy %q: no content: %w", s.Name, unix.EINVAL)
	case s.ID == nil || !reflect.ValueOf(s.ID).Comparable():
		return fmt.Errorf("copy %q: identity %T is not comparable: %w", s.Name, s.ID, unix.EINVAL)
	case s.Size < 0:
		return fmt.Errorf("copy %q: size %d: %w", s.Name, s.Size, unix.EINVAL)
	case s.Size > maxFile:
		return fmt.Errorf("copy %q: %d bytes, at most %d: %w", s.Name, s.Size, maxFile, unix.EFBIG)
	}
	return checkName(s.Name)
}

// checkName accepts what can be the name of a directory entry.
func checkName(name string) error {
	switch {
	case name == "" || name == "." || name == ".." || strings.ContainsAny(name, "/\x00"):
		return fmt.Errorf("name %q of a copy: %w", name, unix.EINVAL)
	case len(name) > unix.NAME_MAX:
		return fmt.Errorf("name %q of a copy: %w", name, unix.ENAMETOOLONG)
	}
	return nil
}
