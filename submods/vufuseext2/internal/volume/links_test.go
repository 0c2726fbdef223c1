// SPDX-License-Identifier: Apache-2.0

package volume_test

import (
	"fmt"
	"testing"

	"golang.org/x/sys/unix"
	"vuos.dev/submods/vufuseext2/internal/e2test"
	"vuos.dev/submods/vufuseext2/internal/volume"
)

// TestLinkLimit makes 65,000 links to a file and more subdirectories than a link count can tell (dir_nlink).
func TestLinkLimit(t *testing.T) {
	if testing.Short() {
		t.Skip("130,000 names")
	}
	img := e2test.Mkfs(t, "160M", "", "-t", "ext4", "-b", "1024", "-N", "66000")
	v := open(t, img, true)
	f := mkfile(t, v, volume.Root, "f")
	dir := mkdir(t, v, volume.Root, "links")
	for i := range 64999 {
		must[volume.Attr](t)(v.Link(f.Ino, dir, fmt.Sprint(i), root))
	}
	_, err := v.Link(f.Ino, dir, "more", root)
	wantErr(t, "one link too many", err, unix.EMLINK)
	dir = mkdir(t, v, volume.Root, "dirs")
	const n = 65002
	for i := range n {
		sub := must[volume.Attr](t)(v.Mkdir(dir, fmt.Sprint(i), 0o755, root))
		v.Forget(sub.Ino, 1)
	}
	if got := must[volume.Attr](t)(v.GetAttr(dir)).Nlink; got != 1 {
		t.Errorf("%d subdirectories: %d links, want 1 for unknown", n, got)
	}
	finish(t, v, img)
}
