// SPDX-License-Identifier: Apache-2.0

package vxlan_test

import (
	"os/exec"
	"strings"
	"sync"
	"testing"

	"vuos.dev/libvdeplug/internal/plugtest"
	"vuos.dev/libvdeplug/plug"
)

func TestTwoHosts(t *testing.T) {
	for family, vnl := range map[string]string{"v4": "vxlan:///if=eth0", "v6": "vxlan:///v6/if=eth0/vni=0xa"} {
		t.Run(family, func(t *testing.T) {
			plugtest.NoLeaks(t)
			h1, h2 := plugtest.NewHost(t), plugtest.NewHost(t)
			plugtest.Wire(h1, h2)
			var a, b plug.Conn
			vnl := strings.Replace(vnl, "0xa", "10", 1)
			h1.Do(func() { a = plugtest.Open(t, vnl) })
			h2.Do(func() { b = plugtest.Open(t, vnl) })
			plugtest.Converge(t, a, b, plugtest.Frame(plugtest.Broadcast, plugtest.MAC(1), "there"))
			plugtest.Converge(t, b, a, plugtest.Frame(plugtest.MAC(1), plugtest.MAC(2), "back"))
		})
	}
}

// TestWithKernel has a vxlan interface of the kernel as the peer.
func TestWithKernel(t *testing.T) {
	plugtest.NoLeaks(t)
	h1, h2 := plugtest.NewHost(t), plugtest.NewHost(t)
	plugtest.Wire(h1, h2)
	var out []byte
	var err error
	h1.Do(func() {
		out, err = exec.Command("ip", "link", "add", "vx0", "type", "vxlan", "id", "42",
			"group", "239.0.0.1", "dev", "eth0", "dstport", "4789").CombinedOutput()
	})
	if err != nil {
		t.Skipf("the kernel has no vxlan interfaces: %s", out)
	}
	h1.IP("addr add 10.8.0.1/24 dev vx0")
	h1.IP("link set vx0 up")
	var c, tap plug.Conn
	h2.Do(func() {
		c = plugtest.Open(t, "vxlan://239.0.0.1/vni=42/if=eth0")
		tap = plugtest.Open(t, "tap://vt0")
	})
	h2.IP("addr add 10.8.0.2/24 dev vt0")
	h2.IP("link set vt0 up mtu 1400")
	var wg sync.WaitGroup
	wg.Go(func() { _ = plug.Copy(c, tap, nil) })
	wg.Go(func() { _ = plug.Copy(tap, c, nil) })
	h1.Do(func() {
		out, err := exec.Command("ping", "-c", "3", "-i", "0.05", "-W", "5", "10.8.0.2").CombinedOutput()
		if err != nil || !strings.Contains(string(out), " 0% packet loss") {
			t.Errorf("ping: %v\n%s", err, out)
		}
	})
	c.Close()
	tap.Close()
	wg.Wait()
}

func TestWithDebianPlug(t *testing.T) {
	plugtest.NoLeaks(t)
	h1, h2 := plugtest.NewHost(t), plugtest.NewHost(t)
	plugtest.Wire(h1, h2)
	var a, b plug.Conn
	h1.Do(func() { a = plugtest.Open(t, "vxlan://239.0.0.1/vni=3/if=eth0") })
	h2.Do(func() {
		b = plugtest.Open(t, "cmd://"+plugtest.Program(t, "vde_plug")+" vxlan://239.0.0.1/vni=3/if=eth0")
	})
	plugtest.Converge(t, a, b, plugtest.Frame(plugtest.Broadcast, plugtest.MAC(1), "there"))
	plugtest.Converge(t, b, a, plugtest.Frame(plugtest.Broadcast, plugtest.MAC(2), "back"))
}
