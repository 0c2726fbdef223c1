// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"vuos.dev/engine"
)

// TestManual: the manual page and the help text name the same options.
func TestManual(t *testing.T) {
	page, err := os.ReadFile("man/umvu.1")
	if err != nil {
		t.Fatal(err)
	}
	documented := map[string]bool{}
	_, section, _ := strings.Cut(string(page), "\n.Sh OPTIONS\n")
	section, _, _ = strings.Cut(section, "\n.Sh ")
	for _, m := range regexp.MustCompile(`(?m)^\.It Fl (\S+).* Fl -(\S+)`).FindAllStringSubmatch(section, -1) {
		documented["-"+m[1]], documented["--"+m[2]] = true, true
	}
	declared := map[string]bool{}
	for _, o := range command.Options {
		declared["-"+o.Short], declared["--"+o.Long[0]] = true, true
	}
	got, want := slices.Sorted(maps.Keys(documented)), slices.Sorted(maps.Keys(declared))
	if !slices.Equal(got, want) {
		t.Errorf("the page has %q\nthe command has %q", got, want)
	}
	var stdout, stderr bytes.Buffer
	if code := run([]string{"--help"}, &stdout, &stderr); code != 0 || stderr.Len() != 0 {
		t.Errorf("status %d, %s", code, &stderr)
	}
	for _, name := range want {
		if !strings.Contains(stdout.String(), name) {
			t.Errorf("the help text lacks %s", name)
		}
	}
}

// TestUsage: wrong command lines start nothing and say what is wrong.
func TestUsage(t *testing.T) {
	for args, want := range map[string]string{
		"":                  "no command given",
		"-N":                "no command given",
		"-z true":           "invalid option -- 'z'",
		"-l 8 true":         "'8' is not a level: 0 to 7",
		"-l -1 true":        "'-1' is not a level: 0 to 7",
		"--syslog=x true":   "'x' is not a level: 0 to 7",
		"-d a! true":        "'!' is not a debug tag",
		"-D pr true":        "'pr': colours come after a colon",
		"-D !:r true":       "'!' is not a debug tag",
		"-f":                "option requires an argument -- 'f'",
		"--norc=1 true":     "option '--norc' doesn't allow an argument",
		"-V " + long + " x": "the name of a view has at most 64 bytes",
	} {
		var stdout, stderr bytes.Buffer
		code := run(strings.Fields(args), &stdout, &stderr)
		first, _, _ := strings.Cut(stderr.String(), "\n")
		if code != statusUsage || first != "umvu: "+want || stdout.Len() != 0 {
			t.Errorf("%s: status %d, %q, want %q", args, code, first, want)
		}
	}
}

var long = strings.Repeat("n", 65)

func TestOptions(t *testing.T) {
	args := []string{"-xSN", "-V", "name", "-da", "-d", "p", "-D", "p:r", "-l7", "--syslog", "3", "ls", "-l", "--", "-N"}
	p, err := command.Parse(args)
	if err != nil {
		t.Fatal(err)
	}
	o, err := readOptions(p)
	if err != nil {
		t.Fatal(err)
	}
	if !o.noNesting || !o.noRC || o.name != "name" || o.tags != "ap" || !slices.Equal(o.colors, []string{"p:r"}) ||
		o.level != engine.LogDebug || o.syslog == nil || *o.syslog != engine.LogErr {
		t.Errorf("%+v", o)
	}
	if !slices.Equal(o.argv, []string{"ls", "-l", "--", "-N"}) {
		t.Errorf("%q", o.argv)
	}
}

func TestRCFiles(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	rc := home + "/.vurc"
	if err := os.WriteFile(rc, []byte("#!/bin/sh\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if files := (&options{}).rcFiles(); slices.Contains(files, rc) {
		t.Errorf("%q: one cannot be executed", files)
	}
	if err := os.Chmod(rc, 0o755); err != nil {
		t.Fatal(err)
	}
	if files := (&options{}).rcFiles(); !slices.Contains(files, rc) {
		t.Errorf("%q", files)
	}
	if files := (&options{noRC: true}).rcFiles(); files != nil {
		t.Errorf("%q", files)
	}
	if files := (&options{rc: "/x/y"}).rcFiles(); !slices.Equal(files, []string{"/x/y"}) {
		t.Errorf("%q", files)
	}
}
