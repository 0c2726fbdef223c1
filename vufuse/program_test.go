// SPDX-License-Identifier: Apache-2.0

package vufuse_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
	"vuos.dev/engine/enginetest"
	"vuos.dev/vufuse"
)

// passthrough compiles the C program once and makes it a submodule for this test.
func passthrough(t testing.TB) {
	t.Helper()
	dir, err := compiled()
	if err != nil {
		if _, lerr := exec.LookPath("cc"); lerr == nil && !strings.Contains(err.Error(), "fuse.h") {
			t.Fatal(err)
		}
		t.Skipf("needs a C compiler and libfuse3: %v", err)
	}
	t.Setenv("VU_MODULE_PATH", dir)
}

var compiled = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "vufusetest")
	if err != nil {
		return "", err
	}
	src, err := filepath.Abs("testdata/passthrough.c")
	if err != nil {
		return "", err
	}
	out, err := exec.Command("cc", "-O1", "-Wall", "-Werror", "-D_FILE_OFFSET_BITS=64", "-I/usr/include/fuse3",
		"-o", filepath.Join(dir, "vufusepass"), src, "-lfuse3", "-lpthread").CombinedOutput()
	if err != nil {
		return "", errors.New(err.Error() + ": " + string(out))
	}
	return dir, nil
})

func TestMain(m *testing.M) {
	rc := m.Run()
	if dir, err := compiled(); err == nil {
		os.RemoveAll(dir)
	}
	os.Exit(rc)
}

// load loads the module.
func load(t testing.TB, h engine.Host, subs ...vufuse.Submodule) engine.Mounter {
	t.Helper()
	i, err := vufuse.New(subs...).Load(h)
	if err != nil {
		t.Fatal(err)
	}
	return i.(engine.Mounter)
}

// mountType mounts with the module, until the test ends.
func mountType(t testing.TB, r *engine.MountRequest, subs ...vufuse.Submodule) *enginetest.Tree {
	t.Helper()
	h := &enginetest.Host{}
	c := enginetest.NewCall()
	f, err := load(t, h, subs...).Mount(c, r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Unmount(c); err != nil {
			t.Errorf("unmount: %v", err)
		}
		if h.Devs() != 0 {
			t.Error("device number not given back")
		}
	})
	return &enginetest.Tree{FS: f, Call: c}
}

func TestLibfuseSuite(t *testing.T) {
	passthrough(t)
	runSuite(t, func(t *testing.T) *enginetest.Tree {
		return mountType(t, &engine.MountRequest{Type: "vufusepass", Source: t.TempDir(), Data: "default_permissions"})
	})
}

func TestSquashfuse(t *testing.T) {
	for _, prog := range []string{"squashfuse", "squashfuse_ll"} {
		t.Run(prog, func(t *testing.T) {
			path, err := exec.LookPath(prog)
			mk, err2 := exec.LookPath("mksquashfs")
			if err != nil || err2 != nil {
				t.Skipf("%v %v", err, err2)
			}
			src, img, mods := t.TempDir(), filepath.Join(t.TempDir(), "img"), t.TempDir()
			ok(t, os.Mkdir(filepath.Join(src, "d"), 0o755))
			big := strings.Repeat("squash me ", 50000)
			ok(t, os.WriteFile(filepath.Join(src, "d/f"), []byte(big), 0o644))
			ok(t, os.Symlink("d/f", filepath.Join(src, "l")))
			if out, err := exec.Command(mk, src, img, "-quiet", "-no-progress").CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			ok(t, os.Symlink(path, filepath.Join(mods, "vufusesquash")))
			t.Setenv("VU_MODULE_PATH", mods)
			x := mountType(t, &engine.MountRequest{Type: "vufusesquash", Source: img, Flags: unix.MS_RDONLY})
			contents(t, x, "l", big)
			fails(t, x.Mkdir("new", 0o755), unix.EROFS)
			if s := names(t, x, "/"); strings.Join(s, " ") != "d l" {
				t.Fatalf("%q", s)
			}
		})
	}
}

func TestProgramFails(t *testing.T) {
	passthrough(t)
	m := load(t, &enginetest.Host{})
	for _, test := range []struct {
		name string
		r    engine.MountRequest
		err  unix.Errno
		says string
	}{
		{"source", engine.MountRequest{Type: "vufusepass", Source: "/no/such/dir"}, unix.ENOENT, "/no/such/dir: No such file"},
		{"type", engine.MountRequest{Type: "vufusenosuch", Source: "/"}, unix.ENODEV, "vufusenosuch"},
		{"bare type", engine.MountRequest{Type: "vufuse", Source: "/"}, unix.ENODEV, "vufuse"},
		{"option", engine.MountRequest{Type: "vufusepass", Source: "/", Data: "bogus"}, unix.EINVAL, "bogus"},
		{"max_read", engine.MountRequest{Type: "vufusepass", Source: "/", Data: "max_read=x"}, unix.EINVAL, "max_read=x"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := m.Mount(enginetest.NewCall(), &test.r)
			fails(t, err, test.err)
			var me *engine.MountError
			if !errors.As(err, &me) || !strings.Contains(me.Message, test.says) {
				t.Fatalf("message %v does not say %q", err, test.says)
			}
		})
	}
}

// TestUnmountWaits checks that the program has come to its end when Unmount returns.
func TestUnmountWaits(t *testing.T) {
	passthrough(t)
	note := filepath.Join(t.TempDir(), "note")
	t.Setenv("PASSTHROUGH_NOTE", note)
	c := enginetest.NewCall()
	f, err := load(t, &enginetest.Host{}).Mount(c, &engine.MountRequest{Type: "vufusepass", Source: t.TempDir()})
	ok(t, err)
	if _, err := os.Stat(note); err == nil {
		t.Fatal("destroyed before unmount")
	}
	ok(t, f.Unmount(c))
	if _, err := os.Stat(note); err != nil {
		t.Fatal("not destroyed by unmount")
	}
}
