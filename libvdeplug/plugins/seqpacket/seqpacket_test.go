// SPDX-License-Identifier: Apache-2.0

package seqpacket_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"vuos.dev/libvdeplug/internal/plugtest"
	"vuos.dev/libvdeplug/plug"
	"vuos.dev/libvdeplug/plugins"
)

func TestPair(t *testing.T) {
	for name, typ := range map[string]int{"seqpacket": unix.SOCK_SEQPACKET, "dgram": unix.SOCK_DGRAM} {
		t.Run(name, func(t *testing.T) {
			plugtest.NoLeaks(t)
			fds, err := unix.Socketpair(unix.AF_UNIX, typ|unix.SOCK_CLOEXEC, 0)
			if err != nil {
				t.Fatal(err)
			}
			a := plugtest.Open(t, fmt.Sprintf("seqpacket://%d", fds[0]))
			b := plugtest.Open(t, fmt.Sprintf("seqpacket://%#x", fds[1]))
			one := plugtest.Frame(plugtest.Broadcast, plugtest.MAC(1), "one")
			two := plugtest.Frame(plugtest.Broadcast, plugtest.MAC(1), "two")
			if n, err := a.Send([][]byte{one, two}); n != 2 || err != nil {
				t.Fatalf("Send = %d, %v", n, err)
			}
			plugtest.Expect(t, b, one)
			plugtest.Expect(t, b, two)
			if typ == unix.SOCK_SEQPACKET {
				plugtest.Send(t, a, one)
				a.Close()
				plugtest.Expect(t, b, one)
				bufs, sizes := plug.Buffers(b, 2)
				if _, err := b.Recv(bufs, sizes); !errors.Is(err, io.EOF) {
					t.Errorf("Recv at the end: %v", err)
				}
			}
		})
	}
}

func TestErrors(t *testing.T) {
	null, err := os.Open("/dev/null")
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	tcp, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(tcp)
	for addr, want := range map[string]string{
		"x":                     "seqpacket: x: not the number of a descriptor",
		"-1":                    "seqpacket: -1: not the number of a descriptor",
		"999999":                "seqpacket: 999999: no such socket: bad file descriptor",
		fmt.Sprint(null.Fd()):   fmt.Sprintf("seqpacket: %d: no such socket: socket operation on non-socket", null.Fd()),
		fmt.Sprintf("%#x", tcp): fmt.Sprintf("seqpacket: %#x: no such socket: neither SOCK_SEQPACKET nor SOCK_DGRAM", tcp),
	} {
		c, err := plugins.Default().Open(t.Context(), "seqpacket://"+addr, plug.Settings{})
		if err == nil {
			c.Close()
		}
		if err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", addr, err, want)
		}
	}
}
