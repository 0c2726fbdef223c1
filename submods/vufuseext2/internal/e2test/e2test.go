// SPDX-License-Identifier: Apache-2.0

// Package e2test makes and checks images for tests, with the programs of e2fsprogs.
package e2test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Flavours are kinds of file systems, as arguments of mke2fs.
var Flavours = map[string][]string{
	"ext2-1k":     {"-t", "ext2", "-b", "1024"},
	"ext2-4k":     {"-t", "ext2", "-b", "4096"},
	"ext2-old":    {"-t", "ext2", "-b", "1024", "-I", "128", "-O", "^filetype,^dir_index"},
	"ext3":        {"-t", "ext3", "-b", "1024"},
	"ext4-1k":     {"-t", "ext4", "-b", "1024"},
	"ext4-4k":     {"-t", "ext4", "-b", "4096"},
	"ext4-inline": {"-t", "ext4", "-b", "4096", "-O", "inline_data"},
	"ext4-plain":  {"-t", "ext4", "-b", "2048", "-O", "^extents,^64bit,^metadata_csum,^flex_bg"},
	"ext4-nocsum": {"-t", "ext4", "-b", "1024", "-O", "^metadata_csum"},
}

// Tool gives the path of a program. Without it the test is skipped: that PATH does not have it is the proof.
func Tool(t testing.TB, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		for _, dir := range []string{"/usr/sbin", "/sbin"} {
			if path, err = exec.LookPath(filepath.Join(dir, name)); err == nil {
				return path
			}
		}
		t.Skipf("%s is not installed: %v", name, err)
	}
	return path
}

// Mkfs makes an image of size, like "16M", that holds a copy of dir unless that is "".
func Mkfs(t testing.TB, size, dir string, args ...string) string {
	t.Helper()
	img := filepath.Join(t.TempDir(), "image")
	args = append([]string{"-q", "-F", "-E", "root_owner=0:0"}, args...)
	if dir != "" {
		args = append(args, "-d", dir)
	}
	run(t, Tool(t, "mke2fs"), append(args, img, size)...)
	return img
}

// Fsck fails the test unless e2fsck finds nothing to complain about.
func Fsck(t testing.TB, img string) {
	t.Helper()
	run(t, Tool(t, "e2fsck"), "-fn", img)
}

// Debugfs gives what a command of debugfs prints; with write it may change the image.
func Debugfs(t testing.TB, img, cmd string, write bool) string {
	t.Helper()
	args := []string{"-R", cmd, img}
	if write {
		args = append([]string{"-w"}, args...)
	}
	return run(t, Tool(t, "debugfs"), args...)
}

func run(t testing.TB, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %q: %v\n%s", name, args, err, out)
	}
	return string(out)
}

// Tree makes a directory with files of many sizes and kinds; its contents are always the same.
func Tree(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	rnd := rand.NewChaCha8([32]byte{1})
	write := func(name string, n int) {
		b := make([]byte, n)
		rnd.Read(b)
		must(os.WriteFile(filepath.Join(dir, name), b, 0o640))
	}
	for _, n := range []int{0, 1, 50, 60, 61, 100, 150, 1023, 1024, 1025, 4096, 12289, 300000, 1500000} {
		write(fmt.Sprintf("size%d", n), n)
	}
	must(os.MkdirAll(filepath.Join(dir, "a/b/c"), 0o755))
	must(os.Mkdir(filepath.Join(dir, "many"), 0o755))
	for i := range 400 {
		write(fmt.Sprintf("many/a-rather-long-name-of-a-file-%d", i), i)
	}
	must(os.Symlink("size100", filepath.Join(dir, "fast")))
	must(os.Symlink("a/"+strings.Repeat("x", 200), filepath.Join(dir, "slow")))
	must(os.Link(filepath.Join(dir, "size1024"), filepath.Join(dir, "a/hard")))
	f, err := os.Create(filepath.Join(dir, "sparse"))
	must(err)
	defer f.Close()
	_, err = f.WriteAt([]byte("end of the file"), 3<<20)
	must(err)
	_, err = f.WriteAt([]byte("middle"), 1<<20)
	must(err)
	return dir
}

// Repair lets e2fsck repair an image and gives what it says.
func Repair(t testing.TB, img string) string {
	t.Helper()
	out, err := exec.Command(Tool(t, "e2fsck"), "-fy", img).CombinedOutput()
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || exit.ExitCode() > 1) {
		t.Fatalf("e2fsck -fy: %v\n%s", err, out)
	}
	return string(out)
}
