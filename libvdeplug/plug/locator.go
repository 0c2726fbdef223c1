// SPDX-License-Identifier: Apache-2.0

package plug

import (
	"errors"
	"fmt"
	"strings"
)

// Locator is a virtual network locator, split at its "://".
type Locator struct {
	// Plugin names the plugin, "vde" if the locator is a plain path.
	Plugin string
	// Rest is what follows, still quoted; each plugin parses its own.
	Rest string
}

// DefaultPlugin is what a plain path means.
const DefaultPlugin = "vde"

// ParseLocator splits a locator. A text that does not begin with a plugin
// name and "://" is a path, and means vde://PATH.
func ParseLocator(vnl string) (Locator, error) {
	if strings.IndexByte(vnl, 0) >= 0 {
		return Locator{}, errors.New("virtual network locator holds a NUL byte")
	}
	name, rest, found := strings.Cut(vnl, "://")
	switch {
	case found && validName(name):
		return Locator{Plugin: name, Rest: rest}, nil
	case found && name == "":
		return Locator{}, fmt.Errorf("virtual network locator %q names no plugin before ://", vnl)
	}
	return Locator{Plugin: DefaultPlugin, Rest: vnl}, nil
}

// String returns the locator as ParseLocator takes it.
func (l Locator) String() string { return l.Plugin + "://" + l.Rest }

// validName tells whether s can name a plugin: letters, digits and "_+-".
func validName(s string) bool {
	for _, c := range []byte(s) {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
		case c == '_', c == '+', c == '-':
		default:
			return false
		}
	}
	return s != ""
}
