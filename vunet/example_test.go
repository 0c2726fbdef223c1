// SPDX-License-Identifier: Apache-2.0

package vunet_test

import (
	"fmt"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
	"vuos.dev/vunet"
)

// alone is a stack without any address family.
type alone struct{ vunet.Inode }

func (alone) Socket(engine.Call, int, int, int) (engine.Socket, error) { return nil, unix.EAFNOSUPPORT }
func (alone) Families() []int                                          { return nil }

// With this submodule, `vumount -t vunetalone none /dev/net/alone` makes a stack for vustack.
func Example() {
	submodule := vunet.Submodule{
		Name:        "alone",
		Description: "no network",
		Mount: func(c engine.Call, _ engine.Host, r *engine.MountRequest) (engine.FileSystem, error) {
			return vunet.NewFileSystem(alone{vunet.NewInode(c)}, r.Data, nil), nil
		},
	}
	module := vunet.New(submodule)
	fmt.Println(module.Name)
	// Output: vunet
}
