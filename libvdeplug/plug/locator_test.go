// SPDX-License-Identifier: Apache-2.0

package plug_test

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vuos.dev/libvdeplug/plug"
)

func TestParseLocator(t *testing.T) {
	for vnl, want := range map[string]plug.Locator{
		"":                           {Plugin: "vde"},
		"/tmp/sw":                    {Plugin: "vde", Rest: "/tmp/sw"},
		"/tmp/sw[3]":                 {Plugin: "vde", Rest: "/tmp/sw[3]"},
		"vxvde://":                   {Plugin: "vxvde"},
		"vxvde://239.1.2.3/vni=4":    {Plugin: "vxvde", Rest: "239.1.2.3/vni=4"},
		"vlan://4{vde:///tmp/sw}":    {Plugin: "vlan", Rest: "4{vde:///tmp/sw}"},
		"/tmp/a://b":                 {Plugin: "vde", Rest: "/tmp/a://b"},
		"cmd://ssh host vde_plug x:": {Plugin: "cmd", Rest: "ssh host vde_plug x:"},
	} {
		if got, err := plug.ParseLocator(vnl); got != want || err != nil {
			t.Errorf("%q: %+v, %v; want %+v", vnl, got, err, want)
		}
	}
	for _, vnl := range []string{"://x", "vde:///a\x00b"} {
		if got, err := plug.ParseLocator(vnl); err == nil {
			t.Errorf("%q: %+v, want an error", vnl, got)
		}
	}
}

