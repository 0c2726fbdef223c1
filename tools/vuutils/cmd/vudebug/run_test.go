// SPDX-License-Identifier: Apache-2.0

package main

import (
	"io"
	"testing"

	"golang.org/x/sys/unix"

	"vuos.dev/tools/vuutils/vutest"
)

func runFake(args []string, stdout, stderr io.Writer, sys *vutest.Fake) int {
	return run(args, stdout, stderr, sys)
}

const all = "ABCDEFGHIJKLMNOPQRSTUVWXYZ_01234abcdefghijklmnopqrstuvwxyz56789"

func TestRun(t *testing.T) {
	names := map[byte]string{'a': "ACTION", 'c': "CHOICE", 'V': "VUFS"}
	some := vutest.Fake{Tags: "a5", LocalTags: "c", TagNames: names}
	vutest.Check(t, runFake, []vutest.Case{
		{Name: "help", Args: "-h", System: vutest.Fake{Outside: true}, Out: "Usage: vudebug ..."},
		{
			Name: "outside", Args: "?", System: vutest.Fake{Outside: true}, Status: 2,
			Err: "This is a VUOS command. It works only inside a vuos virtual namespace\nUsage: vudebug ...",
		},
		{Name: "nothing set", Out: ""},
		{Name: "some set", System: some, Out: "a5\n(c)\n"},
		{Name: "names", Args: "?", System: vutest.Fake{TagNames: names}, Out: "V -   VUFS\na -   ACTION\nc -   CHOICE\n"},
		{Name: "names and tags", Args: "?", System: some, Out: "5 +   \nV -   VUFS\na +   ACTION\nc -(+)CHOICE\n"},
		{Name: "some names", Args: "?cz", System: some, Out: "c -(+)CHOICE\nz -   \n"},
		{Name: "add", Args: "+ap", Calls: "add ap false"},
		{Name: "delete", Args: "-a +p", Calls: "del a false; add p false"},
		{Name: "delete all", Args: "-", Calls: "del " + all + " false"},
		{Name: "colours", Args: "+p:b+ c:g#", Calls: "add p false; colour p:b+; colour c:g#"},
		{Name: "no colours", Args: "p:", Calls: "colour p:"},
		{Name: "all colours", Args: ":r", Calls: "colour " + all + ":r"},
		{
			Name: "command", Args: "+s:r -p -- ls -l -- x", Status: 126,
			Err:   "vudebug: ls: Function not implemented\n",
			Calls: `add s true; colour s:r; del p true; exec ls ["ls" "-l" "--" "x"]`,
		},
		{
			Name: "no such command", Args: "-- nosuch", Status: 127,
			System: vutest.Fake{Errors: map[string]error{`exec nosuch ["nosuch"]`: unix.ENOENT}},
			Err:    "vudebug: nosuch: No such file or directory\n",
			Calls:  `exec nosuch ["nosuch"]`,
		},
		{Name: "empty command", Args: "+s --", Err: "vudebug: no command after --\nUsage: ...", Status: 2},
		{Name: "bare tags", Args: "as", Err: "vudebug: 'as': begin with +, - or ?, ...", Status: 2},
		{Name: "bad tag changes nothing", Args: "+a +é", Err: "vudebug: '+é': 'é' is not a debug tag\nUsage: ...", Status: 2},
		{Name: "bad colour", Args: "+a:z", Err: "vudebug: '+a:z': 'z' is not a colour\nUsage: ...", Status: 2},
		{
			Name: "failure", Args: "+a +c", System: vutest.Fake{Errors: map[string]error{"add a false": unix.EPERM}},
			Err: "vudebug: Operation not permitted\n", Status: 1, Calls: "add a false",
		},
	})
}

// FuzzSpec: whatever is accepted consists of known letters only.
func FuzzSpec(f *testing.F) {
	for _, s := range []string{"", "+", "-a", "?ac", "p:b+", "+:", "a:b:c", "+\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, arg string) {
		s, err := parseSpec(arg)
		if err != nil {
			return
		}
		for _, r := range s.tags {
			if r >= 0x80 || r == ':' {
				t.Errorf("%q: tag %q", arg, r)
			}
		}
		if s.function == 0 && !s.coloured {
			t.Errorf("%q does nothing", arg)
		}
	})
}
