// SPDX-License-Identifier: Apache-2.0

// Plugin is a module that umvu loads from a file: unreal under another name.
//
//	go build -buildmode=plugin -o again.so ./testdata/plugin
package main

import (
	"vuos.dev/engine"
	"vuos.dev/unreal"
)

// Module is what umvu looks for.
var Module = &engine.Module{Name: "again", Description: "the whole tree again", Load: unreal.Module.Load}

func main() {}
