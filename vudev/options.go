// SPDX-License-Identifier: Apache-2.0

package vudev

import (
	"fmt"
	"math"
	"sort"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
)

// Options are the options of a mount that nobody has taken yet.
type Options struct{ left map[string]string }

func parseOptions(data string) *Options {
	o := &Options{left: make(map[string]string)}
	for opt := range strings.SplitSeq(data, ",") {
		if key, value, _ := strings.Cut(opt, "="); key != "" {
			o.left[key] = value
		}
	}
	return o
}

// Flag takes an option without a value.
func (o *Options) Flag(key string) bool {
	v, ok := o.left[key]
	if !ok || v != "" {
		return false
	}
	delete(o.left, key)
	return true
}

// Text takes an option with a value.
func (o *Options) Text(key string) (string, bool) {
	v, ok := o.left[key]
	delete(o.left, key)
	return v, ok
}

// Size takes a number of bytes, which may end in K, M, G or T for powers of 1024; def if
// it is not given. Errors: EINVAL as a [*engine.MountError].
func (o *Options) Size(key string, def int64) (int64, error) {
	v, ok := o.Text(key)
	if !ok {
		return def, nil
	}
	digits, shift := v, 0
	if v != "" {
		if i := strings.IndexByte("KMGT", v[len(v)-1]&^0x20); i >= 0 {
			digits, shift = v[:len(v)-1], 10*(i+1)
		}
	}
	n, err := strconv.ParseInt(digits, 0, 64)
	if err != nil || n < 0 || n > math.MaxInt64>>shift {
		return 0, invalid("%s=%s: not a size", key, v)
	}
	return n << shift, nil
}

// number takes a number of at most so many bits.
func (o *Options) number(key string, base, bits int, to *uint32) error {
	v, ok := o.Text(key)
	if !ok {
		return nil
	}
	n, err := strconv.ParseUint(v, base, bits)
	if err != nil {
		return invalid("%s=%s: not a number", key, v)
	}
	*to = uint32(n)
	return nil
}

// rest refuses what is left.
func (o *Options) rest(fstype string) error {
	if len(o.left) == 0 {
		return nil
	}
	var keys []string
	for k := range o.left {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return invalid("%s: %s: unknown option", fstype, strings.Join(keys, ","))
}

func invalid(format string, a ...any) error {
	return &engine.MountError{Err: unix.EINVAL, Message: fmt.Sprintf(format, a...)}
}

// attributes of the device files of a mount.
type attributes struct {
	typ          uint32 // S_IFMT part of the mode
	perm         uint32
	uid, gid     uint32
	major, minor uint32
	byNumber     bool // device nodes of virtual file systems mean it too
}

// takeAttributes takes the options that all devices have.
func takeAttributes(c engine.Call, o *Options, typ uint32) (attributes, error) {
	cr := c.Cred()
	a := attributes{typ: typ, perm: 0o600, uid: cr.FSUID, gid: cr.FSGID}
	if o.Flag("blk") || o.Flag("blkdev") {
		a.typ = unix.S_IFBLK
	}
	if o.Flag("chr") || o.Flag("char") || o.Flag("chrdev") {
		a.typ = unix.S_IFCHR
	}
	a.byNumber = o.Flag("devid")
	for _, n := range []struct {
		key        string
		base, bits int // those of a device's number are the kernel's (include/linux/kdev_t.h)
		to         *uint32
	}{
		{"mode", 8, 32, &a.perm}, {"uid", 10, 32, &a.uid}, {"gid", 10, 32, &a.gid},
		{"major", 0, 12, &a.major}, {"minor", 0, 20, &a.minor},
	} {
		if err := o.number(n.key, n.base, n.bits, n.to); err != nil {
			return a, err
		}
	}
	a.perm &= 0o7777
	return a, nil
}
