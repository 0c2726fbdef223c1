// SPDX-License-Identifier: Apache-2.0

package main

import (
	"slices"
	"testing"

	"vuos.dev/tools/vuutils/vu"
)

func TestEnvironment(t *testing.T) {
	old := []string{"A=1", "TERM=vt100", "IFS=x", "HOME=/h", "PATH=/p", "USER=me"}
	ann := &vu.Account{Name: "ann", UID: 1, Home: "/home/ann"}
	root := &vu.Account{Name: "root", Home: "/root"}
	defs := []byte("# ENV_PATH no\nENV_SUPATH\tPATH=/sbin:/bin\n  ENV_PATH  PATH=/bin:/games\nENV_PATHS x\n")
	for _, c := range []struct {
		name    string
		req     request
		account *vu.Account
		defs    []byte
		want    []string
	}{
		{"plain", request{}, ann, defs,
			[]string{"A=1", "TERM=vt100", "USER=ann", "LOGNAME=ann", "HOME=/home/ann", "SHELL=/s", "PATH=/bin:/games"}},
		{"login", request{login: true}, root, defs,
			[]string{"TERM=vt100", "USER=root", "LOGNAME=root", "HOME=/root", "SHELL=/s", "PATH=/sbin:/bin"}},
		{"defaults", request{login: true}, ann, nil,
			[]string{"TERM=vt100", "USER=ann", "LOGNAME=ann", "HOME=/home/ann", "SHELL=/s", "PATH=/bin:/usr/bin"}},
		{"preserve", request{preserve: true}, ann, defs,
			[]string{"A=1", "TERM=vt100", "HOME=/h", "PATH=/p", "USER=me"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := environment(&c.req, c.account, "/s", old, c.defs); !slices.Equal(got, c.want) {
				t.Errorf("%q\nwant %q", got, c.want)
			}
		})
	}
}

func FuzzLoginDef(f *testing.F) {
	f.Add([]byte("ENV_PATH PATH=/bin\n"), "ENV_PATH")
	f.Add([]byte("\n#\nA"), "A")
	f.Fuzz(func(t *testing.T, defs []byte, name string) {
		if value := loginDef(defs, name); len(value) > len(defs) {
			t.Errorf("%q in %q", value, defs)
		}
	})
}
