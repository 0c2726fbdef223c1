// SPDX-License-Identifier: Apache-2.0

package plugtest

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"testing"
	"time"

	"vuos.dev/libvdeplug/plug"
)

// Patience is how long a test waits for what must happen.
const Patience = 20 * time.Second

// Broadcast is the MAC address of everybody.
var Broadcast = []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}

// MAC makes a locally administered unicast address.
func MAC(n int) []byte {
	return binary.BigEndian.AppendUint32([]byte{0x02, 0x55}, uint32(n))
}

// Frame makes a frame of an experimental Ethernet type (IEEE 802) with the
// given payload.
func Frame(dst, src []byte, payload string) []byte {
	f := append(append([]byte{}, dst...), src...)
	f = append(f, 0x88, 0xb5)
	return append(f, payload...)
}

// Send sends one frame.
func Send(t testing.TB, c plug.Conn, frame []byte) {
	t.Helper()
	if n, err := c.Send([][]byte{frame}); n != 1 || err != nil {
		t.Fatalf("Send = %d, %v", n, err)
	}
}

// Expect receives frames until one is want, and fails if any other of our
// Ethernet type comes before it.
func Expect(t testing.TB, c plug.Conn, want []byte) {
	t.Helper()
	got := Next(t, c)
	if !bytes.Equal(got, want) {
		t.Fatalf("received %q, want %q", got, want)
	}
}

// Next receives the next frame of our Ethernet type; what the kernel sends by
// itself on its interfaces is skipped.
func Next(t testing.TB, c plug.Conn) []byte {
	t.Helper()
	if err := c.SetReadDeadline(time.Now().Add(Patience)); err != nil {
		t.Fatal(err)
	}
	bufs, sizes := plug.Buffers(c, 1)
	for {
		if n, err := c.Recv(bufs, sizes); n != 1 || err != nil {
			t.Fatalf("Recv = %d, %v", n, err)
		}
		if f := bufs[0][:sizes[0]]; f[12] == 0x88 && f[13] == 0xb5 {
			return f
		}
	}
}

// Converge sends frame from one plug again and again until the other gets it:
// for networks that take a moment to come up and lose frames until then.
func Converge(t testing.TB, from, to plug.Conn, frame []byte) {
	t.Helper()
	bufs, sizes := plug.Buffers(to, 1)
	limit := time.Now().Add(Patience)
	for time.Now().Before(limit) {
		if _, err := from.Send([][]byte{frame}); err != nil && !errors.Is(err, plug.ErrNoCarrier) {
			t.Fatal(err)
		}
		if err := to.SetReadDeadline(time.Now().Add(50 * time.Millisecond)); err != nil {
			t.Fatal(err)
		}
		for {
			_, err := to.Recv(bufs, sizes)
			if errors.Is(err, os.ErrDeadlineExceeded) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			if bytes.Equal(bufs[0][:sizes[0]], frame) {
				last(t, from, to, frame)
				return
			}
		}
	}
	t.Fatalf("the frame does not arrive within %v", Patience)
}

// last takes repetitions of a frame that are still under way, by sending another one behind them.
func last(t testing.TB, from, to plug.Conn, frame []byte) {
	t.Helper()
	mark := append(bytes.Clone(frame), " for the last time"...)
	Send(t, from, mark)
	for !bytes.Equal(Next(t, to), mark) {
	}
}

// Drain throws away what is there, until nothing comes for a moment.
func Drain(t testing.TB, c plug.Conn) {
	t.Helper()
	bufs, sizes := plug.Buffers(c, 8)
	for {
		if err := c.SetReadDeadline(time.Now().Add(200 * time.Millisecond)); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Recv(bufs, sizes); err != nil {
			return
		}
	}
}
