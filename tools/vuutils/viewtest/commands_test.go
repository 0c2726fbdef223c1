// SPDX-License-Identifier: Apache-2.0

package viewtest

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// bin has the commands.
var bin string

func TestMain(m *testing.M) {
	os.Exit(buildAndRun(m))
}

func buildAndRun(m *testing.M) int {
	dir, err := os.MkdirTemp("", "vuutils")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	bin = dir
	if out, err := exec.Command("go", "build", "-p", "2", "-o", bin, "../cmd/...").CombinedOutput(); err != nil {
		panic(string(out))
	}
	return m.Run()
}

// calls are lines of the hypervisor's log.
func calls(lines ...string) []string { return lines }

func TestCommands(t *testing.T) {
	for _, c := range []struct {
		line   string
		out    string
		errs   string
		status int
		calls  []string
		errors map[string]unix.Errno
	}{
		{line: "vu_insmod -p vufs", calls: calls("insmod vufs 1")},
		{line: "vu_insmod nosuch", calls: calls("insmod nosuch 0"), status: 1,
			errors: map[string]unix.Errno{"insmod nosuch 0": unix.ENOENT},
			errs:   "loading of module nosuch failed: No such file or directory\n"},
		{line: "vu_rmmod vufs vudev", calls: calls("rmmod vufs", "rmmod vudev"), status: 1,
			errors: map[string]unix.Errno{"rmmod vufs": unix.EBUSY},
			errs:   "module vufs: Device or resource busy\n"},
		{line: "vu_lsmod", out: modules},
		{line: "vuname -a", out: "Linux host 6.1 #1 SMP x86_64 GNU/Linux/VUOS 42 myview\n"},
		{line: "vuname -P", out: "myview\n"},
		{line: "vuname other", calls: calls("setname other")},
		{line: "vudebug", out: "as\n(p)\n"},
		{line: "vudebug ?aVps", out: "V -   VUFS\na +   ACTION\np -(+)\ns +   \n"},
		{line: "vudebug +ap:r -s", calls: calls("add ap 0", "colour ap:r", "del s 0")},
		{line: "vudebug +s -- echo hello", calls: calls("add s 1"), out: "hello\n"},
		{line: "vudebug -- nosuchcommand", status: 127, errs: "vudebug: nosuchcommand: No such file or directory\n"},
		{line: "vudebug -- /etc/passwd", status: 126, errs: "vudebug: /etc/passwd: Permission denied\n"},
		{line: "vustack /dev/null true", status: 1, errs: "/dev/null: Operation not supported\n"},
		{line: "vumount -t vufs /img /mnt", calls: calls("mount /img /mnt vufs"), status: 1,
			errors: map[string]unix.Errno{"mount /img /mnt vufs": unix.EINVAL},
			errs:   "vumount: /img: not an image\n"},
		{line: "vumount -t vufs /img /mnt", calls: calls("mount /img /mnt vufs")},
		{line: "vuumount -d /mnt", calls: calls("umount /mnt 2")},
		{line: "vustack /dev/net/myvde echo -n x", calls: calls("msocket /dev/net/myvde 0 0 0"), out: "x"},
		{line: "vustack -sv /dev/net/myvde echo x", calls: calls("msocket /dev/net/myvde 2 0 0"), out: "x\n",
			errs: "Using /dev/net/myvde for the following address families:\n    inet(2)\n"},
	} {
		t.Run(c.line, func(t *testing.T) {
			h := &hypervisor{t: t, errors: c.errors}
			tr := &tracer{handle: h.handle}
			words := strings.Fields(c.line)
			out, errs, status := tr.run(t, filepath.Join(bin, words[0]), words[1:]...)
			if out != c.out || errs != c.errs || status != c.status {
				t.Errorf("output %q, errors %q, status %d\nwant   %q, errors %q, status %d",
					out, errs, status, c.out, c.errs, c.status)
			}
			if !slices.Equal(h.log, c.calls) {
				t.Errorf("calls %q, want %q", h.log, c.calls)
			}
		})
	}
}
