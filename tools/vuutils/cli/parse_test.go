// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"strings"
	"testing"
)

func example() *Command {
	return &Command{
		Name:     "example",
		Synopsis: []string{"[OPTION]... FILE", "-h"},
		Summary:  "Do something.",
		Options: []Option{
			{Short: "a", Long: []string{"all"}, Help: "everything"},
			{Short: "on", Long: []string{"output", "out-file"}, Arg: "FILE", Help: "write there"},
			{Long: []string{"alone"}, Help: "nothing else"},
			Help,
		},
		Notes:       "A note.\n",
		UsageStatus: 3,
	}
}

func TestParse(t *testing.T) {
	for _, c := range []struct {
		args string
		stop bool
		want string // settings, then operands after a bar, or the error
	}{
		{"", false, "|"},
		{"x -a y", false, "all|x y"},
		{"x -a y", true, "|x -a y"},
		{"-a x -a y", true, "all|x -a y"},
		{"-ao f -of -n f", false, "all output=f output=f output=f|"},
		{"-ofa", false, "output=fa|"},
		{"--output=f --out f --out-f= --all --alon", false, "output=f output=f output= all alone|"},
		{"- -- -a --", false, "|- -a --"},
		{"-z", false, "error: invalid option -- 'z'"},
		{"-aé", false, "error: invalid option -- 'é'"},
		{"-o", false, "error: option requires an argument -- 'o'"},
		{"--output", false, "error: option '--output' requires an argument"},
		{"--all=x", false, "error: option '--all' doesn't allow an argument"},
		{"--al", false, "error: option '--al' is ambiguous"},
		{"--zoo", false, "error: unrecognized option '--zoo'"},
	} {
		t.Run(c.args, func(t *testing.T) {
			cmd := example()
			cmd.StopAtOperand = c.stop
			if got := show(cmd.Parse(strings.Fields(c.args))); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}

func show(p *Parsed, err error) string {
	if err != nil {
		return "error: " + err.Error()
	}
	var settings []string
	for _, s := range p.Settings {
		text := s.Name
		if s.Value != "" || s.Name == "output" {
			text += "=" + s.Value
		}
		settings = append(settings, text)
	}
	return strings.Join(settings, " ") + "|" + strings.Join(p.Operands, " ")
}

// FuzzParse: no operand is invented, and all are arguments.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"", "-a x", "--output=f -- -a", "-o", "--", "-\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, line string) {
		args := strings.Split(line, " ")
		p, err := example().Parse(args)
		if err == nil && len(p.Operands) > len(args) {
			t.Errorf("%q: operands %q", args, p.Operands)
		}
	})
}

func ExampleCommand_Usage() {
	fmt.Print(example().Usage())
	// Output:
	// Usage: example [OPTION]... FILE
	//        example -h
	// Do something.
	//
	// Options:
	//   -a, --all                          everything
	//   -o, -n, --output, --out-file FILE  write there
	//   --alone                            nothing else
	//   -h, --help                         print this help and exit
	//
	// A note.
}
