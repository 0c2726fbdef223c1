// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// workspace makes packages that declare things.
func workspace(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	for dir, decl := range map[string]string{
		"plain":           "var Module = 1",
		"made":            "func New(subs ...int) int { return 0 }",
		"nothing":         "func (x T) New() {}",
		"submods/madeone": "var Submodule = 1",
		"submods/madetwo": "var (\n\tother = 2\n\tSubmodule = other\n)",
	} {
		full := filepath.Join(root, dir)
		if err := os.MkdirAll(full, 0o755); err != nil {
			t.Fatal(err)
		}
		for name, text := range map[string]string{
			"go.mod": "module x\n",
			"x.go":   "package x\n\n" + decl + "\n",
		} {
			if err := os.WriteFile(filepath.Join(full, name), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	return root
}

func TestSource(t *testing.T) {
	root := workspace(t)
	for _, c := range []struct{ names, want string }{
		{"", "{}"},
		{"plain", "{plain.Module}"},
		{"made plain", "{made.New(),plain.Module}"},
		{"plain madetwo made madeone madeone", "{made.New(madeone.Submodule, madetwo.Submodule),plain.Module}"},
	} {
		out := filepath.Join(t.TempDir(), "modules.go")
		if err := write(root, out, strings.Fields(c.names)); err != nil {
			t.Fatalf("%s: %v", c.names, err)
		}
		text, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		_, list, _ := strings.Cut(string(text), "[]*engine.Module")
		list = strings.NewReplacer("\n", "", "\t", "", ",\n}", "}").Replace(list)
		if got := strings.ReplaceAll(list, ",}", "}"); got != c.want {
			t.Errorf("%s: %s, want %s", c.names, got, c.want)
		}
	}
}

func TestAll(t *testing.T) {
	root := workspace(t)
	work := "go 1.26\n\nuse (\n\t./engine\n\t./plain\n\t./nothing\n\t./submods/madeone\n\t./made\n\t./tools/umvu\n)\n"
	if err := os.WriteFile(filepath.Join(root, "go.work"), []byte(work), 0o644); err != nil {
		t.Fatal(err)
	}
	names, err := all(root)
	if got := strings.Join(names, " "); err != nil || got != "plain madeone made" {
		t.Errorf("%s, %v", got, err)
	}
}

func TestErrors(t *testing.T) {
	root := workspace(t)
	for names, want := range map[string]string{
		"nosuch":        "there is no module nosuch",
		"../plain":      `"../plain" is not the name of a module`,
		"nothing":       "nothing: declares neither Module nor New nor Submodule",
		"plain madeone": "madeone: its module is not in the list",
	} {
		err := write(root, filepath.Join(t.TempDir(), "modules.go"), strings.Fields(names))
		if err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", names, err, want)
		}
	}
}

// TestUnchanged: a file that is right is not written again.
func TestUnchanged(t *testing.T) {
	root := workspace(t)
	out := filepath.Join(t.TempDir(), "modules.go")
	if err := write(root, out, []string{"plain"}); err != nil {
		t.Fatal(err)
	}
	before, err := os.Stat(out)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(out, 0o444); err != nil {
		t.Fatal(err)
	}
	if err := write(root, out, []string{"plain"}); err != nil {
		t.Fatal(err)
	}
	after, err := os.Stat(out)
	if err != nil || !after.ModTime().Equal(before.ModTime()) {
		t.Errorf("%v %v, %v", before.ModTime(), after.ModTime(), err)
	}
}
