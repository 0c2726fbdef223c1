// SPDX-License-Identifier: Apache-2.0

package vunetvdestack

import (
	"testing"

	"vuos.dev/engine"
	"vuos.dev/engine/enginetest"
	"vuos.dev/vunet/netstack"
)

func TestSeveralInterfaces(t *testing.T) {
	c := enginetest.NewCall()
	f, err := Submodule.Mount(c, nil, &engine.MountRequest{Type: "vunetvdestack", Source: "null://", Data: "null://"})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Unmount(c)
	var names []string
	for _, l := range f.Root().(*netstack.Stack).Config().Links() {
		names = append(names, l.Name)
		if l.Up() {
			t.Errorf("%s is up", l.Name)
		}
	}
	if len(names) != 3 || names[1] != "vde0" || names[2] != "vde1" {
		t.Errorf("interfaces %v", names)
	}
}
