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

// dirVar names the directory with what the tests need when they run as another user, who may not reach
// the workspace. It has bin, the programs, and what they need of testdata.
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
	for _, d := range []string{"script", "conformance", "servers"} {
		if err := os.CopyFS(filepath.Join(dir, d), os.DirFS(filepath.Join(root, "testdata", d))); err != nil {
			return "", err
		}
	}
	list := exec.Command("go", "list", "-f", `{{if eq .Name "main"}}{{.ImportPath}}{{end}}`,
		"vuos.dev/tools/umvu", "vuos.dev/tools/vuutils/...", "vuos.dev/engine/enginetest/cmd/vutest", "vuos.dev/submods/vufuseext2",
		"vuos.dev/libvdeplug/cmd/vde_plug", "vuos.dev/tools/netprobe/...")
	list.Dir, list.Stderr = root, os.Stderr
	out, err := list.Output()
	if err != nil {
		return "", fmt.Errorf("%v: %w", list, err)
	}
	bin := filepath.Join(dir, "bin")
	if err := os.Mkdir(bin, 0o755); err != nil {
		return "", err
	}
	if err := build(root, bin, strings.Fields(string(out))...); err != nil {
		return "", err
	}
	const goFuse = "github.com/hanwen/go-fuse/v2/"
	vufuse := filepath.Join(root, "vufuse") // its go.mod has the version
	if err := build(vufuse, bin, goFuse+"example/loopback", goFuse+"example/zipfs"); err != nil {
		return "", err
	}
	return dir, run(vufuse, "test", "-c", "-o", filepath.Join(bin, "posixtest"), goFuse+"posixtest")
}

// build builds programs, from a directory of their workspace, into bin.
func build(dir, bin string, packages ...string) error {
	return run(dir, append([]string{"build", "-p", "2", "-o", bin}, packages...)...)
}

// run runs the go command in a directory.
func run(dir string, args ...string) error {
	cmd := exec.Command("go", args...)
	cmd.Dir, cmd.Stderr = dir, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%v: %w", cmd, err)
	}
	return nil
}
