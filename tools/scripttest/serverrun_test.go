// SPDX-License-Identifier: Apache-2.0

package scripttest

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// servedFile is the path of a file of testdata/servers.
func servedFile(name string) string { return filepath.Join(place, "servers", name) }

// run runs a command in dir and returns what it prints. That it fails ends the test.
func (s *server) run(t *testing.T, dir, what string, args ...string) []byte {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "env", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "PATH="+filepath.Join(place, "bin")+":"+os.Getenv("PATH")+":/usr/sbin:/sbin",
		"suite="+servedFile(""), "HOME="+dir)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v: %v\n%s", what, args, err, tail(out))
	}
	return out
}

// workout are the arguments of workout.sh.
func (s *server) workout(readonly bool) []string {
	features := strings.Fields(s.features)
	if readonly {
		return append([]string{"-r"}, features...)
	}
	return features
}

// command starts the server, works and unmounts.
func (s *server) command(w way, readonly bool) []string {
	stays, writable := "no", "no"
	if w.stay {
		stays = "yes"
	}
	if !s.readonly {
		writable = "yes"
	}
	args := []string{"WORKOUT=" + strings.Join(s.workout(readonly), " "), "bash", servedFile("serve.sh"), w.end, stays, writable, s.serve}
	return append(args, w.options...)
}

// compare fails the test if got is not what the workout printed on a plain directory, and shows the lines that differ.
func compare(t *testing.T, want, got []byte) {
	t.Helper()
	if bytes.Equal(want, got) {
		return
	}
	dir := t.TempDir()
	for name, b := range map[string][]byte{"want": want, "got": got} {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	diff := exec.Command("diff", "-U1", "want", "got")
	diff.Dir = dir
	out, _ := diff.Output() // 1 says that they differ
	t.Errorf("not as on a plain directory:\n%s", tail(out))
}

// tree makes what is served: files of several sizes, links, a deep and a large directory.
func (s *server) tree(t *testing.T, dir string) {
	t.Helper()
	files := map[string]int{"empty": 0, "one": 1, "page": 4096, "more": 70_001, "large": 1_500_000, "a/b/c/d/deep": 100, "with a space": 10}
	for i := range 70 {
		files[fmt.Sprintf("many/file-%03d", i)] = 37 * i
	}
	for name, size := range files {
		path := filepath.Join(dir, "tree", name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, contents(name, size), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if !strings.Contains(s.features, "symlinks") {
		return
	}
	for name, target := range map[string]string{"link": "a/b/c/d/deep", "a/dangling": "nowhere"} {
		if err := os.Symlink(target, filepath.Join(dir, "tree", name)); err != nil {
			t.Fatal(err)
		}
	}
}

// contents are size bytes, other ones for another name.
func contents(name string, size int) []byte {
	b := make([]byte, 0, size+64)
	for i := 0; len(b) < size; i++ {
		b = fmt.Appendf(b, "%s %d\n", name, i)
	}
	return b[:size]
}
