// SPDX-License-Identifier: Apache-2.0

package scripttest

import (
	"bytes"
	"context"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// setting is one way to run the conformance suite of file system calls in a view.
type setting struct {
	name string
	// run is the regular expression of the cases that make sense here.
	run string
	// shell prepares and runs the cases that match $RUN; src and mnt are empty directories, image a file name.
	shell string
}

var settings = []setting{
	{"empty", "", `vutest -run "$RUN" src`},
	{"unreal", "", `vu_insmod unreal && vutest -run "$RUN" /unreal$PWD/src`},
	{"unreal2", "", `vu_insmod unreal && vutest -run "$RUN" /unreal/unreal$PWD/src`},
	{"vufs", "", `vu_insmod vufs && vumount -t vufs src mnt && vutest -run "$RUN" mnt`},
	{"stack", "^inet/", `vu_insmod vunet && vumount -t vunetvdestack null:// $PWD/stack && vustack $PWD/stack ip link set lo up &&
		vustack $PWD/stack vutest -run "$RUN" src`},
	{"vufusereal", "", `vu_insmod vufuse && vumount -t vufusereal -o allow_other,default_permissions $PWD/src mnt && vutest -run "$RUN" -fs fuse mnt`},
	// The longest symbolic link and attribute are as long as a block, as with the kernel.
	{"vufuseext2", "", `truncate -s 256M image && mke2fs -q -t ext4 -b 4096 -E root_owner=$(id -u):$(id -g) image &&
		vu_insmod vufuse && vumount -t vufuseext2 -o rw+,allow_other,default_permissions $PWD/image mnt && vutest -run "$RUN" -fs fuse mnt; code=$?
		vuumount mnt && e2fsck -fn image >&2 || exit 9; exit $code`},
}

// TestConformance runs the suite natively first, and then in a view in each setting, where it must give
// the same results, apart from the differences that testdata/conformance lists by name.
func TestConformance(t *testing.T) {
	if testing.Short() {
		t.Skip("short")
	}
	if all, failed := suite(t, "native", "", "exec vutest src"); len(failed) > 0 || all < 300 {
		t.Fatalf("of %d cases some fail natively: %v", all, failed)
	}
	for _, s := range settings {
		t.Run(s.name, func(t *testing.T) {
			command := "exec umvu -N bash -c '" + s.shell + "'"
			all, failed := suite(t, s.name, s.run, command)
			differing := len(failed)
			for _, name := range differences(t, s.name) {
				delete(failed, name)
			}
			t.Logf("%d cases, %d differ as listed", all, differing-len(failed))
			if len(failed) == 0 {
				return
			}
			// On a loaded machine a case may fail for want of time; once more, alone.
			for _, line := range failed {
				t.Logf("once more: %s", line)
			}
			_, failed = suite(t, s.name, "^("+strings.Join(slices.Sorted(maps.Keys(failed)), "|")+")$", command)
			for _, line := range failed {
				t.Errorf("not as natively: %s", line)
			}
		})
	}
}

// suite runs a shell script in a fresh directory, with RUN set to run, and takes apart what vutest says.
func suite(t *testing.T, name, run, script string) (all int, failed map[string]string) {
	dir := t.TempDir()
	for _, d := range []string{"src", "mnt"} {
		if err := os.Mkdir(filepath.Join(dir, d), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	open(dir)
	ctx, cancel := context.WithTimeout(context.Background(), 4*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", "-c", script)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "RUN="+run, "PATH="+filepath.Join(place, "bin")+":"+os.Getenv("PATH")+":/usr/sbin:/sbin")
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	out, err := cmd.CombinedOutput()
	failed = map[string]string{}
	for line := range bytes.Lines(out) {
		text := strings.TrimSpace(string(line))
		switch verdict, rest, _ := strings.Cut(text, " "); verdict {
		case "ok", "skip":
			all++
		case "FAIL":
			all++
			name, _, _ := strings.Cut(rest, ":")
			failed[name] = text
		}
	}
	if ctx.Err() != nil || all == 0 {
		t.Fatalf("%s: %v: %d cases\n%s", name, err, all, tail(out))
	}
	if code := cmd.ProcessState.ExitCode(); code > 1 {
		t.Errorf("%s: exit status %d\n%s", name, code, tail(out))
	}
	return all, failed
}

// open lets everybody into a temporary directory.
func open(dir string) {
	for d := dir; strings.HasPrefix(d, os.TempDir()+"/"); d = filepath.Dir(d) {
		if err := os.Chmod(d, 0o755); err != nil {
			break
		}
	}
}

func tail(b []byte) []byte { return b[max(0, len(b)-4000):] }

// differences are the cases that are known to differ in a setting: lines "SETTING[,SETTING...] CASE  # why".
func differences(t *testing.T, name string) (cases []string) {
	b, err := os.ReadFile(filepath.Join(place, "conformance", "differences"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(b) {
		text, _, _ := strings.Cut(string(line), "#")
		f := strings.Fields(text)
		if len(f) == 2 && slices.Contains(strings.Split(f[0], ","), name) {
			cases = append(cases, f[1])
		}
	}
	return cases
}
