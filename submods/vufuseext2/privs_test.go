// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"vuos.dev/submods/vufuseext2/internal/e2test"
)

// privsScript prints modes and attributes as changes by others, and by root, leave them.
const privsScript = `
chmod 777 .; echo x > f; chmod 6777 f
other() { setpriv --reuid 65534 --regid 65534 --clear-groups sh -c "$1"; stat -c %a f; }
other 'echo y >> f'
chmod 6777 f; echo z >> f; stat -c %a f
other ': > f'
chmod 6777 f; : > f; stat -c %a f
chown 1:1 f; stat -c %a f
chmod 2767 f; other 'echo y >> f'
chmod 6777 f; other 'fallocate -l 10000 f'
lsattr f | cut -c5,6
chattr +i f; echo no 2>/dev/null >> f || echo immutable; lsattr f | cut -c5,6; chattr -i f
chattr +a f; echo yes >> f; echo no 2>/dev/null > f || echo append-only; chattr -a f; rm f
`

// kernelSays is what the script prints on the kernel's own ext4.
const kernelSays = "777 6777 777 6777 777 767 777 -- immutable i- append-only"

// TestPrivs runs the script over a mount and compares it with the kernel.
func TestPrivs(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skipf("acting for others needs root, we are %d", os.Geteuid())
	}
	for _, tool := range []string{"setpriv", "chattr", "fallocate"} {
		e2test.Tool(t, tool)
	}
	img := e2test.Mkfs(t, "16M", "", "-t", "ext4")
	m := mount(t, img, "rw+")
	// The test's own directory is closed to others: they come in by the current directory.
	if err := os.Chmod(m.dir, 0o777); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(strings.Fields(shell(t, m.dir, privsScript)), " "); got != kernelSays {
		t.Errorf("got  %s\nwant %s", got, kernelSays)
	}
	m.unmount()
	e2test.Fsck(t, img)
}

// TestKernelSays checks the expectation itself, where loop devices can be had.
func TestKernelSays(t *testing.T) {
	img := e2test.Mkfs(t, "16M", "", "-t", "ext4")
	dir := filepath.Join(t.TempDir(), "kernel")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("mount", "-o", "loop", img, dir).CombinedOutput(); err != nil {
		t.Skipf("the kernel does not mount it here: %v\n%s", err, out)
	}
	defer exec.Command("umount", dir).Run()
	if got := strings.Join(strings.Fields(shell(t, dir, privsScript)), " "); got != kernelSays {
		t.Errorf("the kernel says %s", got)
	}
}
