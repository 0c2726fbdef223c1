// SPDX-License-Identifier: Apache-2.0

package plugtest

import (
	"bytes"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"vuos.dev/libvdeplug/plug"
	"vuos.dev/libvdeplug/plugins"
)

// Dir makes a directory with a name short enough for sockets.
func Dir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "vde")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// Open opens a locator with the default plugins and closes it in the end.
func Open(t testing.TB, vnl string) plug.Conn {
	t.Helper()
	c, err := plugins.Default().Open(t.Context(), vnl, plug.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// Program returns the path of a program, or skips the test if there is none.
func Program(t testing.TB, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("needs %s (Debian packages vde2 and vdeplug): %v", name, err)
	}
	return path
}

// Start runs a program until the end of the test and returns how to stop it
// earlier. Its input is open and silent. What it says is logged on failure.
func Start(t testing.TB, name string, args ...string) (stop func()) {
	t.Helper()
	cmd := exec.Command(Program(t, name), args...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		_ = cmd.Process.Signal(syscall.SIGTERM)
		timer := time.AfterFunc(Patience, func() { _ = cmd.Process.Kill() })
		in.Close()
		_ = cmd.Wait()
		timer.Stop()
		if t.Failed() && out.Len() > 0 {
			t.Logf("%s %s said:\n%s", name, strings.Join(args, " "), out.String())
		}
	}
	t.Cleanup(stop)
	return stop
}

// Switch runs vde_switch with its directory at dir, waits until it accepts,
// and returns how to stop it.
func Switch(t testing.TB, dir string, args ...string) (stop func()) {
	t.Helper()
	stop = Start(t, "vde_switch", append([]string{"-s", dir}, args...)...)
	WaitSocket(t, "unix", filepath.Join(dir, "ctl"))
	return stop
}

// WaitSocket waits until somebody listens at path.
func WaitSocket(t testing.TB, network, path string) {
	t.Helper()
	Wait(t, "a listener at "+path, func() bool {
		c, err := net.Dial(network, path)
		if err == nil {
			c.Close()
		}
		return err == nil
	})
}

// WaitFile waits until there is a file at path.
func WaitFile(t testing.TB, path string) {
	t.Helper()
	Wait(t, path, func() bool {
		_, err := os.Lstat(path)
		return err == nil
	})
}

// Wait waits until cond is true.
func Wait(t testing.TB, what string, cond func() bool) {
	t.Helper()
	for limit := time.Now().Add(Patience); !cond(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatalf("waited %v for %s", Patience, what)
		}
	}
}

// WaitCarrier waits until c, which has to be a plug.Carrier, has carrier or
// not, as wanted.
func WaitCarrier(t testing.TB, c plug.Conn, want bool) {
	t.Helper()
	limit := time.After(Patience)
	for {
		up, changed := c.(plug.Carrier).Carrier()
		if up == want {
			return
		}
		select {
		case <-changed:
		case <-limit:
			t.Fatalf("carrier is %v", up)
		}
	}
}
