// SPDX-License-Identifier: Apache-2.0

// Package man has the manual pages of the utilities, and tests of them.
package man

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// pageDirs have the pages of VUOS's commands.
var pageDirs = []string{".", "../../umvu/man"}

// TestOptions: a page and the help text of its command name the same options.
func TestOptions(t *testing.T) {
	bin := t.TempDir()
	build := exec.Command("go", "build", "-p", "2", "-o", bin, "../cmd/...")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	commands, err := os.ReadDir("../cmd")
	if err != nil || len(commands) == 0 {
		t.Fatal(commands, err)
	}
	for _, c := range commands {
		t.Run(c.Name(), func(t *testing.T) {
			page, err := os.ReadFile(c.Name() + ".1")
			if err != nil {
				t.Fatal(err)
			}
			for _, flag := range []string{"-h", "--help"} {
				help, err := exec.Command(filepath.Join(bin, c.Name()), flag).Output()
				if err != nil {
					t.Fatalf("%s: %v", flag, err)
				}
				got, want := pageOptions(string(page)), helpOptions(string(help))
				if len(want) < 2 || !slices.Equal(got, want) {
					t.Errorf("the page has %q\n%s has %q", got, flag, want)
				}
			}
		})
	}
}

// helpOptions finds the options that a help text lists.
func helpOptions(help string) []string {
	options := make(map[string]bool)
	_, list, _ := strings.Cut(help, "\nOptions:\n")
	for line := range strings.Lines(list) {
		if !strings.HasPrefix(line, "  -") {
			continue
		}
		names, _, _ := strings.Cut(strings.TrimSpace(line), "  ")
		for _, name := range strings.Split(names, ", ") {
			name, _, _ = strings.Cut(name, " ")
			options[name] = true
		}
	}
	return slices.Sorted(maps.Keys(options))
}

var pageOption = regexp.MustCompile(`Fl (-?[A-Za-z][A-Za-z_-]*)`)

// pageOptions finds the options that the items of OPTIONS describe.
func pageOptions(page string) []string {
	options := make(map[string]bool)
	_, section, _ := strings.Cut(page, "\n.Sh OPTIONS\n")
	section, _, _ = strings.Cut(section, "\n.Sh ")
	for line := range strings.Lines(section) {
		if !strings.HasPrefix(line, ".It Fl ") {
			continue
		}
		for _, m := range pageOption.FindAllStringSubmatch(line, -1) {
			options["-"+m[1]] = true
		}
	}
	return slices.Sorted(maps.Keys(options))
}

// TestSections: every page has the sections that readers look for, in order.
func TestSections(t *testing.T) {
	for _, path := range pages(t) {
		page, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		rest := string(page)
		for _, s := range []string{"NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXIT STATUS", "EXAMPLES", "SEE ALSO"} {
			var ok bool
			if _, rest, ok = strings.Cut(rest, "\n.Sh "+s+"\n"); !ok {
				t.Errorf("%s: no section %s, or not in its place", path, s)
			}
		}
	}
}

var reference = regexp.MustCompile(`Xr ((?:umvu|vu)[a-z_]*) 1`)

// TestReferences: the pages of VUOS that are referred to exist.
func TestReferences(t *testing.T) {
	all := pages(t)
	names := make(map[string]bool)
	for _, path := range all {
		names[strings.TrimSuffix(filepath.Base(path), ".1")] = true
	}
	for _, path := range all {
		page, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range reference.FindAllStringSubmatch(string(page), -1) {
			if !names[m[1]] {
				t.Errorf("%s refers to %s(1)", path, m[1])
			}
		}
	}
}

// TestLint: mandoc(1) finds nothing, apart from pages that are not installed.
func TestLint(t *testing.T) {
	if _, err := exec.LookPath("mandoc"); err != nil {
		t.Skip("mandoc is not installed")
	}
	for _, path := range pages(t) {
		out, _ := exec.Command("mandoc", "-T", "lint", path).Output() // the status repeats the output
		for line := range strings.Lines(string(out)) {
			if !strings.Contains(line, "referenced manual not found") {
				t.Error(strings.TrimSpace(line))
			}
		}
	}
}

func pages(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, dir := range pageDirs {
		found, err := filepath.Glob(filepath.Join(dir, "*.1"))
		if err != nil || len(found) == 0 {
			t.Fatalf("%s: %q, %v", dir, found, err)
		}
		all = append(all, found...)
	}
	return all
}
