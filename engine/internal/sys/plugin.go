// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"fmt"
	"os"
	"path/filepath"
	"plugin"
	"strings"

	"golang.org/x/sys/unix"
	"vuos.dev/engine"
)

// moduleDirs are the places where plugins are looked for.
func moduleDirs() []string {
	dirs := filepath.SplitList(os.Getenv("VU_MODULE_PATH"))
	if home, err := os.UserHomeDir(); err == nil {
		dirs = append(dirs, filepath.Join(home, ".vu/modules"))
	}
	return append(dirs, "/usr/local/lib/vu/modules", "/usr/lib/vu/modules")
}

// openPlugin loads NAME or NAME.so: a file by its path, or one of the module
// directories. A plugin exports a variable Module of type *engine.Module or engine.Module.
func openPlugin(name string) (*engine.Module, error) {
	var tried []string
	if strings.ContainsRune(name, '/') {
		tried = []string{name, name + ".so"}
	} else {
		for _, d := range moduleDirs() {
			tried = append(tried, filepath.Join(d, name), filepath.Join(d, name+".so"))
		}
	}
	for _, path := range tried {
		if st, err := os.Stat(path); err == nil && st.Mode().IsRegular() {
			return lookupModule(path)
		}
	}
	return nil, unix.ENOENT
}

func lookupModule(path string) (*engine.Module, error) {
	p, err := plugin.Open(path)
	if err != nil {
		return nil, fmt.Errorf("%v: %w", err, unix.ENOEXEC) // it names the path
	}
	sym, err := p.Lookup("Module")
	if err != nil {
		return nil, fmt.Errorf("%s: %v: %w", path, err, unix.ENOEXEC)
	}
	switch m := sym.(type) {
	case *engine.Module:
		return m, nil
	case **engine.Module:
		return *m, nil
	}
	return nil, fmt.Errorf("%s: Module is a %T: %w", path, sym, unix.ENOEXEC)
}
