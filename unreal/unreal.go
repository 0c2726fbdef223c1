// SPDX-License-Identifier: Apache-2.0

// Package unreal is a module that shows the whole tree again under /unreal, and so under
// /unreal/unreal. It does nothing but hand calls on, and is the test of the engine: what works in the
// tree works in the same way there.
package unreal

import "vuos.dev/engine"

// Module is the module.
var Module = &engine.Module{
	Name:        "unreal",
	Description: "the whole tree again, under /unreal",
	Load: func(h engine.Host) (engine.Instance, error) {
		c := h.Background()
		return instance{h.Attach("/unreal", "unreal", tree{c.View().Tree(c)})}, nil
	},
}

type instance struct{ detach func() error }

func (i instance) Unload() error { return i.detach() }

type tree struct{ root engine.Node }

func (t tree) Root() engine.Node         { return t.root }
func (t tree) Unmount(engine.Call) error { return nil }
