// SPDX-License-Identifier: Apache-2.0

package vxvde_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vuos.dev/libvdeplug/internal/plugtest"
	"vuos.dev/libvdeplug/plug"
	"vuos.dev/libvdeplug/plugins"
)

var families = map[string]string{"v4": "239.1.2.3/if=eth0/vni=7", "v6": "ff05:56de::1/v6/if=eth0/vni=7/port=14790"}

// exchange checks that two members on different hosts find each other, and
// then talk directly: what is for one does not reach a third.
func exchange(t *testing.T, open func(t *testing.T, h *plugtest.Host, vnl string) plug.Conn) {
	for family, vnl := range families {
		t.Run(family, func(t *testing.T) {
			plugtest.NoLeaks(t)
			h1, h2 := plugtest.NewHost(t), plugtest.NewHost(t)
			plugtest.Wire(h1, h2)
			var a, third plug.Conn
			h1.Do(func() {
				a = plugtest.Open(t, "vxvde://"+vnl)
				third = plugtest.Open(t, "vxvde://"+vnl)
			})
			b := open(t, h2, "vxvde://"+vnl)
			h1.Do(func() {
				plugtest.Converge(t, b, a, plugtest.Frame(plugtest.Broadcast, plugtest.MAC(2), "hello"))
				plugtest.Converge(t, a, b, plugtest.Frame(plugtest.Broadcast, plugtest.MAC(1), "hello too"))
				plugtest.Drain(t, third)
				plugtest.Send(t, a, plugtest.Frame(plugtest.MAC(2), plugtest.MAC(1), "only for b"))
				plugtest.Expect(t, b, plugtest.Frame(plugtest.MAC(2), plugtest.MAC(1), "only for b"))
				plugtest.Send(t, b, plugtest.Frame(plugtest.MAC(1), plugtest.MAC(2), "only for a"))
				plugtest.Expect(t, a, plugtest.Frame(plugtest.MAC(1), plugtest.MAC(2), "only for a"))
				mark := plugtest.Frame(plugtest.Broadcast, plugtest.MAC(2), strings.Repeat("mark", 2000))
				plugtest.Send(t, b, mark)
				plugtest.Expect(t, third, mark)
				plugtest.Expect(t, a, mark)
			})
		})
	}
}

func TestTwoHosts(t *testing.T) {
	exchange(t, func(t *testing.T, h *plugtest.Host, vnl string) (c plug.Conn) {
		h.Do(func() { c = plugtest.Open(t, vnl) })
		return c
	})
}

func TestWithDebianPlug(t *testing.T) {
	exchange(t, func(t *testing.T, h *plugtest.Host, vnl string) (c plug.Conn) {
		h.Do(func() { c = plugtest.Open(t, "cmd://"+plugtest.Program(t, "vde_plug")+" "+vnl) })
		return c
	})
}

