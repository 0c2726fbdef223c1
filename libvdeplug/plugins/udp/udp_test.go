// SPDX-License-Identifier: Apache-2.0

package udp_test

import (
	"errors"
	"fmt"
	"net"
	"os"
	"testing"
	"time"

	"vuos.dev/libvdeplug/internal/plugtest"
	"vuos.dev/libvdeplug/plug"
	"vuos.dev/libvdeplug/plugins"
)

// ports finds two free UDP ports of the loopback interface.
func ports(t *testing.T) (a, b int) {
	t.Helper()
	var p [2]int
	for i := range p {
		c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		p[i] = c.LocalAddr().(*net.UDPAddr).Port
	}
	return p[0], p[1]
}

func TestLine(t *testing.T) {
	for _, host := range []string{"127.0.0.1", "::1", "localhost"} {
		t.Run(host, func(t *testing.T) {
			plugtest.NoLeaks(t)
			pa, pb := ports(t)
			a := plugtest.Open(t, fmt.Sprintf("udp://%d->%s:%d", pa, host, pb))
			frame := plugtest.Frame(plugtest.Broadcast, plugtest.MAC(1), "hello")
			// Nobody is there yet; the answers of ICMP must do no harm.
			for range 5 {
				if _, err := a.Send([][]byte{frame, frame}); err != nil && !errors.Is(err, plug.ErrNoCarrier) {
					t.Fatal(err)
				}
			}
			b := plugtest.Open(t, fmt.Sprintf("udp://%s:%d->%s:%d", host, pb, host, pa))
			frame = plugtest.Frame(plugtest.Broadcast, plugtest.MAC(2), "now")
			plugtest.Converge(t, a, b, frame)
			plugtest.Converge(t, b, a, frame)
		})
	}
}

func TestWithDebianPlug(t *testing.T) {
	plugtest.NoLeaks(t)
	pa, pb := ports(t)
	a := plugtest.Open(t, fmt.Sprintf("udp://%d->127.0.0.1:%d", pa, pb))
	b := plugtest.Open(t, fmt.Sprintf("cmd://%s 'udp://%d->127.0.0.1:%d'", plugtest.Program(t, "vde_plug"), pb, pa))
	plugtest.Converge(t, a, b, plugtest.Frame(plugtest.Broadcast, plugtest.MAC(1), "there"))
	plugtest.Converge(t, b, a, plugtest.Frame(plugtest.Broadcast, plugtest.MAC(2), "back"))
}

func TestMalformed(t *testing.T) {
	plugtest.NoLeaks(t)
	pa, pb := ports(t)
	a := plugtest.Open(t, fmt.Sprintf("udp://127.0.0.1:%d->127.0.0.1:%d", pa, pb))
	peer, err := net.DialUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: pb}, &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: pa})
	if err != nil {
		t.Fatal(err)
	}
	defer peer.Close()
	good := plugtest.Frame(plugtest.Broadcast, plugtest.MAC(1), "good")
	for _, packet := range [][]byte{{}, make([]byte, 13), good, make([]byte, plug.MaxFrame+1), good} {
		if _, err := peer.Write(packet); err != nil {
			t.Fatal(err)
		}
	}
	plugtest.Expect(t, a, good)
	plugtest.Expect(t, a, good)
	if s := a.(plug.StatsReader).Stats(); s.Malformed != 3 {
		t.Errorf("Malformed = %d, want 3", s.Malformed)
	}
}

func TestErrors(t *testing.T) {
	for vnl, want := range map[string]string{
		"udp://2000":             "udp: 2000: must be [source:]port->destination:port",
		"udp://2000->":           "udp: destination must be address:port",
		"udp://2000->127.0.0.1":  "udp: 127.0.0.1: destination: address 127.0.0.1: missing port in address",
		"udp://x->127.0.0.1:1":   "udp: :x: source: lookup udp4/x: unknown port",
		"udp://1->127.0.0.1:0":   "udp: 127.0.0.1:0: destination must be address:port",
		"udp://1->127.0.0.1:1:1": "udp: 127.0.0.1:1:1: destination: lookup 127.0.0.1:1: no such host",
	} {
		c, err := plugins.Default().Open(t.Context(), vnl, plug.Settings{})
		if err == nil {
			c.Close()
			t.Errorf("%s opened", vnl)
		} else if err.Error() != want {
			t.Errorf("%s:\n got %v\nwant %s", vnl, err, want)
		}
	}
}

func TestDeadline(t *testing.T) {
	plugtest.NoLeaks(t)
	pa, pb := ports(t)
	a := plugtest.Open(t, fmt.Sprintf("udp://127.0.0.1:%d->127.0.0.1:%d", pa, pb))
	bufs, sizes := plug.Buffers(a, 1)
	if err := a.SetReadDeadline(time.Unix(1, 0)); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Recv(bufs, sizes); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("Recv = %v", err)
	}
	if err := a.SetReadDeadline(time.Time{}); err != nil {
		t.Fatal(err)
	}
	got := make(chan error)
	go func() {
		_, err := a.Recv(bufs, sizes)
		got <- err
	}()
	a.Close()
	if err := <-got; !errors.Is(err, net.ErrClosed) {
		t.Errorf("Recv of a closed Conn = %v", err)
	}
	if _, err := a.Send([][]byte{make([]byte, 14)}); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Send to a closed Conn = %v", err)
	}
	if err := a.Close(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("second Close = %v", err)
	}
}
