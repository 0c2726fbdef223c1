// SPDX-License-Identifier: Apache-2.0

package scripttest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// root is the workspace.
const root = "../.."

// dirVar names the directory with what the scripts need when the tests run as another user, who
// may not reach the workspace. It has bin, the programs, and script.
const dirVar = "VUOS_SCRIPTTEST_DIR"

// place is that directory.
var place string

func TestMain(m *testing.M) {
	if place = os.Getenv(dirVar); place != "" {
		os.Exit(m.Run())
	}
	var err error
	if place, err = prepare(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	if err := os.RemoveAll(place); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// prepare builds the programs and copies the scripts.
func prepare() (string, error) {
	dir, err := os.MkdirTemp("", "scripttest-")
	if err != nil {
		return "", err
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		return "", err
	}
	if err := os.CopyFS(filepath.Join(dir, "script"), os.DirFS(filepath.Join(root, "testdata/script"))); err != nil {
		return "", err
	}
	if err := os.CopyFS(filepath.Join(dir, "conformance"), os.DirFS(filepath.Join(root, "testdata/conformance"))); err != nil {
		return "", err
	}
	list := exec.Command("go", "list", "-f", `{{if eq .Name "main"}}{{.ImportPath}}{{end}}`,
		"vuos.dev/tools/umvu", "vuos.dev/tools/vuutils/...", "vuos.dev/engine/enginetest/cmd/vutest", "vuos.dev/submods/vufuseext2",
		"vuos.dev/libvdeplug/cmd/vde_plug")
	list.Dir, list.Stderr = root, os.Stderr
	out, err := list.Output()
	if err != nil {
		return "", fmt.Errorf("%v: %w", list, err)
	}
	bin := filepath.Join(dir, "bin")
	if err := os.Mkdir(bin, 0o755); err != nil {
		return "", err
	}
	build := exec.Command("go", append([]string{"build", "-p", "2", "-o", bin}, strings.Fields(string(out))...)...)
	build.Dir, build.Stderr = root, os.Stderr
	if err := build.Run(); err != nil {
		return "", fmt.Errorf("%v: %w", build, err)
	}
	return dir, nil
}
