// SPDX-License-Identifier: Apache-2.0

// Package vufs is a module that patches the file tree: SOURCE is seen at TARGET. A file opened
// through it is the host's own, so reading and writing it costs nothing.
package vufs

import (
	"fmt"
	"strings"

	"golang.org/x/sys/unix"
	"vuos.dev/engine"
)

// Module is the module.
var Module = &engine.Module{
	Name:        "vufs",
	Description: "vu filesystem patchworking",
	Tag:         'V',
	TagName:     "VUFS",
	Load:        func(engine.Host) (engine.Instance, error) { return instance{}, nil },
}

type instance struct{}

var _ engine.Mounter = instance{}

// Unload implements engine.Instance.
func (instance) Unload() error { return nil }

// MountsType implements engine.Mounter.
func (instance) MountsType(fstype string) bool { return fstype == "vufs" }

// options of a mount.
type options struct {
	except []string // subtrees of TARGET that stay real, as paths below it
}

// parse reads the options of a mount at target.
func parse(data, target string) (o options, err error) {
	for opt := range strings.SplitSeq(data, ",") {
		key, value, _ := strings.Cut(opt, "=")
		switch key {
		case "", "bind":
		case "except":
			p := strings.Trim(value, "/")
			if rest, ok := strings.CutPrefix(value, target+"/"); ok {
				p = strings.Trim(rest, "/")
			}
			if p == "" {
				return o, &engine.MountError{Err: unix.EINVAL, Message: fmt.Sprintf("vufs: except=%s: a path is needed", value)}
			}
			o.except = append(o.except, p)
		default:
			return o, &engine.MountError{Err: unix.EINVAL, Message: "vufs: " + opt + ": unknown option"}
		}
	}
	return o, nil
}

// Mount implements engine.Mounter.
func (instance) Mount(c engine.Call, r *engine.MountRequest) (engine.FileSystem, error) {
	o, err := parse(r.Data, r.Target)
	if err != nil {
		return nil, err
	}
	source, err := c.View().Bind(c, r.Source)
	if err != nil {
		errno, _ := engine.Errno(err)
		return nil, &engine.MountError{Err: err, Message: r.Source + ": " + errno.Error()}
	}
	if len(o.except) == 0 {
		return source, nil
	}
	root, err := patch(c, source.Root(), r, o.except)
	if err != nil {
		_ = source.Unmount(c)
		return nil, err
	}
	return &excepting{source, root}, nil
}
