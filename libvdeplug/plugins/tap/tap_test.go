// SPDX-License-Identifier: Apache-2.0

package tap_test

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"vuos.dev/libvdeplug/internal/plugtest"
	"vuos.dev/libvdeplug/plug"
	"vuos.dev/libvdeplug/plugins"
)

// device skips the test if there is no /dev/net/tun.
func device(t *testing.T) {
	t.Helper()
	f, err := os.OpenFile("/dev/net/tun", os.O_RDWR, 0)
	if err != nil {
		t.Skip(err)
	}
	f.Close()
}

func openTap(h *plugtest.Host, t *testing.T, name string) (c plug.Conn) {
	t.Helper()
	h.Do(func() { c = plugtest.Open(t, "tap://"+name) })
	return c
}

// TestPing has the kernels of two namespaces talk through a cable of ours.
func TestPing(t *testing.T) {
	plugtest.NoLeaks(t)
	device(t)
	a, b := plugtest.NewHost(t), plugtest.NewHost(t)
	ta, tb := openTap(a, t, "vt0"), openTap(b, t, "vt0")
	a.IP("addr add 10.9.0.1/24 dev vt0")
	a.IP("link set vt0 up mtu 9000")
	b.IP("addr add 10.9.0.2/24 dev vt0")
	b.IP("link set vt0 up mtu 9000")
	var wg sync.WaitGroup
	wg.Go(func() { _ = plug.Copy(ta, tb, nil) })
	wg.Go(func() { _ = plug.Copy(tb, ta, nil) })
	a.Do(func() {
		out, err := exec.Command("ping", "-c", "3", "-i", "0.05", "-W", "5", "-M", "do", "-s", "8900", "10.9.0.2").CombinedOutput()
		if err != nil || !strings.Contains(string(out), " 0% packet loss") {
			t.Errorf("ping: %v\n%s", err, out)
		}
	})
	ta.Close()
	tb.Close()
	wg.Wait()
}

func TestErrors(t *testing.T) {
	plugtest.NoLeaks(t)
	device(t)
	h := plugtest.NewHost(t)
	c := openTap(h, t, "vt0")
	frame := plugtest.Frame(plugtest.Broadcast, plugtest.MAC(1), "x")
	if n, err := c.Send([][]byte{frame}); n != 0 || !errors.Is(err, plug.ErrNoCarrier) {
		t.Errorf("Send while the interface is down = %d, %v", n, err)
	}
	h.IP("link add veth0 type veth peer name veth1")
	h.Do(func() {
		for name, want := range map[string]string{
			"vt0":                     "tap: vt0: in use by another process: device or resource busy",
			"veth0":                   "tap: veth0: not a tap interface: invalid argument",
			"a_name_that_is_too_long": "tap: a_name_that_is_too_long: not the name of an interface, which has at most 15 bytes",
		} {
			c, err := plugins.Default().Open(t.Context(), "tap://"+name, plug.Settings{})
			if err == nil {
				c.Close()
			}
			if err == nil || err.Error() != want {
				t.Errorf("%s: got %v, want %s", name, err, want)
			}
		}
	})
	h.IP("link del vt0")
	bufs, sizes := plug.Buffers(c, 1)
	if _, err := c.Recv(bufs, sizes); !errors.Is(err, io.EOF) {
		t.Errorf("Recv of a deleted interface: %v", err)
	}
	if n, err := c.Send([][]byte{frame}); n != 0 || !errors.Is(err, io.EOF) {
		t.Errorf("Send to a deleted interface = %d, %v", n, err)
	}
}
