// SPDX-License-Identifier: Apache-2.0

package exec

import (
	"encoding/json"
	"fmt"
	"os"
	osexec "os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"
)

// cGuest compiles testdata/guest.c once.
var cGuest = sync.OnceValues(func() (string, error) {
	gcc, err := osexec.LookPath("gcc")
	if err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp("", "vuos-exec-guest")
	if err != nil {
		return "", err
	}
	out := filepath.Join(dir, "guest")
	if b, err := osexec.Command(gcc, "-O1", "-pthread", "-o", out, "testdata/guest.c").CombinedOutput(); err != nil {
		return "", fmt.Errorf("gcc: %w\n%s", err, b)
	}
	return out, nil
})

func needC(t *testing.T) string {
	t.Helper()
	if _, err := osexec.LookPath("gcc"); err != nil {
		t.Skipf("no C compiler: %v", err)
	}
	p, err := cGuest()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func needProgram(t *testing.T, name string) string {
	t.Helper()
	p, err := osexec.LookPath(name)
	if err != nil {
		t.Skipf("needs %s: %v", name, err)
	}
	return p
}

func virtualFiles(t *testing.T) map[string]string {
	return map[string]string{
		"/vtest/show":                       self(t),
		"/vtest/script":                     script(t, "#! /vtest/show -x y \n"),
		"/vtest/a/directory/with/name/show": self(t),
	}
}

func decode(t *testing.T, out string) shown {
	t.Helper()
	var got shown
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return got
}

func TestWays(t *testing.T) {
	c := needC(t)
	for _, how := range []string{"thread", "vfork", "spawn", "smallstack", "at", "timer"} {
		for path, want := range map[string][]string{
			"/vtest/show":   {"/vtest/show", "a", "b c"},
			"/vtest/script": {"/vtest/show", "-x y", "/vtest/script", "a", "b c"},
		} {
			t.Run(how+path, func(t *testing.T) {
				h := newHarness(t, virtualFiles(t))
				out, err := h.run("exec", c, how, path, "a", "b c")
				if err != nil {
					t.Fatalf("%v\n%s", err, out)
				}
				if how == "timer" && out == "" {
					return // the first one was hit by its timer
				}
				if got := decode(t, out); !reflect.DeepEqual(got.Args, want) || got.Comm != "show" {
					t.Errorf("got %+v, want arguments %q", got, want)
				}
			})
		}
	}
}

func TestKilled(t *testing.T) {
	c := needC(t)
	for _, path := range []string{"/vtest/show", "/vtest/script"} {
		h := newHarness(t, virtualFiles(t))
		out, err := h.run("exec", c, "kill", path)
		if err != nil || out != "killed\n" {
			t.Errorf("%s: %v\n%s", path, err, out)
		}
	}
}

// A guest that ends before the answer is gone, and nobody waits for it in vain.
func TestGone(t *testing.T) {
	h := newHarness(t, virtualFiles(t))
	h.hook = func(c Call) { _ = unix.Kill(c.TID, unix.SIGKILL) }
	if out, err := h.run("exec", "/vtest/script"); err == nil || err.Error() != "signal: killed" {
		t.Errorf("%v\n%s", err, out)
	}
	if h.rewrites != h.matched && h.rewrites != 0 {
		t.Errorf("%d rewritten calls, %d seen again", h.rewrites, h.matched)
	}
}

// A guest that is stopped meanwhile executes the program when it is continued.
func TestStopped(t *testing.T) {
	for _, path := range []string{"/vtest/show", "/vtest/script"} {
		h := newHarness(t, virtualFiles(t))
		stopped := make(chan error, 1)
		h.hook = func(c Call) {
			if err := unix.Kill(c.TID, unix.SIGSTOP); err != nil {
				t.Error(err)
			}
			go func() {
				var err error
				for state := ""; err == nil && state != "T"; {
					state, err = stateOf(c.TID)
				}
				if err == nil {
					err = unix.Kill(c.TID, unix.SIGCONT)
				}
				stopped <- err
			}()
		}
		out, err := h.run("exec", path)
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		if err := <-stopped; err != nil {
			t.Error(err)
		}
		if got := decode(t, out); got.Comm != "show" {
			t.Errorf("got %+v", got)
		}
	}
}

// stateOf returns the state letter of a process; T is stopped and not traced.
func stateOf(pid int) (string, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return "", err
	}
	return strings.Fields(string(b[slices.Index(b, ')')+1:]))[0], nil
}

