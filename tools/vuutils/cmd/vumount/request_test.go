// SPDX-License-Identifier: Apache-2.0

package main

import (
	"slices"
	"strings"
	"testing"
)

// FuzzSplitOptions: joined again, the options are the list without empty ones.
func FuzzSplitOptions(f *testing.F) {
	for _, s := range []string{"", ",", "a,,b", `c="x,y",d`, `a\,b`, `"`, `\`, "ro,size=1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, list string) {
		options := splitOptions(list)
		if slices.Contains(options, "") {
			t.Errorf("%q: an empty option", list)
		}
		again := splitOptions(strings.Join(options, ","))
		if !slices.Equal(options, again) {
			t.Errorf("%q: %q, then %q", list, options, again)
		}
	})
}

// FuzzUnescape: what is not an escape is kept, and nothing gets longer.
func FuzzUnescape(f *testing.F) {
	for _, s := range []string{"", `a\040b`, `\134`, `\400`, `\9`, `\04`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, field string) {
		out := unescape(field)
		if len(out) > len(field) || !strings.Contains(field, `\`) && out != field {
			t.Errorf("%q becomes %q", field, out)
		}
	})
}
