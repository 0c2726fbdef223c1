// SPDX-License-Identifier: Apache-2.0

package vufuse

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/hanwen/go-fuse/v2/fs"
	"golang.org/x/sys/unix"

	"vuos.dev/engine"
	"vuos.dev/vufuse/client"
)

// Options are the options of one mount. Those that are the kernel's own with FUSE are in
// Client; the rest is the file system's.
type Options struct {
	Client client.Options
	Debug  bool        // requests are printed with the module's debug tag
	Host   engine.Host // the view the module is loaded in

	// FS is how a linked-in file system is served: its timeouts, its locks and so on.
	FS fs.Options

	rest []string // not taken yet
	all  string
}

// parseOptions takes from the options those of the kernel's side. The others stay.
func parseOptions(h engine.Host, r *engine.MountRequest) (*Options, error) {
	o := &Options{Host: h, all: r.Data}
	for _, s := range splitOptions(r.Data) {
		known, err := o.parse(s)
		if err != nil {
			return nil, err
		}
		if !known {
			o.rest = append(o.rest, s)
		}
	}
	o.Client.ReadOnly = r.Flags&unix.MS_RDONLY != 0
	o.Client.NoAtime = r.Flags&unix.MS_NOATIME != 0
	return o, nil
}

func (o *Options) parse(s string) (known bool, err error) {
	name, value, _ := strings.Cut(s, "=")
	switch name {
	case "allow_other":
		o.Client.AllowOther = true
	case "default_permissions":
		o.Client.DefaultPermissions = true
	case "debug":
		o.Debug = true
	case "max_read":
		n, err := strconv.ParseUint(value, 10, 31)
		if err != nil {
			return false, optionError(s)
		}
		o.Client.MaxRead = int(n)
	case "fsname", "subtype", "blksize", "user_id", "group_id", "rootmode", "fd":
		// They describe the mount to the kernel.
	default:
		return false, nil
	}
	return true, nil
}

// splitOptions splits at commas; `\` takes the special meaning from the character behind it.
func splitOptions(data string) []string {
	var list []string
	var b strings.Builder
	end := func() {
		if b.Len() > 0 {
			list = append(list, b.String())
		}
		b.Reset()
	}
	for i := 0; i < len(data); i++ {
		switch {
		case data[i] == '\\' && i+1 < len(data):
			i++
			b.WriteByte(data[i])
		case data[i] == ',':
			end()
		default:
			b.WriteByte(data[i])
		}
	}
	end()
	return list
}

// Take removes an option from the list and returns its value, which is empty for one without. Of
// several the last counts. An option that nobody takes fails the mount with EINVAL.
func (o *Options) Take(name string) (value string, ok bool) {
	kept := o.rest[:0:0]
	for _, s := range o.rest {
		if n, v, _ := strings.Cut(s, "="); n == name {
			value, ok = v, true
		} else {
			kept = append(kept, s)
		}
	}
	o.rest = kept
	return value, ok
}

// TakeAll removes what is left and returns it.
func (o *Options) TakeAll() []string {
	all := o.rest
	o.rest = nil
	return all
}

// left is the first option that nobody took.
func (o *Options) left() string {
	for _, s := range o.rest {
		if s != "rw" && s != "ro" && s != "defaults" {
			return s
		}
	}
	return ""
}

// takeTimeouts takes libfuse's options about caching, which every file system has.
func (o *Options) takeTimeouts() error {
	second := time.Second
	o.FS.EntryTimeout, o.FS.AttrTimeout = &second, &second
	for name, at := range map[string]**time.Duration{
		"entry_timeout": &o.FS.EntryTimeout, "attr_timeout": &o.FS.AttrTimeout, "negative_timeout": &o.FS.NegativeTimeout,
	} {
		value, ok := o.Take(name)
		if !ok {
			continue
		}
		f, err := strconv.ParseFloat(value, 64)
		if err != nil || !(f >= 0 && f < 1e9) {
			return optionError(name + "=" + value)
		}
		d := time.Duration(f * float64(time.Second))
		*at = &d
	}
	return nil
}

func optionError(s string) error {
	return &engine.MountError{Err: unix.EINVAL, Message: fmt.Sprintf("unknown or malformed option %q", s)}
}
