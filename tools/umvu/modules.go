// SPDX-License-Identifier: Apache-2.0

package main

import (
	"vuos.dev/engine"
	"vuos.dev/unreal"
	"vuos.dev/vufs"
)

// builtin are the modules of this program.
var builtin = []*engine.Module{
	unreal.Module,
	vufs.Module,
}
