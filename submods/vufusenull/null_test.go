// SPDX-License-Identifier: Apache-2.0

package vufusenull_test

import (
	"testing"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
	"vuos.dev/engine/enginetest"
	"vuos.dev/submods/vufusenull"
	"vuos.dev/vufuse"
)

func TestNull(t *testing.T) {
	m, err := vufuse.New(vufusenull.Submodule).Load(&enginetest.Host{})
	if err != nil {
		t.Fatal(err)
	}
	c := enginetest.NewCall()
	f, err := m.(engine.Mounter).Mount(c, &engine.MountRequest{Type: "vufusenull", Source: "none"})
	if err != nil {
		t.Fatal(err)
	}
	x := &enginetest.Tree{FS: f, Call: c}
	st, err := x.Stat("/")
	if st.Mode != unix.S_IFDIR|0o755 || st.Nlink != 2 || err != nil {
		t.Errorf("root: mode %o, nlink %d, %v", st.Mode, st.Nlink, err)
	}
	if list, err := x.ReadDir("/"); len(list) != 0 || err != nil {
		t.Errorf("listing: %v, %v", list, err)
	}
	if _, err := x.Stat("f"); err != unix.ENOENT {
		t.Errorf("lookup: %v", err)
	}
	for name, err := range map[string]error{
		"create":  x.WriteFile("f", nil, 0o644),
		"mkdir":   x.Mkdir("d", 0o755),
		"mknod":   x.Mknod("n", unix.S_IFIFO, 0),
		"symlink": x.Symlink("a", "b"),
		"chmod":   x.Chmod("/", 0o700),
	} {
		if err != unix.ENOSYS {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := f.Unmount(c); err != nil {
		t.Error(err)
	}
}
