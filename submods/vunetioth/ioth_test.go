// SPDX-License-Identifier: Apache-2.0

package vunetioth

import (
	"errors"
	"testing"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
	"vuos.dev/engine/enginetest"
)

func TestMount(t *testing.T) {
	c := enginetest.NewCall()
	r := &engine.MountRequest{Type: "vunetioth", Source: "vdestack", Data: "null://,ip=10.0.0.1/24,gw=10.0.0.254,mac=02:00:00:00:00:07"}
	f, err := mount(c, nil, r)
	if err != nil {
		t.Fatal(err)
	}
	s, err := f.Root().(engine.Stack).Socket(c, unix.AF_INET, unix.SOCK_DGRAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	b := f.(engine.FileSystemBusier)
	if !b.Busy() {
		t.Error("not busy with an open socket")
	}
	s.Release(c)
	if b.Busy() {
		t.Error("busy without sockets")
	}
	if err := f.Unmount(c); err != nil {
		t.Error(err)
	}
}

func TestMountErrors(t *testing.T) {
	for _, x := range []struct {
		source, data string
		errno        unix.Errno
	}{
		{"nosuch", "", unix.ENOENT},
		{"vdestack", "nosuch://", unix.EINVAL},
		{"vdestack", "null://,ip=10.0.0.1", unix.EINVAL},
		{"vdestack", "null://,mac=01:00:00:00:00:07", unix.EINVAL},
		{"vdestack", "null://,frob", unix.EINVAL},
		{"vdestack", "null://,ip=10.0.0.1/24,gw=10.1.0.254", unix.ENETUNREACH},
		{"kernel", "dhcp", unix.EINVAL},
	} {
		_, err := mount(enginetest.NewCall(), nil, &engine.MountRequest{Type: "vunetioth", Source: x.source, Data: x.data})
		var me *engine.MountError
		if !errors.As(err, &me) || !errors.Is(err, x.errno) {
			t.Errorf("%s %s: %v", x.source, x.data, err)
		}
	}
}
