// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/hanwen/go-fuse/v2/posixtest"
	"vuos.dev/submods/vufuseext2/internal/e2test"
)

// notHere are tests that the kernel's own ext4 does not pass either.
var notHere = map[string]string{
	"FcntlFlockLocksFile":       "two locks of one process never conflict (fcntl(2))",
	"ext2-1k/Fallocate":         "EOPNOTSUPP for files without extents (fs/ext4/extents.c:ext4_fallocate)",
	"ext2-1k/FallocateKeepSize": "EOPNOTSUPP for files without extents",
}

// TestPosix runs go-fuse's conformance tests over a mount of each main kind.
func TestPosix(t *testing.T) {
	for _, flavour := range []string{"ext4-4k", "ext2-1k", "ext4-inline"} {
		t.Run(flavour, func(t *testing.T) {
			img := e2test.Mkfs(t, "256M", "", e2test.Flavours[flavour]...)
			m := mount(t, img, "rw+")
			for name, f := range posixtest.All {
				t.Run(name, func(t *testing.T) {
					if why := notHere[name] + notHere[flavour+"/"+name]; why != "" {
						t.Skip(why)
					}
					dir := filepath.Join(m.dir, name)
					if err := os.Mkdir(dir, 0o755); err != nil {
						t.Fatal(err)
					}
					f(t, dir)
				})
			}
			m.unmount()
			e2test.Fsck(t, img)
		})
	}
}
