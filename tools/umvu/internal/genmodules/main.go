// SPDX-License-Identifier: Apache-2.0

// Command genmodules writes the list of the modules that are built into umvu.
//
// Usage: genmodules -root DIR -o FILE NAME...
//
// Without names, all modules of the workspace are meant. A name is a directory of the workspace: of a module, or below submods of a submodule. A module is
// its package's variable Module, or what its function New makes of the submodules; a submodule is
// its package's variable Submodule and belongs to the module whose name its own begins with.
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
)

func main() {
	root := flag.String("root", ".", "root of the workspace")
	out := flag.String("o", "modules.go", "file to write")
	flag.Parse()
	// Names come as arguments or as one argument, from a variable of make.
	names := strings.Fields(strings.Join(flag.Args(), " "))
	if len(names) == 0 {
		var err error
		if names, err = all(*root); err != nil {
			fmt.Fprintf(os.Stderr, "genmodules: %v\n", err)
			os.Exit(1)
		}
	}
	if err := write(*root, *out, names); err != nil {
		fmt.Fprintf(os.Stderr, "genmodules: %v\n", err)
		os.Exit(1)
	}
}

// write leaves the file alone if it is right already, so that nothing is built again for it.
func write(root, out string, names []string) error {
	packages, err := find(root, names)
	if err != nil {
		return err
	}
	text, err := source(packages)
	if err != nil {
		return err
	}
	old, err := os.ReadFile(out)
	if err == nil && bytes.Equal(old, text) {
		return nil
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return os.WriteFile(out, text, 0o644)
}
