// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"

	"vuos.dev/libvdeplug/internal/plugtest"
	"vuos.dev/libvdeplug/plug"
)

// TestMain is the program itself when the test runs it as a peer.
func TestMain(m *testing.M) {
	if os.Getenv("VDE_PLUG_TEST") != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// self has this test binary be vde_plug, and returns its path.
func self(t *testing.T) string {
	t.Helper()
	t.Setenv("VDE_PLUG_TEST", "1")
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func TestParse(t *testing.T) {
	settings := func(mode uint32, port int, group string) plug.Settings {
		return plug.Settings{Mode: mode, Port: port, Group: group}
	}
	for line, want := range map[string]options{
		"":                    {vnls: []string{""}},
		"a":                   {vnls: []string{"a"}},
		"a b":                 {vnls: []string{"a", "b"}},
		"= ssh -p 22 h":       {vnls: []string{""}, command: []string{"ssh", "-p", "22", "h"}},
		"a = cat = x":         {vnls: []string{"a"}, command: []string{"cat", "=", "x"}},
		"-m 600 -Gnet a b":    {vnls: []string{"a", "b"}, set: [2]plug.Settings{settings(0600, 0, ""), settings(0, 0, "net")}},
		"-dlp /x --port2=4 a": {vnls: []string{"a"}, daemon: true, log: true, pidFile: "/x", set: [2]plug.Settings{{}, settings(0, 4, "")}},
		"--port 3 --daem a":   {vnls: []string{"a"}, daemon: true, set: [2]plug.Settings{settings(0, 3, ""), {}}},
		"-c vde_plug -L":      {vnls: []string{""}, login: true, log: true, ipLog: true},
		"-- -x":               {vnls: []string{"-x"}},
	} {
		got, err := parse(strings.Fields(line))
		if err == nil && len(got.command) == 0 {
			got.command = nil
		}
		if err != nil || !reflect.DeepEqual(*got, want) {
			t.Errorf("%q: %+v, %v; want %+v", line, got, err, want)
		}
	}
	for line, want := range map[string]string{
		"a b c":         "more than two networks; try --help",
		"a b = cat":     "must be [VNL] = COMMAND; try --help",
		"a =":           "must be [VNL] = COMMAND; try --help",
		"-x":            "option -x: not known; try --help",
		"--po 3":        "option --po: not known; try --help",
		"--daemon=1":    "option --daemon: not known; try --help",
		"-p":            "option -p: needs an argument",
		"--mod 9":       `option --mod: "9" is not an octal mode`,
		"--port 0":      `option --port: "0" is not the number of a port`,
		"-c /bin/sh":    "option -c: " + errShell.Error(),
		"--descr":       "option --descr: needs an argument",
		"--group2 a --": "",
	} {
		_, err := parse(strings.Fields(line))
		if got := fmt.Sprint(err); got != want && (want != "" || err != nil) {
			t.Errorf("%q: %v, want %s", line, err, want)
		}
	}
}

func TestHelpNamesAllOptions(t *testing.T) {
	var out bytes.Buffer
	if err := run(t.Context(), []string{"vde_plug", "-h"}, nil, &out); err != nil {
		t.Fatal(err)
	}
	for _, opt := range table {
		if opt.long != "" && !strings.Contains(out.String(), "--"+opt.long) {
			t.Errorf("--%s is missing", opt.long)
		}
	}
	if err := run(t.Context(), []string{"-vde_plug"}, nil, &out); err != errShell {
		t.Errorf("as a login shell: %v", err)
	}
}

// TestStream has the program between a switch and its input and output.
func TestStream(t *testing.T) {
	plugtest.NoLeaks(t)
	dir := filepath.Join(plugtest.Dir(t), "sw")
	plugtest.Open(t, "hub://"+dir)
	a := plugtest.Open(t, dir)
	in, toIn := io.Pipe()
	fromOut, out := io.Pipe()
	ended := make(chan error)
	go func() {
		err := run(context.Background(), []string{"vde_plug", dir}, in, out)
		out.Close()
		ended <- err
	}()
	f := plugtest.Frame(plugtest.Broadcast, plugtest.MAC(1), "from the stream")
	if _, err := toIn.Write(append([]byte{0, byte(len(f))}, f...)); err != nil {
		t.Fatal(err)
	}
	plugtest.Expect(t, a, f)
	back := plugtest.Frame(plugtest.Broadcast, plugtest.MAC(2), "to the stream")
	plugtest.Send(t, a, back)
	got := make([]byte, 2+len(back))
	if _, err := io.ReadFull(fromOut, got); err != nil || !bytes.Equal(got[2:], back) || int(got[1]) != len(back) {
		t.Errorf("%q, %v", got, err)
	}
	toIn.Close()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// TestCable connects two networks by processes of ours, by Debian's, and by
// dpipe with one of each.
func TestCable(t *testing.T) {
	ours := self(t)
	for name, cable := range map[string]func(x, y string) []string{
		"two VNLs": func(x, y string) []string { return []string{ours, x, y} },
		"ours runs theirs": func(x, y string) []string {
			return []string{ours, x, "=", plugtest.Program(t, "vde_plug"), y}
		},
		"theirs runs ours": func(x, y string) []string {
			return []string{plugtest.Program(t, "vde_plug"), x, "=", ours, y}
		},
		"dpipe": func(x, y string) []string {
			return []string{plugtest.Program(t, "dpipe"), ours, x, "=", plugtest.Program(t, "vde_plug"), y}
		},
	} {
		t.Run(name, func(t *testing.T) {
			plugtest.NoLeaks(t)
			dir := plugtest.Dir(t)
			x, y := filepath.Join(dir, "x"), filepath.Join(dir, "y")
			a, b := plugtest.Open(t, "switch://"+x), plugtest.Open(t, "switch://"+y)
			argv := cable(x, y)
			stop := plugtest.Start(t, argv[0], argv[1:]...)
			plugtest.Converge(t, a, b, plugtest.Frame(plugtest.Broadcast, plugtest.MAC(1), strings.Repeat("x", 5000)))
			plugtest.Converge(t, b, a, plugtest.Frame(plugtest.Broadcast, plugtest.MAC(2), strings.Repeat("y", 5000)))
			stop()
		})
	}
}

func TestDaemon(t *testing.T) {
	ours := self(t)
	dir := plugtest.Dir(t)
	node, pid := filepath.Join(dir, "sw"), filepath.Join(dir, "pid")
	out, err := exec.Command(ours, "-d", "-p", pid, "null://", "switch://"+node).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	text, err := os.ReadFile(pid)
	if err != nil {
		t.Fatal(err)
	}
	var number int
	if _, err := fmt.Sscan(string(text), &number); err != nil {
		t.Fatal(err)
	}
	plugtest.Open(t, node)
	if err := syscall.Kill(number, syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	plugtest.Wait(t, "the daemon to clean up", func() bool {
		_, err1 := os.Stat(node)
		_, err2 := os.Stat(pid)
		return os.IsNotExist(err1) && os.IsNotExist(err2)
	})

	out, err = exec.Command(ours, "-d", filepath.Join(dir, "none"), "null://").CombinedOutput()
	if want := "vde_plug: vde: " + dir + "/none: no switch there: no such file or directory\n"; err == nil || string(out) != want {
		t.Errorf("%v: %s; want %s", err, out, want)
	}
}

func FuzzSource(f *testing.F) {
	f.Add([]byte{})
	f.Add(append(plugtest.Frame(plugtest.Broadcast, plugtest.MAC(1), "")[:12], "\x81\x00\x00\x05\x08\x00\x45012345678901\x0a\x00\x00\x01    "...))
	f.Fuzz(func(t *testing.T, frame []byte) {
		if p, ok := source(frame); ok && (!p.addr.IsValid() || p.vlan > 0xfff) {
			t.Fatalf("%v", p)
		}
	})
}

func TestAddresses(t *testing.T) {
	var got []string
	a := addresses{log: func(family, addr string, vlan uint16) {
		got = append(got, fmt.Sprint(family, " ", addr, " ", vlan))
	}}
	v4 := "\x08\x00\x45\x00\x00\x14\x00\x00\x00\x00\x40\x01\x00\x00\x0a\x00\x00\x01\x0a\x00\x00\x02"
	v6 := "\x86\xdd\x60\x00\x00\x00\x00\x00\x3b\x40\xfd\x09" + strings.Repeat("\x00", 13) + "\x01" + strings.Repeat("\x00", 16)
	for _, rest := range []string{v4, v4, "\x81\x00\x00\x05" + v4, v6, v6, "\x08\x06", v4[:10]} {
		a.watch(append(plugtest.Frame(plugtest.Broadcast, plugtest.MAC(1), "")[:12], rest...))
	}
	if want := []string{"IP4 10.0.0.1 0", "IP4 10.0.0.1 5", "IP6 fd09::1 0"}; !reflect.DeepEqual(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
