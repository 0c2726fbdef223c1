// SPDX-License-Identifier: Apache-2.0

package netstack

import (
	"encoding/binary"
	"testing"

	"golang.org/x/sys/unix"

	"vuos.dev/vunet/nl"
)

// TestSockDiag lists a listener and both ends of a connection as ss does.
func TestSockDiag(t *testing.T) {
	a, b := twoStacks(t)
	_, server := connected(t, a, b)
	k := open(t, b, unix.AF_NETLINK, unix.SOCK_RAW, unix.NETLINK_SOCK_DIAG)
	req := make([]byte, 56) // struct inet_diag_req_v2
	req[0], req[1], req[2] = unix.AF_INET, unix.IPPROTO_TCP, 2
	binary.NativeEndian.PutUint32(req[4:], 1<<1|1<<10) // ESTABLISHED, LISTEN
	k.send(nl.New(nl.Header{Type: 20, Flags: unix.NLM_F_REQUEST | unix.NLM_F_DUMP}).Raw(req).End(), nil)
	m, _, err := k.recv(1<<16, 0)
	if err != nil {
		t.Fatal(err)
	}
	states := map[byte]int{}
	for b := m.Data; len(b) > 0; {
		msg, rest, ok := nl.Next(b)
		if !ok {
			t.Fatalf("malformed: %x", b)
		}
		b = rest
		if msg.Type == unix.NLMSG_DONE {
			continue
		}
		states[msg.Body[1]]++
		if port := binary.BigEndian.Uint16(msg.Body[4:]); port != 7000 {
			t.Errorf("port %d", port)
		}
		ino := binary.NativeEndian.Uint32(msg.Body[68:])
		if msg.Body[1] == 1 && uint64(ino) != server.Socket.(*inet).Inode() {
			t.Errorf("inode %d", ino)
		}
		attrs, _ := nl.ParseAttrs(msg.Body[72:], 0)
		if info := attrs[2].Value; len(info) == 0 || info[0] != msg.Body[1] {
			t.Errorf("TCP_INFO %x", info)
		}
	}
	if states[1] != 1 || states[10] != 1 {
		t.Errorf("states %v", states)
	}
}
