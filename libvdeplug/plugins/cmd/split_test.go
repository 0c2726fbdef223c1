// SPDX-License-Identifier: Apache-2.0

package cmd

import (
	"slices"
	"testing"
)

func TestSplit(t *testing.T) {
	for line, want := range map[string][]string{
		`ssh host vde_plug`:        {"ssh", "host", "vde_plug"},
		`  a   b  `:                {"a", "b"},
		`a 'b c' "d e" f\ g`:       {"a", "b c", "d e", "f g"},
		`a ''"" "x\"y\\z\n"`:       {"a", "", `x"y\z\n`},
		`'it'"'"'s'`:               {"it's"},
		`a\`:                       {`a\`},
		"sh -c 'x | y' # not ours": {"sh", "-c", "x | y", "#", "not", "ours"},
	} {
		if got, err := split(line); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %q, %v; want %q", line, got, err, want)
		}
	}
	for line, want := range map[string]error{"": errEmpty, "  ": errEmpty, "'a": errQuote, `"a`: errQuote} {
		if got, err := split(line); err != want {
			t.Errorf("%s: %q, %v; want %v", line, got, err, want)
		}
	}
}
