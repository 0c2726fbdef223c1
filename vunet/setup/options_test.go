// SPDX-License-Identifier: Apache-2.0

package setup

import "testing"

func TestParse(t *testing.T) {
	o, err := Parse("vxvde://239.1.2.3/vni=4,ip=10.0.0.1/24,gw=10.0.0.254,vlan://4{vde:///tmp/a,b},ip=2001:db8::1/64,mtu=1400,dhcp,dns=9.9.9.9")
	if err != nil {
		t.Fatal(err)
	}
	if len(o.Interfaces) != 2 || len(o.DNS) != 1 {
		t.Fatalf("%+v", o)
	}
	a, b := o.Interfaces[0], o.Interfaces[1]
	if a.VNL != "vxvde://239.1.2.3/vni=4" || len(a.Addrs) != 1 || len(a.Gateways) != 1 || a.DHCP {
		t.Errorf("first: %+v", a)
	}
	if b.VNL != "vlan://4{vde:///tmp/a,b}" || !b.DHCP || b.MTU != 1400 || !b.Addrs[0].Addr().Is6() {
		t.Errorf("second: %+v", b)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("vxvde://,ip=10.0.0.1/24")
	f.Fuzz(func(_ *testing.T, s string) {
		if o, err := Parse(s); err == nil {
			for _, n := range o.Interfaces {
				for _, p := range n.Addrs {
					_ = p.Masked()
				}
			}
		}
	})
}
