// SPDX-License-Identifier: Apache-2.0

package vutest

import (
	"bytes"
	"io"
	"strings"
	"testing"
)

// Case is one command line and what it must do. Out and Err are the exact
// output; with a final "..." they are how it begins.
type Case struct {
	Name   string
	Args   string // split at blanks
	System Fake   // copied for the run
	Out    string
	Err    string
	Status int
	Calls  string // see [Fake.Calls]
}

// Check runs the cases.
func Check(t *testing.T, run func(args []string, stdout, stderr io.Writer, sys *Fake) int, cases []Case) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			sys := c.System
			status := run(strings.Fields(c.Args), &stdout, &stderr, &sys)
			if status != c.Status {
				t.Errorf("status %d, want %d", status, c.Status)
			}
			compare(t, "stdout", stdout.String(), c.Out)
			compare(t, "stderr", stderr.String(), c.Err)
			compare(t, "calls", sys.Calls(), c.Calls)
		})
	}
}

func compare(t *testing.T, what, got, want string) {
	t.Helper()
	start, cut := strings.CutSuffix(want, "...")
	if got != want && !(cut && strings.HasPrefix(got, start)) {
		t.Errorf("%s:\n%s\nwant:\n%s", what, got, want)
	}
}
