// SPDX-License-Identifier: Apache-2.0

package main

import (
	"vuos.dev/engine"
	"vuos.dev/submods/vufusenull"
	"vuos.dev/submods/vufusereal"
	"vuos.dev/unreal"
	"vuos.dev/vufs"
	"vuos.dev/vufuse"
)

// builtin are the modules of this program.
var builtin = []*engine.Module{
	unreal.Module,
	vufs.Module,
	vufuse.New(vufusenull.Submodule, vufusereal.Submodule),
}
