// SPDX-License-Identifier: Apache-2.0

package rtnl

import (
	"testing"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
	"vuos.dev/vunet/nl"
)

// FuzzRequest sends any bytes as requests: whatever they are, what comes back is
// well formed, and the configuration can still be dumped.
func FuzzRequest(f *testing.F) {
	for _, s := range steps {
		f.Add(s.req)
	}
	f.Add([]byte{255, 255, 255, 255, 16, 0, 1, 3})
	f.Fuzz(func(t *testing.T, b []byte) {
		conf := testConfig()
		defer conf.Close()
		o := newOurs(t, conf)
		if len(b) == 0 {
			return
		}
		for _, first := range [][]byte{request(unix.RTM_NEWLINK, 0, ifinfo(2, 1, 1), nil), b} {
			if _, err := o.s.Send(o.c, &engine.Message{Data: first}, 0); err != nil {
				t.Fatal(err)
			}
		}
		for {
			m := &engine.Message{Data: make([]byte, 1<<17)}
			n, err := o.s.Recv(o.c, m, 0)
			if err == unix.ENOBUFS {
				continue
			}
			if err != nil {
				break
			}
			for rest := m.Data[:n]; len(rest) > 0; {
				var ok bool
				if _, rest, ok = nl.Next(rest); !ok {
					t.Fatalf("malformed answer %x", m.Data[:n])
				}
			}
		}
		for _, typ := range []uint16{unix.RTM_GETLINK, unix.RTM_GETADDR, unix.RTM_GETROUTE, unix.RTM_GETRULE} {
			out := o.ask(dump(typ, 0))
			if len(out) == 0 || out[len(out)-1].Type != unix.NLMSG_DONE {
				t.Fatalf("dump %d does not end", typ)
			}
		}
	})
}
