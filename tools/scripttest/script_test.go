// SPDX-License-Identifier: Apache-2.0

package scripttest

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/unix"
)

// TestScripts runs the scripts as the user who runs the tests.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join(place, "script"),
		Setup: func(env *testscript.Env) error {
			env.Setenv("PATH", filepath.Join(place, "bin")+":"+os.Getenv("PATH")+":/usr/sbin:/sbin")
			env.Setenv("SHELL", "/bin/bash")
			env.Setenv("HOME", env.WorkDir)
			return nil
		},
		Condition: func(cond string) (bool, error) {
			switch cond {
			case "root":
				return os.Geteuid() == 0, nil
			case "tun": // tap interfaces can be made, in a network namespace
				return unix.Access("/dev/net/tun", unix.R_OK|unix.W_OK) == nil, nil
			}
			return false, fmt.Errorf("unknown condition %s", cond)
		},
		Cmds: commands,
	})
}

// TestScriptsNobody runs them again without any privilege.
func TestScriptsNobody(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("not root: TestScripts ran without privileges")
	}
	u, err := user.Lookup("nobody")
	if err != nil {
		t.Fatal(err)
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	// The go command's own directories are for their owner alone.
	exe, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	again := filepath.Join(place, "scripttest")
	if err := os.WriteFile(again, exe, 0o755); err != nil {
		t.Fatal(err)
	}
	only := "^(TestScripts|TestConformance|TestServers)$"
	if _, names, some := strings.Cut(flag.Lookup("test.run").Value.String(), "/"); some {
		only += "/" + names
	}
	args := []string{"-test.run=" + only, "-test.v=" + strconv.FormatBool(testing.Verbose()), "-test.timeout=30m"}
	cmd := exec.Command(again, args...)
	cmd.Dir = "/"
	cmd.Env = append(os.Environ(), dirVar+"="+place)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("as %s: %v\n%s", u.Username, err, out)
	} else {
		t.Logf("as %s:\n%s", u.Username, out)
	}
}
