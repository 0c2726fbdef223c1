// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"os"
	"strings"
	"testing"
)

func TestStart(t *testing.T) {
	for _, c := range []struct {
		args        string
		status      int
		goesOn      bool
		out, errors string
	}{
		{"-a x", 0, true, "", ""},
		{"x --help", 0, false, example().Usage(), ""},
		{"-z -h", 3, false, "", "example: invalid option -- 'z'\n" + example().Usage()},
	} {
		var stdout, stderr bytes.Buffer
		p, status := example().Start(strings.Fields(c.args), &stdout, &stderr)
		if (p != nil) != c.goesOn || status != c.status || stdout.String() != c.out || stderr.String() != c.errors {
			t.Errorf("%s: %v, status %d, output %q, errors %q", c.args, p, status, &stdout, &stderr)
		}
	}
}

func TestPrintToFullDevice(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	var stderr bytes.Buffer
	status := example().Print(full, &stderr, "text")
	if want := "example: write error: No space left on device\n"; status != 1 || stderr.String() != want {
		t.Errorf("status %d, errors %q", status, &stderr)
	}
}

func TestOutside(t *testing.T) {
	var stderr bytes.Buffer
	status := example().Outside(&stderr)
	want := "This is a VUOS command. It works only inside a vuos virtual namespace\n" + example().Usage()
	if status != 3 || stderr.String() != want {
		t.Errorf("status %d, errors %q", status, &stderr)
	}
}
