// SPDX-License-Identifier: Apache-2.0

package vunetnull

import (
	"errors"
	"testing"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
	"vuos.dev/engine/enginetest"
)

func TestNothingThere(t *testing.T) {
	c := enginetest.NewCall()
	f, err := Submodule.Mount(c, nil, &engine.MountRequest{Type: "vunetnull"})
	if err != nil {
		t.Fatal(err)
	}
	s := f.Root().(engine.Stack)
	for _, fam := range s.Families() {
		if _, err := s.Socket(c, fam, unix.SOCK_STREAM, 0); !errors.Is(err, unix.EAFNOSUPPORT) {
			t.Errorf("family %d: %v", fam, err)
		}
	}
	if s.Type() != engine.SIFSTACK {
		t.Errorf("type %o", s.Type())
	}
}
