// SPDX-License-Identifier: Apache-2.0

package syscalls

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// suiteFlag, as first argument, has the test program run the whole suite in a directory.
const suiteFlag = "-suite"

func TestMain(m *testing.M) {
	Main()
	if len(os.Args) == 3 && os.Args[1] == suiteFlag {
		r, err := Run(options(os.Args[2], os.Stdout))
		if err != nil {
			fmt.Println(err)
			os.Exit(2)
		}
		os.Exit(min(r.Failed, 1))
	}
	os.Exit(m.Run())
}

func options(dir string, out io.Writer) Options {
	return Options{Dir: dir, FS: Generic, Files: 2000, Timeout: time.Minute, Out: out}
}

// reachable makes a directory that every user may walk to and write in.
func reachable(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for d := dir; d != os.TempDir() && d != "/"; d = filepath.Dir(d) {
		if err := os.Chmod(d, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// suite runs all cases in a new process, as cred or as the caller, natively.
func suite(t *testing.T, cred *syscall.Credential) {
	t.Helper()
	c := exec.Command(self, suiteFlag, reachable(t))
	c.Dir = "/"
	c.SysProcAttr = &syscall.SysProcAttr{Credential: cred, Pdeathsig: syscall.SIGKILL}
	out, err := c.CombinedOutput()
	for line := range strings.Lines(string(out)) {
		if !strings.HasPrefix(line, "ok ") {
			t.Log(strings.TrimSpace(line))
		}
	}
	if err != nil {
		t.Fatal(err)
	}
}

// The kernel itself conforms.
func TestNative(t *testing.T) { suite(t, nil) }

func TestNativeAsNobody(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skipf("euid is %d: TestNative has run as a user", os.Geteuid())
	}
	suite(t, &syscall.Credential{Uid: nobody, Gid: nobody})
}

// Names are unique and of the form area/what.
func TestNames(t *testing.T) {
	form := regexp.MustCompile(`^[a-z0-9_-]+/[a-z0-9-]+$`)
	seen := map[string]bool{}
	for _, c := range All() {
		if seen[c.Name] || !form.MatchString(c.Name) {
			t.Errorf("name %q is there twice or of the wrong form", c.Name)
		}
		seen[c.Name] = true
	}
}

// A case can fail, skip, panic and leave things behind, and each is told apart.
func TestOutcomes(t *testing.T) {
	for name, c := range map[string]struct {
		run  func(*T)
		want int
		text string
	}{
		"pass":   {func(*T) {}, exitPass, ""},
		"skip":   {func(t *T) { t.Skipf("no %s", "luck") }, exitSkip, "no luck\n"},
		"errno":  {func(t *T) { t.Fails(syscall.EBADF, syscall.SYS_GETPID) }, exitFail, "want EBADF"},
		"result": {func(t *T) { t.Returns(-5, syscall.SYS_GETPID) }, exitFail, "want -5"},
		"fatal":  {func(t *T) { t.Do(syscall.SYS_CLOSE, -1); panic("not reached") }, exitFail, "close: EBADF"},
		"same":   {func(t *T) { same(t, "size", 1, 2) }, exitFail, "size: got 1, want 2"},
		"panic":  {func(*T) { panic("oops") }, exitFail, "panic: oops"},
		"thread": {func(t *T) { onOwnThread(func() { t.Fatalf("there") }) }, exitFail, "there"},
	} {
		var out bytes.Buffer
		cleaned := false
		st := &T{out: &out}
		st.Cleanup(func() { cleaned = true })
		if got := runCase(Case{Run: c.run}, st); got != c.want || !strings.Contains(out.String(), c.text) || !cleaned {
			t.Errorf("%s: code %d, want %d; output %q; cleaned up: %v", name, got, c.want, out.String(), cleaned)
		}
	}
}

func TestRunNeedsDirectory(t *testing.T) {
	if _, err := Run(options(filepath.Join(t.TempDir(), "no"), io.Discard)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}
