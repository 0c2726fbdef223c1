// SPDX-License-Identifier: Apache-2.0

package exec

import (
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"testing"
)

// A copy is told to be run from its execve to the end of the process, and not before or after.
func TestRunning(t *testing.T) {
	c, err := NewCache(t.TempDir(), CacheOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	cat, err := os.ReadFile("/bin/cat")
	if err != nil {
		t.Fatal(err)
	}
	if !c.Empty() || c.Running("cat") {
		t.Error("something runs from an empty cache")
	}
	b, err := c.Copy(context.Background(), Source{ID: "cat", Name: "cat", Size: int64(len(cat)), Content: bytes.NewReader(cat)})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Release()
	if c.Empty() || c.Running("cat") || c.Running("other") {
		t.Error("a copy that nobody runs is told to be run")
	}
	p := exec.Command(b.Path())
	in, err := p.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := p.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := in.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(out, make([]byte, 1)); err != nil { // it runs by now
		t.Fatal(err)
	}
	if !c.Running("cat") || c.Running("other") {
		t.Error("a running copy is not told to be")
	}
	in.Close()
	if err := p.Wait(); err != nil {
		t.Fatal(err)
	}
	if c.Running("cat") {
		t.Error("a copy is told to be run after the end of the process")
	}
}
