// SPDX-License-Identifier: Apache-2.0

package volume_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
	"vuos.dev/submods/vufuseext2/internal/e2test"
	"vuos.dev/submods/vufuseext2/internal/volume"
)

// TestReadOnly checks that what must not be written is not, bit by bit, and that the reason is told.
func TestReadOnly(t *testing.T) {
	for name, c := range map[string]struct {
		args  []string
		debug string
		warn  string
	}{
		"journal":  {[]string{"-t", "ext4"}, "set_super_value feature_incompat 0x2c6", "e2fsck"},
		"unclean":  {[]string{"-t", "ext2"}, "set_super_value state 0", "e2fsck"},
		"errors":   {[]string{"-t", "ext2"}, "set_super_value state 3", "e2fsck"},
		"bigalloc": {[]string{"-t", "ext4", "-O", "bigalloc"}, "", "bigalloc"},
		"quota":    {[]string{"-t", "ext4", "-O", "quota"}, "", "quota"},
		"project":  {[]string{"-t", "ext4", "-O", "project", "-I", "256"}, "", "project"},
		"casefold": {[]string{"-t", "ext4", "-O", "casefold"}, "", "casefold"},
		"encrypt":  {[]string{"-t", "ext4", "-O", "encrypt"}, "", "encrypt"},
		"mmp":      {[]string{"-t", "ext4", "-O", "mmp"}, "", "mmp"},
	} {
		t.Run(name, func(t *testing.T) {
			img := e2test.Mkfs(t, "16M", e2test.Tree(t), c.args...)
			if c.debug != "" {
				e2test.Debugfs(t, img, c.debug, true)
			}
			before := must[[]byte](t)(os.ReadFile(img))
			var warned string
			v, err := volume.Open(img, volume.Options{Write: true, Warn: func(s string) { warned += s }})
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(warned, c.warn) {
				t.Errorf("warned: %q", warned)
			}
			_, err = v.Mknod(volume.Root, "new", unix.S_IFREG, 0, false, root)
			wantErr(t, "create", err, unix.EROFS)
			if got := readAll(t, v, walk(t, v, "size12289"), 5000); len(got) != 12289 {
				t.Errorf("read %d bytes", len(got))
			}
			if err := v.Close(); err != nil {
				t.Error(err)
			}
			if !bytes.Equal(before, must[[]byte](t)(os.ReadFile(img))) {
				t.Error("the image changed")
			}
		})
	}
}

// TestRefused opens what is no file system for us.
func TestRefused(t *testing.T) {
	dir := t.TempDir()
	empty, text := filepath.Join(dir, "empty"), filepath.Join(dir, "text")
	for name, data := range map[string][]byte{empty: nil, text: bytes.Repeat([]byte("text "), 10000)} {
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	fifo := filepath.Join(dir, "fifo")
	if err := unix.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	unknown := e2test.Mkfs(t, "8M", "", "-t", "ext2")
	patch(t, unknown, 1024+96, 0x40000002) // an incompatible feature of the future
	future := e2test.Mkfs(t, "8M", "", "-t", "ext2")
	patch(t, future, 1024+100, 0x40000003) // one that permits reading
	for name, want := range map[string]string{
		empty:                      "",
		text:                       "not an ext2",
		filepath.Join(dir, "none"): "no such file",
		dir:                        "is a directory",
		fifo:                       "block device required",
		"/dev/null":                "block device required",
		unknown:                    "incompatible feature",
	} {
		v, err := volume.Open(name, volume.Options{Write: true})
		if err == nil {
			v.Close()
			t.Errorf("%s was opened", name)
		} else if !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
	v, err := volume.Open(future, volume.Options{Write: true, Warn: func(string) {}})
	if err != nil || v.Writable() {
		t.Errorf("a read-only feature of the future: %v", err)
	}
	if err == nil {
		v.Close()
	}
}

func patch(t *testing.T, img string, off int64, v uint32) {
	t.Helper()
	f, err := os.OpenFile(img, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt(binary.LittleEndian.AppendUint32(nil, v), off); err != nil {
		t.Fatal(err)
	}
}

// TestExclusive opens an image twice.
func TestExclusive(t *testing.T) {
	img := e2test.Mkfs(t, "8M", "", "-t", "ext2")
	try := func(write bool, want error) {
		t.Helper()
		v, err := volume.Open(img, volume.Options{Write: write, Warn: func(string) {}})
		if err == nil {
			v.Close()
		}
		if !errors.Is(err, want) {
			t.Errorf("open (write %v): %v, want %v", write, err, want)
		}
	}
	v := must[*volume.Volume](t)(volume.Open(img, volume.Options{}))
	try(false, nil)
	try(true, unix.EBUSY)
	v.Close()
	v = must[*volume.Volume](t)(volume.Open(img, volume.Options{Write: true}))
	try(false, unix.EBUSY)
	try(true, unix.EBUSY)
	v.Close()
	try(true, nil)
	e2test.Fsck(t, img)
}

// TestMarks checks the superblock while a volume is written, and after.
func TestMarks(t *testing.T) {
	img := e2test.Mkfs(t, "8M", "", "-t", "ext2", "-L", "label")
	state := func() (state, mounts uint16) {
		b := must[[]byte](t)(os.ReadFile(img))
		return binary.LittleEndian.Uint16(b[1024+58:]), binary.LittleEndian.Uint16(b[1024+52:])
	}
	_, before := state()
	v := open(t, img, true)
	if s, n := state(); s&1 != 0 || n != before+1 {
		t.Errorf("while open: state %d, mounted %d times", s, n)
	}
	if got := v.Label(); got != "label" {
		t.Errorf("label %q", got)
	}
	finish(t, v, img)
	if s, n := state(); s&1 != 1 || n != before+1 {
		t.Errorf("afterwards: state %d, mounted %d times", s, n)
	}
	_, err := v.GetAttr(volume.Root)
	wantErr(t, "after closing", err, unix.ENOTCONN)
}
