// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// kind is how a package offers what it has.
type kind int

const (
	variable    kind = iota + 1 // Module
	constructor                 // New(submodules...)
	submodule                   // Submodule
)

// modulePackage is a package with a module or submodule.
type modulePackage struct {
	name string
	path string // to import
	kind kind
	subs []*modulePackage // of a constructor
}

var errNothing = errors.New("declares neither Module nor New nor Submodule")

// all are the names of everything in the workspace that is a module or submodule.
func all(root string) ([]string, error) {
	text, err := os.ReadFile(filepath.Join(root, "go.work"))
	if err != nil {
		return nil, err
	}
	var names []string
	for line := range strings.Lines(string(text)) {
		dir, ok := strings.CutPrefix(strings.TrimSpace(line), "./")
		name := strings.TrimPrefix(dir, "submods/")
		if !ok || !token.IsIdentifier(name) || name == "engine" {
			continue
		}
		switch _, err := inspect(root, name); {
		case err == nil:
			names = append(names, name)
		case !errors.Is(err, errNothing):
			return nil, err
		}
	}
	return names, nil
}

// find looks at the packages and puts submodules below their modules. The order is that of the
// names' letters.
func find(root string, names []string) ([]*modulePackage, error) {
	names = slices.Compact(slices.Sorted(slices.Values(names)))
	var all, modules []*modulePackage
	for _, name := range names {
		p, err := inspect(root, name)
		if err != nil {
			return nil, err
		}
		all = append(all, p)
		if p.kind != submodule {
			modules = append(modules, p)
		}
	}
	for _, p := range all {
		if p.kind != submodule {
			continue
		}
		i := slices.IndexFunc(modules, func(m *modulePackage) bool {
			return m.kind == constructor && strings.HasPrefix(p.name, m.name)
		})
		if i < 0 {
			return nil, fmt.Errorf("%s: its module is not in the list", p.name)
		}
		modules[i].subs = append(modules[i].subs, p)
	}
	return modules, nil
}

// inspect finds out where a package is and what it declares.
func inspect(root, name string) (*modulePackage, error) {
	if !token.IsIdentifier(name) {
		return nil, fmt.Errorf("%q is not the name of a module", name)
	}
	for _, dir := range []string{name, "submods/" + name} {
		if _, err := os.Stat(filepath.Join(root, dir, "go.mod")); err != nil {
			continue
		}
		k, err := declared(filepath.Join(root, dir))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", dir, err)
		}
		return &modulePackage{name: name, path: "vuos.dev/" + dir, kind: k}, nil
	}
	return nil, fmt.Errorf("there is no module %s", name)
}

func declared(dir string) (kind, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return 0, err
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			return 0, err
		}
		for _, d := range f.Decls {
			if k := kindOf(d); k != 0 {
				return k, nil
			}
		}
	}
	return 0, errNothing
}

// kindOf is what a declaration offers, or 0.
func kindOf(d ast.Decl) kind {
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Recv == nil && d.Name.Name == "New" && d.Type.Params.NumFields() == 1 {
			return constructor
		}
	case *ast.GenDecl:
		if d.Tok != token.VAR {
			return 0
		}
		for _, s := range d.Specs {
			for _, n := range s.(*ast.ValueSpec).Names {
				switch n.Name {
				case "Module":
					return variable
				case "Submodule":
					return submodule
				}
			}
		}
	}
	return 0
}
