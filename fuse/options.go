// SPDX-License-Identifier: Apache-2.0

package fuse

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
	"vuos.dev/vufuse/client"
)

// options are those of a mount(2) of type fuse (fs/fuse/inode.c:fuse_fs_parameters).
type options struct {
	fd     int
	owner  client.Owner
	client client.Options

	block bool     // of a fuseblk mount
	named []string // those of subtype and source that were there
}

// The options that must be there.
const (
	hasFD = 1 << iota
	hasRootMode
	hasUID
	hasGID

	hasAll = hasFD | hasRootMode | hasUID | hasGID
)

func parseOptions(r *engine.MountRequest) (*options, error) {
	base, _, _ := strings.Cut(r.Type, ".")
	o := &options{block: base == "fuseblk"}
	seen := 0
	for _, s := range strings.Split(r.Data, ",") {
		if s == "" {
			continue
		}
		bit, err := o.parse(s)
		if err != nil {
			return nil, invalid("unknown or malformed option %q", s)
		}
		seen |= bit
	}
	if seen != hasAll {
		return nil, invalid("%s: one of the options fd, rootmode, user_id and group_id is missing", r.Type)
	}
	o.client.Untrusted = true
	o.client.ReadOnly = r.Flags&unix.MS_RDONLY != 0
	o.client.NoAtime = r.Flags&unix.MS_NOATIME != 0
	o.client.Show = o.show
	return o, nil
}

// parse takes one option; bit is not 0 for those that must be there.
func (o *options) parse(s string) (bit int, err error) {
	name, value, valued := strings.Cut(s, "=")
	number := func(base int) uint32 {
		n, e := parseNumber(value, base)
		if e != nil {
			err = e
		}
		return n
	}
	id := func() uint32 {
		n := number(0)
		if n == math.MaxUint32 {
			err = unix.EINVAL // INVALID_UID, INVALID_GID
		}
		return n
	}
	switch name {
	case "allow_other":
		o.client.AllowOther = true
	case "default_permissions":
		o.client.DefaultPermissions = true
	default:
		if !valued {
			return 0, unix.EINVAL
		}
	}
	switch name {
	case "allow_other", "default_permissions":
		if valued {
			err = unix.EINVAL
		}
	case "fd":
		o.fd, bit = int(int32(number(0))), hasFD
	case "rootmode":
		o.owner.RootMode, bit = number(8), hasRootMode
		if !validType(o.owner.RootMode) {
			err = unix.EINVAL
		}
	case "user_id":
		o.owner.UID, bit = id(), hasUID
	case "group_id":
		o.owner.GID, bit = id(), hasGID
	case "max_read":
		o.client.MaxRead = int(min(number(0), 1<<30))
	case "blksize":
		number(0)
		if !o.block {
			err = unix.EINVAL
		}
	case "subtype", "source":
		// They describe the mount, and are shown by its type and source.
		if slices.Contains(o.named, name) {
			err = unix.EINVAL
		}
		o.named = append(o.named, name)
	default:
		err = unix.EINVAL
	}
	return bit, err
}

// parseNumber reads an unsigned number of 32 bits as the kernel does (lib/kstrtox.c:kstrtouint()): with base 0 it may be octal or hexadecimal.
func parseNumber(s string, base int) (uint32, error) {
	if base == 0 {
		base = 10
		if rest, found := strings.CutPrefix(strings.ToLower(s), "0x"); found {
			s, base = rest, 16
		} else if len(s) > 1 && s[0] == '0' {
			base = 8
		}
	}
	n, err := strconv.ParseUint(s, base, 32)
	return uint32(n), err
}

// validType is fs/fuse/fuse_i.h:fuse_valid_type.
func validType(mode uint32) bool {
	switch mode & unix.S_IFMT {
	case unix.S_IFREG, unix.S_IFDIR, unix.S_IFLNK, unix.S_IFCHR, unix.S_IFBLK, unix.S_IFIFO, unix.S_IFSOCK:
		return true
	}
	return false
}

// show is fs/fuse/inode.c:fuse_show_options.
func (o *options) show(defaultPermissions bool) string {
	s := fmt.Sprintf("user_id=%d,group_id=%d", o.owner.UID, o.owner.GID)
	if defaultPermissions {
		s += ",default_permissions"
	}
	if o.client.AllowOther {
		s += ",allow_other"
	}
	if o.client.MaxRead != 0 {
		s += fmt.Sprintf(",max_read=%d", o.client.MaxRead)
	}
	return s
}

func invalid(format string, a ...any) error {
	return &engine.MountError{Err: unix.EINVAL, Message: fmt.Sprintf(format, a...)}
}

func badDevice(fd int) error { return invalid("descriptor %d is not an open %s", fd, Path) }
