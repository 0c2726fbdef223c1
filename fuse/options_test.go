// SPDX-License-Identifier: Apache-2.0

package fuse

import (
	"testing"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
)

const plain = "fd=7,rootmode=40000,user_id=1000,group_id=100"

func TestOptions(t *testing.T) {
	o, err := parseOptions(&engine.MountRequest{
		Type: "fuse.x", Flags: unix.MS_RDONLY, Data: plain + ",allow_other,default_permissions,max_read=65536",
	})
	if err != nil {
		t.Fatal(err)
	}
	if o.fd != 7 || o.owner.UID != 1000 || o.owner.GID != 100 || o.owner.RootMode != unix.S_IFDIR ||
		!o.client.AllowOther || !o.client.DefaultPermissions || o.client.MaxRead != 65536 || !o.client.ReadOnly {
		t.Errorf("%+v", o)
	}
	if want := "user_id=1000,group_id=100,default_permissions,allow_other,max_read=65536"; o.show(true) != want {
		t.Errorf("shown as %q, want %q", o.show(true), want)
	}
}

func TestOptionsInvalid(t *testing.T) {
	for _, data := range []string{
		"", "fd=7", "fd=7,rootmode=40000,user_id=0", plain + ",fd=x", plain + ",rootmode=0", plain + ",rootmode=9",
		plain + ",user_id=-1", plain + ",allow_other=1", plain + ",nonsense", plain + ",nonsense=1", plain + ",max_read",
	} {
		_, err := parseOptions(&engine.MountRequest{Type: "fuse", Data: data})
		if errno, _ := engine.Errno(err); errno != unix.EINVAL {
			t.Errorf("%q: %v, want EINVAL", data, err)
		}
	}
}

// FuzzOptions: whatever a guest gives as options is refused or has a usable meaning.
func FuzzOptions(f *testing.F) {
	f.Add(plain)
	f.Add(plain + ",allow_other,max_read=4294967295")
	f.Fuzz(func(t *testing.T, data string) {
		o, err := parseOptions(&engine.MountRequest{Type: "fuse", Data: data})
		if err != nil {
			if errno, known := engine.Errno(err); errno != unix.EINVAL || !known {
				t.Errorf("%v", err)
			}
			return
		}
		if !validType(o.owner.RootMode) || o.client.MaxRead < 0 {
			t.Errorf("%+v", o)
		}
	})
}

// TestNumbers reads numbers as the kernel does.
func TestNumbers(t *testing.T) {
	for text, want := range map[string]uint32{"10": 10, "010": 8, "0x1F": 31, "0": 0, "4294967295": 1<<32 - 1} {
		if n, err := parseNumber(text, 0); n != want || err != nil {
			t.Errorf("%q: %d, %v, want %d", text, n, err, want)
		}
	}
	for _, text := range []string{"", "x", "-1", "09", "0x", "0b1", "1_0", "4294967296"} {
		if n, err := parseNumber(text, 0); err == nil {
			t.Errorf("%q: %d, want an error", text, n)
		}
	}
}

// TestBlockSize has an option that only a mount of a block device has.
func TestBlockSize(t *testing.T) {
	for typ, good := range map[string]bool{"fuse": false, "fuse.x": false, "fuseblk": true, "fuseblk.x": true} {
		_, err := parseOptions(&engine.MountRequest{Type: typ, Data: "fd=3,rootmode=40000,user_id=0,group_id=0,blksize=512"})
		if (err == nil) != good {
			t.Errorf("blksize of %s: %v", typ, err)
		}
	}
}
