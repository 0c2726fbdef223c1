// SPDX-License-Identifier: Apache-2.0

package plug

import (
	"fmt"
	"strings"
)

// Parms are the options of a locator: each key in full, with its value, which
// is empty for an option given without "=". The last of several wins.
type Parms map[string]string

// Positional, as the first key that a plugin knows, takes an option that has
// no "=" and is no key: the 3 in vde:///run/sw[3].
const Positional = ""

// ParseParms splits ADDRESS/OPTION/OPTION=VALUE... and takes off the quoting.
// Keys may be abbreviated: an option goes to the first of keys that it is the
// beginning of. It does what vde_parseparms of vdeplug4 does.
func ParseParms(rest string, keys ...string) (addr string, p Parms, err error) {
	addr, opts, found := cut(rest, '/')
	p = Parms{}
	if found {
		err = p.parse(opts, keys)
	}
	return unquote(addr), p, err
}

// ParsePathParms splits PATH[OPTION/OPTION=VALUE...] and takes off the
// quoting. The options end at the last "]"; keys may be abbreviated as for
// ParseParms. It does what vde_parsepathparms of vdeplug4 does.
func ParsePathParms(rest string, keys ...string) (path string, p Parms, err error) {
	path, opts, found := cut(rest, '[')
	p = Parms{}
	if found {
		if end := lastIndex(opts, ']'); end >= 0 {
			opts = opts[:end]
		}
		err = p.parse(opts, keys)
	}
	return unquote(path), p, err
}

// parse reads the options in s, which are separated by slashes.
func (p Parms) parse(s string, keys []string) error {
	for more := true; more; {
		var elem string
		elem, s, more = cut(s, '/')
		if err := p.set(unquote(elem), keys); err != nil {
			return err
		}
	}
	return nil
}

// set stores one option.
func (p Parms) set(elem string, keys []string) error {
	key, value, hasValue := strings.Cut(elem, "=")
	if key == "" {
		return nil
	}
	for _, k := range keys {
		if strings.HasPrefix(k, key) {
			p[k] = value
			return nil
		}
	}
	if !hasValue && len(keys) > 0 && keys[0] == Positional {
		p[Positional] = elem
		return nil
	}
	return fmt.Errorf("unknown option %q", key)
}

// SplitNested splits OUTER{INNER}: INNER is the locator of the network that a
// nesting plugin works upon, with its quoting left on. It ends at the last
// "}". It does what vde_parsenestparms of vdeplug4 does, except that OUTER may
// hold a quoted "{" without losing its end.
func SplitNested(rest string) (outer, inner string, nested bool) {
	outer, inner, nested = cut(rest, '{')
	if nested {
		if end := lastIndex(inner, '}'); end >= 0 {
			inner = inner[:end]
		}
	}
	return outer, inner, nested
}
