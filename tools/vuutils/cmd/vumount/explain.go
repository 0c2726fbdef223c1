// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"

	"golang.org/x/sys/unix"

	"vuos.dev/tools/vuutils/vu"
)

const typeNeeded = "a type is needed (-t)"

// explain turns an error of mount(2) into a message that names the file, type
// or option at fault, as far as can be found out by looking.
func explain(sys system, r *request, err error) string {
	switch err {
	case unix.ENODEV:
		return unknownType(sys, r)
	case unix.ENOENT, unix.ENOTDIR, unix.EACCES, unix.ELOOP, unix.ENAMETOOLONG:
		return badPath(sys, r, err)
	case unix.EINVAL:
		return invalid(sys, r)
	case unix.EPERM:
		return forbidden(sys, r, err)
	case unix.EBUSY:
		return fmt.Sprintf("%s is in use, or something is mounted on %s already", r.source, r.target)
	case unix.ENOTBLK:
		return r.source + " is not a block device"
	case unix.EROFS:
		return r.source + " is write-protected: mount it read-only (-r)"
	case unix.EFAULT, unix.EIO:
		if sourceErr := lookAtSource(sys, r); sourceErr != nil {
			return fmt.Sprintf("source %s: %s", r.source, vu.Strerror(sourceErr))
		}
		return fmt.Sprintf("%s cannot be read as %s: %s", r.source, r.kind(), vu.Strerror(err))
	}
	return r.describe() + ": " + vu.Strerror(err)
}

// describe names everything that takes part.
func (r *request) describe() string {
	return fmt.Sprintf("mounting %s (%s) on %s", r.source, r.kind(), r.target)
}

func (r *request) kind() string {
	if r.fstype == "" {
		return "no type given"
	}
	return "type " + r.fstype
}

// badPath finds out whether it is the target or the source that is missing or
// out of reach.
func badPath(sys system, r *request, err error) string {
	mode, targetErr := sys.Stat(r.target)
	if targetErr != nil {
		return fmt.Sprintf("mount point %s: %s", r.target, vu.Strerror(targetErr))
	}
	if sourceErr := lookAtSource(sys, r); sourceErr == err {
		return fmt.Sprintf("source %s: %s", r.source, vu.Strerror(err))
	}
	switch {
	case err == unix.ENOTDIR && mode&unix.S_IFMT != unix.S_IFDIR:
		return fmt.Sprintf("mount point %s: %s", r.target, vu.Strerror(err))
	case err == unix.ENOTDIR || err == unix.EACCES:
		return fmt.Sprintf("source %s: %s", r.source, vu.Strerror(err))
	}
	return r.describe() + ": " + vu.Strerror(err)
}

// lookAtSource returns what stat(2) says of a source that is a file, rather than
// a name without meaning ("none") or a locator ("vde://").
func lookAtSource(sys system, r *request) error {
	if r.source == "none" || strings.Contains(r.source, "://") {
		return nil
	}
	_, err := sys.Stat(r.source)
	return err
}

// invalid guesses what EINVAL, the error for everything else, is about.
func invalid(sys system, r *request) string {
	switch {
	case r.flags&unix.MS_REMOUNT != 0:
		return fmt.Sprintf("%s is not a mount point, or cannot be remounted with these options", r.target)
	case r.flags&unix.MS_MOVE != 0:
		return fmt.Sprintf("%s is not a mount that can be moved to %s", r.source, r.target)
	case r.flags&propagation != 0:
		return r.target + " is not a mount point"
	case len(r.options) > 0:
		return fmt.Sprintf("bad option in '%s', or %s is not valid for %s", r.data(), r.source, r.kind())
	case r.fstype == "" && r.flags&unix.MS_BIND == 0:
		return typeNeeded
	}
	if strings.Contains(r.source, "/") {
		if err := lookAtSource(sys, r); err != nil {
			return fmt.Sprintf("source %s: %s", r.source, vu.Strerror(err))
		}
	}
	return fmt.Sprintf("%s is not valid for %s: %s", r.source, r.kind(), vu.Strerror(unix.EINVAL))
}

// forbidden: the kernel mounts for root only. In a view that also is what
// happens to a type that no loaded module serves.
func forbidden(sys system, r *request, err error) string {
	module := moduleFor(r.fstype)
	switch {
	case r.fstype == "" || !sys.InView():
	case !loaded(sys, module):
		return unknownType(sys, r)
	case module == "":
		return fmt.Sprintf("no loaded module serves the type '%s', and the kernel mounts it for root only: %s",
			r.fstype, vu.Strerror(err))
	}
	return r.describe() + ": " + vu.Strerror(err)
}
