// SPDX-License-Identifier: Apache-2.0

package helper

import (
	"fmt"
	"strings"
	"testing"
)

func TestTail(t *testing.T) {
	var said Tail
	fmt.Fprint(&said, "first\nlast", " words \n\n")
	if got := said.Line(); got != "last words" {
		t.Errorf("last line %q", got)
	}
	var w strings.Builder
	said.Pass(&w)
	fmt.Fprintln(&said, "more")
	if got, want := w.String(), "first\nlast words \n\nmore\n"; got != want {
		t.Errorf("passed on: %q, want %q", got, want)
	}
}
