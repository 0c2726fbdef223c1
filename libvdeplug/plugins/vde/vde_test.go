// SPDX-License-Identifier: Apache-2.0

package vde_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"vuos.dev/libvdeplug/internal/plugtest"
	"vuos.dev/libvdeplug/plug"
	"vuos.dev/libvdeplug/plugins"
)

func TestThroughSwitch(t *testing.T) {
	plugtest.NoLeaks(t)
	dir := filepath.Join(plugtest.Dir(t), "sw")
	plugtest.Switch(t, dir)
	a := plugtest.Open(t, dir)
	b := plugtest.Open(t, "vde://"+dir+"[3]")
	c := plugtest.Open(t, "vde://"+dir+"[port=4/mode=600]")

	hello := plugtest.Frame(plugtest.Broadcast, plugtest.MAC(1), "hello")
	plugtest.Send(t, a, hello)
	plugtest.Expect(t, b, hello)
	plugtest.Expect(t, c, hello)
	answer := plugtest.Frame(plugtest.MAC(1), plugtest.MAC(2), "answer")
	plugtest.Send(t, b, answer)
	plugtest.Expect(t, a, answer)
	// The switch has learned where 1 is: c must not see the answer.
	last := plugtest.Frame(plugtest.Broadcast, plugtest.MAC(2), "last")
	plugtest.Send(t, b, last)
	plugtest.Expect(t, c, last)
}

func TestWithDebianPlug(t *testing.T) {
	plugtest.NoLeaks(t)
	dir := filepath.Join(plugtest.Dir(t), "sw")
	plugtest.Switch(t, dir)
	a := plugtest.Open(t, dir)
	// The tools' plug brings what comes through the pipe of ours.
	b := plugtest.Open(t, "cmd://"+plugtest.Program(t, "vde_plug")+" "+dir)
	frame := plugtest.Frame(plugtest.Broadcast, plugtest.MAC(1), strings.Repeat("x", 1400))
	plugtest.Converge(t, a, b, frame)
	frame = plugtest.Frame(plugtest.Broadcast, plugtest.MAC(2), "back")
	plugtest.Drain(t, a)
	plugtest.Send(t, b, frame)
	plugtest.Expect(t, a, frame)
}

func TestReconnect(t *testing.T) {
	plugtest.NoLeaks(t)
	dir := filepath.Join(plugtest.Dir(t), "sw")
	stop := plugtest.Switch(t, dir)
	a := plugtest.Open(t, dir)
	b := plugtest.Open(t, dir)
	frame := plugtest.Frame(plugtest.Broadcast, plugtest.MAC(1), "before")
	plugtest.Send(t, a, frame)
	plugtest.Expect(t, b, frame)

	stop()
	plugtest.WaitCarrier(t, a, false)
	plugtest.WaitCarrier(t, b, false)
	if n, err := a.Send([][]byte{frame}); n != 0 || !errors.Is(err, plug.ErrNoCarrier) {
		t.Fatalf("Send without a switch = %d, %v", n, err)
	}
	plugtest.Switch(t, dir)
	plugtest.WaitCarrier(t, a, true)
	plugtest.WaitCarrier(t, b, true)
	frame = plugtest.Frame(plugtest.Broadcast, plugtest.MAC(1), "after")
	plugtest.Send(t, a, frame)
	plugtest.Expect(t, b, frame)
}

func TestNothingLeftInDirectory(t *testing.T) {
	plugtest.NoLeaks(t)
	dir := filepath.Join(plugtest.Dir(t), "sw")
	plugtest.Switch(t, dir)
	plugtest.Open(t, dir)
	for _, name := range list(t, dir) {
		if strings.HasPrefix(name, ".") {
			t.Errorf("our socket %s is left", name)
		}
	}
}

func list(t *testing.T, dir string) (names []string) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestErrors(t *testing.T) {
	plugtest.NoLeaks(t)
	dir := plugtest.Dir(t)
	sock, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err == nil {
		err = unix.Bind(sock, &unix.SockaddrUnix{Name: filepath.Join(dir, "ctl")})
	}
	if err != nil {
		t.Fatal(err)
	}
	unix.Close(sock) // the socket stays, with nobody behind it
	for vnl, want := range map[string]string{
		dir:                         "vde: " + dir + ": no switch there: connection refused",
		dir + "/none":               "vde: " + dir + "/none: no switch there: no such file or directory",
		dir + "[lan]":               `vde: ` + dir + `: no port group "lan": no such file or directory`,
		dir + "[mode=9]":            "vde: " + dir + ": option mode=9: must be an octal mode",
		dir + "[foo=1]":             `vde: ` + dir + `: unknown option "foo"`,
		dir + "[group=nosuchgroup]": `vde: ` + dir + `: no group "nosuchgroup"`,
	} {
		c, err := plugins.Default().Open(t.Context(), vnl, plug.Settings{})
		if err == nil {
			c.Close()
		}
		if err == nil || err.Error() != want {
			t.Errorf("%s:\n got %v\nwant %s", vnl, err, want)
		}
	}
}

func TestPortRefused(t *testing.T) {
	plugtest.NoLeaks(t)
	dir := filepath.Join(plugtest.Dir(t), "sw")
	plugtest.Switch(t, dir, "-n", "4")
	c, err := plugins.Default().Open(t.Context(), dir+"[77]", plug.Settings{})
	if err == nil {
		c.Close()
	}
	// Newer versions close the connection, older ones do nothing.
	if err == nil || !strings.HasPrefix(err.Error(), "vde: "+dir+": the switch ") || !strings.HasSuffix(err.Error(), " port 77") {
		t.Errorf("got %v", err)
	}
}
