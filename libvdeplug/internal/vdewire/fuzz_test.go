// SPDX-License-Identifier: Apache-2.0

package vdewire

import (
	"encoding/hex"
	"strings"
	"testing"
)

// TestRequest compares with the layout of struct request_v3 on a little-endian
// machine.
func TestRequest(t *testing.T) {
	b, err := Request{Path: "/tmp/sw/.00042-00000", Port: 3, Description: "x"}.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	const head = "cefaedfe" + "03000000" + "00030000" + "0100" + "2f746d702f73772f2e30303034322d3030303030" + "00"
	if got := hex.EncodeToString(b); !strings.HasPrefix(got, head) || len(b) != 12+110+1 || b[122] != 'x' {
		t.Errorf("%d bytes: %s", len(b), got)
	}
	long := Request{Path: "/" + strings.Repeat("x", 107), Port: 1}
	if _, err := long.Marshal(); err == nil {
		t.Error("a path of 108 bytes was taken")
	}
	for _, port := range []int{-2, MaxPort + 1} {
		if _, err := (Request{Path: "/x", Port: port}).Marshal(); err == nil {
			t.Errorf("port %d was taken", port)
		}
	}
}

// FuzzRequest checks that whatever is understood of a request is a request
// that means the same when it is sent on.
func FuzzRequest(f *testing.F) {
	for _, r := range []Request{{Path: "/a"}, {Path: "/b", Port: Management}, {Path: "/c", Port: MaxPort, Description: "d"}} {
		b, err := r.Marshal()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := ParseRequest(b)
		if err != nil {
			return
		}
		again, err := r.Marshal()
		if err != nil {
			t.Fatalf("%+v: %v", r, err)
		}
		r.Description = r.Description[:min(len(r.Description), maxDescription)]
		if r2, err := ParseRequest(again); r2 != r || err != nil {
			t.Fatalf("%+v, again %+v, %v", r, r2, err)
		}
	})
}

// FuzzReply does the same for the answer of a switch.
func FuzzReply(f *testing.F) {
	b, err := MarshalReply("/tmp/sw/001.5")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add(b[:50])
	f.Fuzz(func(t *testing.T, b []byte) {
		path, err := ParseReply(b)
		if err != nil {
			return
		}
		again, err := MarshalReply(path)
		if err != nil {
			t.Fatalf("%q: %v", path, err)
		}
		if path2, err := ParseReply(again); path2 != path || err != nil {
			t.Fatalf("%q, again %q, %v", path, path2, err)
		}
	})
}
