// SPDX-License-Identifier: Apache-2.0

package vunetreal

import (
	"errors"
	"testing"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
	"vuos.dev/engine/enginetest"
)

func TestKernelSocket(t *testing.T) {
	c := enginetest.NewCall()
	f, err := Submodule.Mount(c, nil, &engine.MountRequest{Type: "vunetreal"})
	if err != nil {
		t.Fatal(err)
	}
	st := f.Root().(engine.Stack)
	s, err := st.Socket(c, unix.AF_INET, unix.SOCK_DGRAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	fd := s.(engine.HostSocket).HostFD()
	s.Release(c)
	defer unix.Close(fd)
	if dom, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_DOMAIN); err != nil || dom != unix.AF_INET {
		t.Errorf("domain %d, %v", dom, err)
	}
	if _, err := st.Socket(&enginetest.Call{}, unix.AF_INET, unix.SOCK_RAW, unix.IPPROTO_ICMP); !errors.Is(err, unix.EPERM) {
		t.Errorf("raw socket without capability: %v", err)
	}
}
