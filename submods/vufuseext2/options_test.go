// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
	"vuos.dev/submods/vufuseext2/internal/e2test"
)

// TestOptions checks what is read-write, and how mistakes are reported.
func TestOptions(t *testing.T) {
	for list, want := range map[string]bool{
		"": false, "ro": false, "rw": false, "rw+": true, "force": true, "rw,force": true, "force,rw": true,
		"rw+,ro": false, "ro,rw+": true, "rw+,noatime,allow_other,nodev": true, "rw+,offset=0x400,fsname=a": true,
	} {
		o, operands, help, err := parseArgs([]string{"-o", list, "image", "dir"})
		if err != nil || help || len(operands) != 2 || o.write() != want {
			t.Errorf("-o %s: write %v, %v; operands %q", list, o.write(), err, operands)
		}
	}
	for list, want := range map[string]string{
		"rw++": "rw++: unknown option", "offset": "offset: needs a value", "offset=x": "offset=x: not a number",
		"ro=1": "ro=1: takes no value", "nodev=2": "nodev=2: takes no value", "offset=-1": "not a number",
		"rw+,bogus=3": "bogus=3: unknown option",
	} {
		if _, _, _, err := parseArgs([]string{"-o" + list}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("-o %s: %v, want %q", list, err, want)
		}
	}
}

// TestMistakes runs the program with what cannot be: it says so, with its name, and exits non-zero.
func TestMistakes(t *testing.T) {
	text := filepath.Join(t.TempDir(), "text")
	if err := os.WriteFile(text, bytes.Repeat([]byte("x"), 10000), 0o600); err != nil {
		t.Fatal(err)
	}
	img := e2test.Mkfs(t, "8M", "", "-t", "ext2")
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{nil, 2, "vufuseext2: an image and a mount point are needed"},
		{[]string{"-o", "bogus", img, "/mnt"}, 1, "vufuseext2: bogus: unknown option"},
		{[]string{"-x", img, "/mnt"}, 2, "-x: unknown option"},
		{[]string{"-o", "ro", "/none", "/mnt"}, 1, "/none: no such file"},
		{[]string{"-o", "ro", text, "/mnt"}, 1, text + ": not an ext2, ext3 or ext4 file system"},
		{[]string{"-o", "ro", img, "/dev/fd/99"}, 1, "/dev/fd/99"},
	} {
		var stderr bytes.Buffer
		cmd := command(c.args...)
		cmd.Stderr = &stderr
		err := cmd.Run()
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != c.code || !strings.Contains(stderr.String(), c.want) {
			t.Errorf("%q: %v, %q, want %d, %q", c.args, err, stderr.String(), c.code, c.want)
		}
	}
	if out, err := command("-h").Output(); err != nil || !bytes.Contains(out, []byte("rw+")) {
		t.Errorf("-h: %v, %q", err, out)
	}
}

// TestChannel serves on an inherited socket, as in a view; without rw+ it says that it is read-only.
func TestChannel(t *testing.T) {
	img := e2test.Mkfs(t, "8M", "", "-t", "ext4")
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	far := os.NewFile(uintptr(fds[1]), "channel")
	cmd := command(img, "/dev/fd/3")
	cmd.ExtraFiles = []*os.File{far}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	far.Close()
	// FUSE_INIT, version 7.38, by hand.
	init := make([]byte, 40+64)
	copy(init, []byte{104, 0, 0, 0, 26, 0, 0, 0, 1})
	copy(init[40:], []byte{7, 0, 0, 0, 38, 0, 0, 0, 0, 0, 2})
	buf := make([]byte, 1<<10)
	if _, err := unix.Write(fds[0], init); err != nil {
		t.Fatal(err)
	}
	if n, err := unix.Read(fds[0], buf); err != nil || n < 16 || buf[4] != 0 || buf[16] != 7 {
		t.Errorf("INIT: %d bytes, %v, % x", n, err, buf[:32])
	}
	unix.Close(fds[0])
	if err := cmd.Wait(); err != nil {
		t.Errorf("the program failed: %v\n%s", err, &stderr)
	}
	want := "Mounting " + img + " Read-Only.\nUse 'force' or 'rw+' options to enable Read-Write mode\n"
	if !strings.Contains(stderr.String(), want) {
		t.Errorf("it said %q", stderr.String())
	}
}
