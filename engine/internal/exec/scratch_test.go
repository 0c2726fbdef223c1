// SPDX-License-Identifier: Apache-2.0

package exec

import (
	"errors"
	"testing"

	"golang.org/x/sys/unix"
)

func TestParts(t *testing.T) {
	a, err := takePart(100)
	if err != nil {
		t.Fatal(err)
	}
	b, _ := takePart(1)
	c, _ := takePart(64)
	if a != (span{64, 192}) || b != (span{192, 256}) || c != (span{256, 320}) {
		t.Errorf("got %v %v %v", a, b, c)
	}
	freePart(b)
	if d, _ := takePart(65); d != (span{320, 448}) {
		t.Errorf("larger than the hole: %v", d)
	} else {
		freePart(d)
	}
	if d, _ := takePart(64); d != b {
		t.Errorf("the hole is not used: %v", d)
	}
	if _, err := takePart(areaSize); !errors.Is(err, unix.E2BIG) {
		t.Errorf("got %v", err)
	}
	freePart(a)
	freePart(b)
	freePart(c)
	if len(parts.used) != 0 {
		t.Errorf("left %v", parts.used)
	}
}

func TestLayout(t *testing.T) {
	l := layout{name: "n", head: []string{"/i", ""}, tail: []uint64{7}, replace: true}
	b, argv, name := l.bytes(0x1000)
	want := le.AppendUint64(le.AppendUint64(le.AppendUint64(le.AppendUint64(nil, 0x1020), 0x1023), 7), 0)
	want = append(want, "/i\x00\x00n\x00"...)
	if string(b) != string(want) || len(b) != l.size() || argv != 0x1000 || name != 0x1024 {
		t.Errorf("%x at %x, name at %x", b, argv, name)
	}
}
