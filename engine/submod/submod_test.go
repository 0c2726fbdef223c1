// SPDX-License-Identifier: Apache-2.0

package submod_test

import (
	"errors"
	"fmt"
	"testing"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
	"vuos.dev/engine/enginetest"
	"vuos.dev/engine/submod"
)

// disk is a submodule of the tests' module.
type disk struct{ name, maker string }

func (d disk) SubmoduleName() string { return d.name }

var errMade = errors.New("made")

func newModule() *engine.Module {
	return submod.New(engine.Module{Name: "vudisk"}, []disk{{"floppy", "A"}, {"hard", "B"}},
		func(_ engine.Call, _ engine.Host, d disk, ok bool, r *engine.MountRequest) (engine.FileSystem, error) {
			if !ok {
				return nil, submod.Unknown(r.Type)
			}
			return nil, fmt.Errorf("%s: %w", d.maker, errMade)
		})
}

func TestTypes(t *testing.T) {
	inst, err := newModule().Load(&enginetest.Host{})
	if err != nil {
		t.Fatal(err)
	}
	m := inst.(engine.Mounter)
	for fstype, want := range map[string]bool{"vudiskfloppy": true, "vudisk": true, "ext4": false, "vudis": false} {
		if got := m.MountsType(fstype); got != want {
			t.Errorf("MountsType(%q) = %v", fstype, got)
		}
	}
	for fstype, want := range map[string]string{
		"vudiskfloppy": "A: made", "vudiskhard": "B: made",
		"vudisk": "vudisk: no such submodule", "vudiskfloppyy": "vudiskfloppyy: no such submodule",
	} {
		if _, err := m.Mount(enginetest.NewCall(), &engine.MountRequest{Type: fstype}); fmt.Sprint(err) != want {
			t.Errorf("mount -t %s: %v, want %s", fstype, err, want)
		}
	}
	if err := inst.Unload(); err != nil {
		t.Error(err)
	}
}

func TestUnknown(t *testing.T) {
	if errno, _ := engine.Errno(submod.Unknown("vudisktape")); errno != unix.ENODEV {
		t.Errorf("errno %v", errno)
	}
}

// A module with one submodule: the type is vudiskfloppy.
func ExampleNew() {
	m := newModule()
	inst, _ := m.Load(&enginetest.Host{})
	fmt.Println(inst.(engine.Mounter).MountsType("vudiskfloppy"))
	// Output: true
}
