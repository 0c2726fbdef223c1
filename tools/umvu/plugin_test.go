// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestPlugin: a module built with -buildmode=plugin is found in the module directory, loaded, listed and removed.
func TestPlugin(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	build := func(args ...string) {
		t.Helper()
		cmd := exec.Command("go", append([]string{"build", "-p", "2", "-o"}, args...)...)
		cmd.Env = append(os.Environ(), "CGO_ENABLED=1") // plugins are loaded by the C library
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", cmd, err, out)
		}
	}
	build(dir+"/", ".", "vuos.dev/tools/vuutils/cmd/vu_insmod", "vuos.dev/tools/vuutils/cmd/vu_lsmod", "vuos.dev/tools/vuutils/cmd/vu_rmmod")
	build(filepath.Join(dir, "again.so"), "-buildmode=plugin", "./testdata/plugin")
	if err := os.WriteFile(filepath.Join(dir, "broken.so"), []byte("no program"), 0o644); err != nil {
		t.Fatal(err)
	}

	cmd := exec.Command(filepath.Join(dir, "umvu"), "-N", "sh", "-c", `
		vu_insmod again && vu_lsmod
		[ /unreal/etc/passwd -ef /etc/passwd ] && echo seen
		vu_rmmod again; ls -d /unreal
		vu_insmod ./again.so && vu_lsmod
		vu_insmod broken`)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "PATH="+dir+":"+os.Getenv("PATH"), "VU_MODULE_PATH="+dir, "LC_ALL=C")
	out, err := cmd.CombinedOutput()
	if err == nil {
		t.Error("a file that is no plugin was loaded")
	}
	for _, want := range []string{
		"again: the whole tree again\nseen\n", "cannot access '/unreal'",
		"umvu: plugin.Open(", "loading of module broken failed: Exec format error\n",
	} {
		if !strings.Contains(string(out), want) {
			t.Errorf("no %q in the output", want)
		}
	}
	if t.Failed() {
		t.Logf("%s", out)
	}
}