// TestPeerProcess runs the other member as a process of its own.
func TestPeerProcess(t *testing.T) {
	if vnl := os.Getenv("VXVDE_ECHO"); vnl != "" {
		echo(t, vnl)
		return
	}
	plugtest.NoLeaks(t)
	h1, h2 := plugtest.NewHost(t), plugtest.NewHost(t)
	plugtest.Wire(h1, h2)
	self, err := filepath.Abs(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	var cmd *exec.Cmd
	h2.Do(func() {
		cmd = exec.Command(self, "-test.run=^TestPeerProcess$")
		cmd.Env = append(os.Environ(), "VXVDE_ECHO=vxvde://"+families["v4"])
		cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
	})
	h1.Do(func() {
		a := plugtest.Open(t, "vxvde://"+families["v4"])
		// The echo has destination and source exchanged.
		plugtest.Converge(t, a, &mirrored{a}, plugtest.Frame(plugtest.Broadcast, plugtest.MAC(1), "ping"))
		a.Send([][]byte{plugtest.Frame(plugtest.Broadcast, plugtest.MAC(1), "quit")})
	})
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
}

// mirrored shows what the echo sent as it was before.
type mirrored struct{ plug.Conn }

func (m *mirrored) Recv(bufs [][]byte, sizes []int) (int, error) {
	n, err := m.Conn.Recv(bufs, sizes)
	for i := range n {
		copy(bufs[i], plugtest.Broadcast)
		copy(bufs[i][6:], plugtest.MAC(1))
	}
	return n, err
}

func echo(t *testing.T, vnl string) {
	c := plugtest.Open(t, vnl)
	for {
		f := plugtest.Next(t, c)
		if string(f[14:]) == "quit" {
			return
		}
		plugtest.Send(t, c, plugtest.Frame(f[6:12], plugtest.MAC(9), string(f[14:])))
	}
}

// TestForgets checks that a member that leaves is forgotten at once: what is
// for its address goes to the group again.
func TestForgets(t *testing.T) {
	plugtest.NoLeaks(t)
	h := plugtest.NewHost(t)
	plugtest.Wire(h, plugtest.NewHost(t))
	h.Do(func() {
		const vnl = "vxvde://239.1.2.3/if=eth0"
		a, b, c := plugtest.Open(t, vnl), plugtest.Open(t, vnl), plugtest.Open(t, vnl)
		plugtest.Converge(t, b, a, plugtest.Frame(plugtest.Broadcast, plugtest.MAC(2), "hello"))
		b.Close()
		plugtest.Drain(t, c)
		plugtest.Drain(t, a)
		plugtest.Send(t, a, plugtest.Frame(plugtest.MAC(2), plugtest.MAC(1), "where are you"))
		plugtest.Expect(t, c, plugtest.Frame(plugtest.MAC(2), plugtest.MAC(1), "where are you"))
	})
}

// TestOtherNetworks checks that networks with the same group and different
// identifiers do not mix.
func TestOtherNetworks(t *testing.T) {
	plugtest.NoLeaks(t)
	h := plugtest.NewHost(t)
	plugtest.Wire(h, plugtest.NewHost(t))
	h.Do(func() {
		a := plugtest.Open(t, "vxvde://239.1.2.3/if=eth0/vni=1")
		b := plugtest.Open(t, "vxvde://239.1.2.3/if=eth0/vni=1")
		c := plugtest.Open(t, "vxvde://239.1.2.3/if=eth0/vni=2")
		plugtest.Send(t, c, plugtest.Frame(plugtest.Broadcast, plugtest.MAC(3), "other"))
		mark := plugtest.Frame(plugtest.Broadcast, plugtest.MAC(1), "mark")
		plugtest.Send(t, a, mark)
		plugtest.Expect(t, b, mark)
		if s := b.(plug.StatsReader).Stats(); s.Malformed != 1 {
			t.Errorf("Malformed = %d, want 1", s.Malformed)
		}
		bufs, sizes := plug.Buffers(c, 1)
		c.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
		if n, err := c.Recv(bufs, sizes); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("vni 2 received %d, %v", n, err)
		}
	})
}

func TestErrors(t *testing.T) {
	for vnl, want := range map[string]string{
		"10.0.0.1":             "vxvde: 10.0.0.1: 10.0.0.1 is not a multicast address",
		"239.0.0.1/if=nosuch0": "vxvde: 239.0.0.1: interface nosuch0: no such network interface",
		"239.0.0.1/port=0":     "vxvde: 239.0.0.1: option port=0: must be a number from 1 to 65535",
		"239.0.0.1/vni=99999999": fmt.Sprintf("vxvde: 239.0.0.1: network identifier %d: has more than 24 bits",
			99999999),
		"239.0.0.1/v6":  "vxvde: 239.0.0.1: 239.0.0.1 has no address of the family asked for",
		"239.0.0.1/foo": `vxvde: 239.0.0.1: unknown option "foo"`,
	} {
		c, err := plugins.Default().Open(t.Context(), "vxvde://"+vnl, plug.Settings{})
		if err == nil {
			c.Close()
		}
		if err == nil || err.Error() != want {
			t.Errorf("%s:\n got %v\nwant %s", vnl, err, want)
		}
	}
}
