// SPDX-License-Identifier: Apache-2.0

package vufuse_test

import (
	"context"
	"fmt"
	"syscall"

	"github.com/hanwen/go-fuse/v2/fs"

	"vuos.dev/engine"
	"vuos.dev/engine/enginetest"
	"vuos.dev/vufuse"
)

// greetings is the root of a file system in memory, as in go-fuse's own example.
type greetings struct{ fs.Inode }

var _ fs.NodeOnAdder = (*greetings)(nil)

// OnAdd is called when it is mounted: here the tree is made.
func (root *greetings) OnAdd(ctx context.Context) {
	add := func(dir *fs.Inode, name, text string) {
		file := &fs.MemRegularFile{Data: []byte(text)}
		dir.AddChild(name, dir.NewPersistentInode(ctx, file, fs.StableAttr{}), true)
	}
	add(&root.Inode, "hello", "Hello, view!\n")
	sub := root.NewPersistentInode(ctx, &fs.Inode{}, fs.StableAttr{Mode: syscall.S_IFDIR})
	root.AddChild("more", sub, true)
	add(sub, "goodbye", "Good bye.\n")
}

// Greetings is the whole registration: the type is vufusegreetings.
var Greetings = vufuse.Submodule{
	Name:        "greetings",
	Description: "two greetings",
	Root: func(engine.Call, *engine.MountRequest, *vufuse.Options) (fs.InodeEmbedder, error) {
		return &greetings{}, nil
	},
}

// A submodule in Go is any go-fuse file system. What umvu does with mount(2) is done by hand
// here.
func Example() {
	module, err := vufuse.New(Greetings).Load(&enginetest.Host{})
	if err != nil {
		fmt.Println(err)
		return
	}
	call := enginetest.NewCall()
	mounted, err := module.(engine.Mounter).Mount(call, &engine.MountRequest{Type: "vufusegreetings", Source: "none"})
	if err != nil {
		fmt.Println(err)
		return
	}
	tree := &enginetest.Tree{FS: mounted, Call: call}
	for _, name := range []string{"hello", "more/goodbye"} {
		text, err := tree.ReadFile(name)
		fmt.Printf("%s: %q %v\n", name, text, err)
	}
	fmt.Println(mounted.Unmount(call))
	// Output:
	// hello: "Hello, view!\n" <nil>
	// more/goodbye: "Good bye.\n" <nil>
	// <nil>
}
