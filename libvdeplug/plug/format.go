// SPDX-License-Identifier: Apache-2.0

package plug

import (
	"sort"
	"strings"
)

// FormatParms writes what ParseParms reads.
func FormatParms(addr string, p Parms) string {
	s := Quote(addr)
	if len(p) > 0 {
		s += "/" + p.format()
	}
	return s
}

// FormatPathParms writes what ParsePathParms reads.
func FormatPathParms(path string, p Parms) string {
	s := QuotePath(path)
	if len(p) > 0 {
		s += "[" + p.format() + "]"
	}
	return s
}

// format writes the options in the order of their keys.
func (p Parms) format() string {
	opts := make([]string, 0, len(p))
	for k, v := range p {
		switch {
		case k == Positional:
			opts = append(opts, Quote(v))
		case v == "":
			opts = append(opts, Quote(k))
		default:
			opts = append(opts, Quote(k)+"="+Quote(v))
		}
	}
	sort.Strings(opts)
	return strings.Join(opts, "/")
}