func TestArguments(t *testing.T) {
	c := needC(t)
	h := newHarness(t, virtualFiles(t))
	out, err := h.run("exec", c, "noargs", "/vtest/script")
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if got := decode(t, out).Args; !reflect.DeepEqual(got, []string{"/vtest/show", "-x y", "/vtest/script"}) {
		t.Errorf("no arguments became %q", got)
	}
	h = newHarness(t, virtualFiles(t))
	if out, err = h.run("exec", c, "many", "/vtest/script"); err != nil {
		t.Fatalf("%v\n%.1000s", err, out)
	}
	if got := decode(t, out).Args; len(got) != 20002 || got[20001] != "x" {
		t.Errorf("20000 arguments became %d", len(got))
	}
}

// The kernel refuses the copy after all: the guest sees that and goes on.
func TestFails(t *testing.T) {
	c := needC(t)
	const want = "Accessing a corrupted shared library" // ELIBBAD
	lib := filepath.Join(t.TempDir(), "loader")
	if err := os.WriteFile(lib, make([]byte, 4096), 0o755); err != nil {
		t.Fatal(err)
	}
	files := virtualFiles(t)
	files["/vtest/bad"], files["/vtest/loader"] = c, lib
	h := newHarness(t, files)
	h.interp["/vtest/bad"] = "/vtest/loader"
	out, err := h.run("exec", c, "fails", "/vtest/bad")
	if err != nil || out != "-1 "+want+" 0\n" {
		t.Errorf("%v\n%s", err, out)
	}
	if h.matched != 1 {
		t.Errorf("rewritten call was seen %d times", h.matched)
	}
}

// A guest under strace cannot be attached; its path is overwritten where that fits, which env's arguments do not allow for a short one.
func TestTraced(t *testing.T) {
	strace := needProgram(t, "strace")
	for path, fits := range map[string]bool{"/vtest/a/directory/with/name/show": true, "/vtest/show": false, "/vtest/script": false} {
		h := newHarness(t, virtualFiles(t))
		out, err := h.run("exec", strace, "-f", "-o", "/dev/null", "env", path, "a")
		if !fits {
			if err == nil || !strings.Contains(out, "Operation not permitted") {
				t.Errorf("%s: %v\n%s", path, err, out)
			}
			continue
		}
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		// env's first argument is the path itself, so it changes with it.
		if got := decode(t, out); got.Comm != "show" || !reflect.DeepEqual(got.Args, []string{"/dev/fd/302/show", "a"}) || h.inPlace != 1 {
			t.Errorf("got %+v, %d in place", got, h.inPlace)
		}
	}
}

// What follows a short path is overwritten where nobody needs it: the path is no argument here.
func TestTracedShort(t *testing.T) {
	strace, bash := needProgram(t, "strace"), needProgram(t, "bash")
	h := newHarness(t, virtualFiles(t))
	out, err := h.run("exec", strace, "-f", "-o", "/dev/null", bash, "-c", "/vtest/show a; :")
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if got := decode(t, out); got.Comm != "show" || !reflect.DeepEqual(got.Args, []string{"/vtest/show", "a"}) || h.inPlace != 1 {
		t.Errorf("got %+v, %d in place", got, h.inPlace)
	}
}

// A dynamic binary runs with a loader of its own, and gdb finds its way in it.
func TestLoader(t *testing.T) {
	c := needC(t)
	f, err := os.Open(c)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	img, err := Probe(f)
	if err != nil || !img.Dynamic {
		t.Fatalf("%+v, %v", img, err)
	}
	files := map[string]string{"/vtest/guest": c, "/vtest/loader": img.Interp}
	h := newHarness(t, files)
	h.interp["/vtest/guest"] = "/vtest/loader"
	b, err := h.copyOf("/vtest/loader", "")
	if err != nil {
		t.Fatal(err)
	}
	copied, err := h.copyOf("/vtest/guest", b.Path())
	if err != nil {
		t.Fatal(err)
	}
	if g, err := osexec.LookPath("gdb"); err == nil {
		out, err := osexec.Command(g, "-nx", "-batch", "-ex", "set startup-with-shell off", "-ex", "break main", "-ex", "run",
			"-ex", "backtrace", "-ex", "info sharedlibrary", copied.Path()).CombinedOutput()
		if err != nil || !strings.Contains(string(out), "#0 ") || !strings.Contains(string(out), "libc.so") {
			t.Errorf("gdb: %v\n%s", err, out)
		}
	}
	out, err := h.run("exec", "/vtest/guest", "fails", "/nosuch/file")
	if err != nil || out != "-1 No such file or directory 0\n" {
		t.Errorf("%v\n%s", err, out)
	}
	if h.rewrites != 1 {
		t.Errorf("%d rewritten calls", h.rewrites)
	}
}
