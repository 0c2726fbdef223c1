// SPDX-License-Identifier: Apache-2.0

package scripttest

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// commands are those that scripts have beyond testscript's own.
var commands = map[string]func(ts *testscript.TestScript, neg bool, args []string){
	"mkimage": mkimage,
}

// top are the directories of the image, apart from lost+found.
var top = []string{"bin", "boot", "dev", "etc", "lib", "mnt", "proc", "sbin", "tmp", "usr"}

// mkimage PATH [OPTION...] makes an ext4 image of a small tree; the options are those of mke2fs(8).
// The image is removed when the script ends.
func mkimage(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: mkimage PATH [OPTION...]")
	}
	path, tree := ts.MkAbs(args[0]), ts.MkAbs(".image")
	for _, d := range top {
		ts.Check(os.MkdirAll(filepath.Join(tree, d), 0o755))
	}
	for name, text := range map[string]string{
		"etc/motd":    "hello from the image\n",
		"bin/greet":   "#!/bin/sh\necho greetings from $0\n",
		"usr/numbers": strings.Repeat("0123456789abcdef", 1<<16),
	} {
		ts.Check(os.WriteFile(filepath.Join(tree, name), []byte(text), 0o755))
	}
	ts.Check(os.RemoveAll(path))
	ts.Defer(func() { os.RemoveAll(path) })
	args = append([]string{"-q", "-F", "-t", "ext4", "-d", tree}, append(args[1:], path, "16M")...)
	ts.Check(ts.Exec("mke2fs", args...))
}
