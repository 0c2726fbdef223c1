// SPDX-License-Identifier: Apache-2.0

package plug_test

import (
	"maps"
	"testing"

	"vuos.dev/libvdeplug/plug"
)

// FuzzLocator checks that what was understood of a locator, written again, is
// understood as the same.
func FuzzLocator(f *testing.F) {
	for _, vnl := range []string{
		"", "/tmp/sw[3]", "vde:///tmp/sw[port=3/mode=0600/group=net]", "vxvde://239.1.2.3/vni=4/v6",
		"vlan://4[x=y]{vlan://5{vde:///tmp/sw}}", `udp://'a b'->"c":%31`, `a\[b[p=\]/'q`,
	} {
		f.Add(vnl)
	}
	keys := []string{plug.Positional, "port", "portgroup", "vni", "v6", "mode", "group"}
	f.Fuzz(func(t *testing.T, vnl string) {
		loc, err := plug.ParseLocator(vnl)
		if err != nil {
			return
		}
		if again, err := plug.ParseLocator(loc.String()); again != loc || err != nil {
			t.Fatalf("%q: %+v, again %+v, %v", vnl, loc, again, err)
		}
		for _, form := range []struct {
			parse  func(string, ...string) (string, plug.Parms, error)
			format func(string, plug.Parms) string
		}{
			{plug.ParseParms, plug.FormatParms},
			{plug.ParsePathParms, plug.FormatPathParms},
		} {
			addr, parms, err := form.parse(loc.Rest, keys...)
			if err != nil {
				continue
			}
			text := form.format(addr, parms)
			addr2, parms2, err := form.parse(text, keys...)
			if err != nil || addr2 != addr || !maps.Equal(parms, parms2) {
				t.Fatalf("%q: %q %q; as %q: %q %q, %v", loc.Rest, addr, parms, text, addr2, parms2, err)
			}
		}
		outer, inner, nested := plug.SplitNested(loc.Rest)
		if len(outer)+len(inner) > len(loc.Rest) || nested && len(outer)+len(inner)+1 > len(loc.Rest) {
			t.Fatalf("%q: nested %q %q", loc.Rest, outer, inner)
		}
	})
}