// The expectations of this test were checked against vde_parseparms and
// vde_parsepathparms of libvdeplug_mod 4.0.1.
func TestParseParms(t *testing.T) {
	keys := []string{"port", "vni", "v6", "v4", "grp"}
	for rest, want := range map[string]struct {
		addr  string
		parms plug.Parms
	}{
		"":                            {"", plug.Parms{}},
		"239.0.0.1":                   {"239.0.0.1", plug.Parms{}},
		"239.0.0.1/port=3/vni=4":      {"239.0.0.1", plug.Parms{"port": "3", "vni": "4"}},
		"/v6/v4=":                     {"", plug.Parms{"v6": "", "v4": ""}},
		"a/p=1/v=2":                   {"a", plug.Parms{"port": "1", "vni": "2"}},
		"a/port=1/port=2":             {"a", plug.Parms{"port": "2"}},
		"a///port=1/":                 {"a", plug.Parms{"port": "1"}},
		`'a/b'/port="1/2"`:            {"a/b", plug.Parms{"port": "1/2"}},
		`a\/b/port=1\'2`:              {"a/b", plug.Parms{"port": "1'2"}},
		`"a\b"/grp='x\y'`:             {`a\b`, plug.Parms{"grp": `x\y`}},
		"a%2fb/grp=%41%zz%4":          {"a/b", plug.Parms{"grp": "A%zz%4"}},
		"%%41/grp=%g41":               {"%A", plug.Parms{"grp": "%g41"}},
		"a/grp=x=y":                   {"a", plug.Parms{"grp": "x=y"}},
		"a/=1":                        {"a", plug.Parms{}},
		"'unfinished/port=3":          {"unfinished/port=3", plug.Parms{}},
		`a/grp='it'"s"`:               {"a", plug.Parms{"grp": "its"}},
		"ff05:56de::1/port=1":         {"ff05:56de::1", plug.Parms{"port": "1"}},
		`a/grp=\`:                     {"a", plug.Parms{"grp": ""}},
		"a/grp=%00":                   {"a", plug.Parms{"grp": "%00"}}, // C would cut it there
		"a/grp='%41'":                 {"a", plug.Parms{"grp": "%41"}},
		"dir[port=1]/vni=2[unrelated": {"dir[port=1]", plug.Parms{"vni": "2[unrelated"}},
	} {
		addr, parms, err := plug.ParseParms(rest, keys...)
		if addr != want.addr || !maps.Equal(parms, want.parms) || err != nil {
			t.Errorf("%q: %q %q, %v; want %q %q", rest, addr, parms, err, want.addr, want.parms)
		}
	}
	if _, _, err := plug.ParseParms("a/foo=1", keys...); err == nil || err.Error() != `unknown option "foo"` {
		t.Error(err)
	}
}

func TestParsePathParms(t *testing.T) {
	keys := []string{plug.Positional, "port", "portgroup", "mode"}
	for rest, want := range map[string]struct {
		path  string
		parms plug.Parms
	}{
		"/a/b":                    {"/a/b", plug.Parms{}},
		"/a/b[3]":                 {"/a/b", plug.Parms{"": "3"}},
		"/a/b[]":                  {"/a/b", plug.Parms{}},
		"/a/b[lan]":               {"/a/b", plug.Parms{"": "lan"}},
		"/a/b[port=3/mode=0600]":  {"/a/b", plug.Parms{"port": "3", "mode": "0600"}},
		"/a/b[p=3/portg=x]":       {"/a/b", plug.Parms{"port": "3", "portgroup": "x"}},
		"/a/b[portgroup=x]y]z":    {"/a/b", plug.Parms{"portgroup": "x]y"}},
		`/a\[b/c['x]y'/mode=1]`:   {"/a[b/c", plug.Parms{"": "x]y", "mode": "1"}},
		"/a/b[mode=1":             {"/a/b", plug.Parms{"mode": "1"}},
		"/with%20blank[mode=7%31": {"/with blank", plug.Parms{"mode": "71"}},
	} {
		path, parms, err := plug.ParsePathParms(rest, keys...)
		if path != want.path || !maps.Equal(parms, want.parms) || err != nil {
			t.Errorf("%q: %q %q, %v; want %q %q", rest, path, parms, err, want.path, want.parms)
		}
	}
	if _, _, err := plug.ParsePathParms("/a[3]", "mode"); err == nil {
		t.Error("3 was taken without a positional option")
	}
}

func TestSplitNested(t *testing.T) {
	for rest, want := range map[string][2]string{
		"4{vde:///sw}":                  {"4", "vde:///sw"},
		"4[a=1]{vlan://5{vde:///sw}}":   {"4[a=1]", "vlan://5{vde:///sw}"},
		"'{'{vde:///s'}'w}":             {"'{'", "vde:///s'}'w"},
		`\{{vde:///sw`:                  {`\{`, "vde:///sw"},
		"{cmd://sh -c \"x}\"}discarded": {"", `cmd://sh -c "x}"`},
	} {
		outer, inner, nested := plug.SplitNested(rest)
		if !nested || outer != want[0] || inner != want[1] {
			t.Errorf("%q: %q %q %v; want %q", rest, outer, inner, nested, want)
		}
	}
	if outer, _, nested := plug.SplitNested("4"); nested || outer != "4" {
		t.Error("nested without braces")
	}
}

func TestResolve(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	write := func(name, content string) string {
		path := filepath.Join(home, name)
		if err := os.MkdirAll(filepath.Dir(path), 0700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	check := func(vnl, want string) {
		t.Helper()
		if got, err := plug.Resolve(vnl); err != nil || got.String() != want {
			t.Errorf("%q: %v, %v; want %s", vnl, got, err, want)
		}
	}
	check("", "vde://")
	check(home, "vde://"+home)
	lan := write("lan.vnl", "vxvde://239.1.2.3\nsecond line\n")
	check(lan, "vxvde://239.1.2.3")
	check(write("plain", "/tmp/sw"), "vde:///tmp/sw")
	check(write("again.vnl", lan), "vxvde://239.1.2.3")
	check("vde://"+lan, "vde://"+lan)
	if err := os.MkdirAll(filepath.Join(home, ".vde2/default.switch"), 0700); err != nil {
		t.Fatal(err)
	}
	check("", "vde://"+home+"/.vde2/default.switch")
	write(".vdeplug/default", "null://\r\n")
	check("", "null://")

	loop := filepath.Join(home, "loop.vnl")
	write("loop.vnl", loop)
	for vnl, want := range map[string]string{
		loop:                         "name each other",
		write("empty.vnl", ""):       "no virtual network locator in its first line",
		filepath.Join(home, "x.vnl"): "x.vnl: file does not exist",
	} {
		if got, err := plug.Resolve(vnl); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, %v; want %s", vnl, got, err, want)
		}
	}
}
