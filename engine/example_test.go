// SPDX-License-Identifier: Apache-2.0

package engine_test

import (
	"fmt"

	"golang.org/x/sys/unix"
	"vuos.dev/engine"
)

// again is a loaded module that serves one type, the tree of the caller's view as it is.
type again struct{}

func (again) Unload() error { return nil }

func (again) MountsType(fstype string) bool { return fstype == "again" }

func (again) Mount(c engine.Call, r *engine.MountRequest) (engine.FileSystem, error) {
	if r.Data != "" {
		return nil, &engine.MountError{Err: unix.EINVAL, Message: r.Type + ": it has no options"}
	}
	return tree{c.View().Tree(c)}, nil
}

type tree struct{ root engine.Node }

func (t tree) Root() engine.Node         { return t.root }
func (t tree) Unmount(engine.Call) error { return nil }

var _ engine.Mounter = again{} // what an instance can do is found by type assertion

// A module is a value. With this one, `vumount -t again none /mnt` shows the whole tree on /mnt too.
func Example() {
	module := &engine.Module{
		Name:        "again",
		Description: "the whole tree again",
		Load:        func(engine.Host) (engine.Instance, error) { return again{}, nil },
	}
	fmt.Printf("%s: %s\n", module.Name, module.Description)
	// Output: again: the whole tree again
}
