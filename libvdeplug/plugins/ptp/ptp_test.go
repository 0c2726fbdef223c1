// SPDX-License-Identifier: Apache-2.0

package ptp_test

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"vuos.dev/libvdeplug/internal/plugtest"
	"vuos.dev/libvdeplug/plug"
	"vuos.dev/libvdeplug/plugins"
)

// both runs a test in the two protocols; the plugs get the options given.
func both(t *testing.T, f func(t *testing.T, options string)) {
	for name, options := range map[string]string{"datagram": "", "seqpacket": "[seqpacket]"} {
		t.Run(name, func(t *testing.T) {
			plugtest.NoLeaks(t)
			f(t, options)
		})
	}
}

func TestLine(t *testing.T) { both(t, testLine) }

func testLine(t *testing.T, options string) {
	path := filepath.Join(plugtest.Dir(t), "line")
	a := plugtest.Open(t, "ptp://"+path+options)
	frame := plugtest.Frame(plugtest.Broadcast, plugtest.MAC(1), "hello")
	if n, err := a.Send([][]byte{frame}); n != 0 || !errors.Is(err, plug.ErrNoCarrier) {
		t.Fatalf("Send without a peer = %d, %v", n, err)
	}
	b := plugtest.Open(t, "ptp://"+path)
	plugtest.Send(t, b, frame)
	plugtest.Expect(t, a, frame)
	long := plugtest.Frame(plugtest.Broadcast, plugtest.MAC(1), strings.Repeat("x", plug.MaxFrame-14))
	plugtest.Send(t, a, long)
	plugtest.Expect(t, b, long)
	if n, err := a.Send([][]byte{frame, append(long, 'x'), frame}); n != 1 || err == nil || err.Error() != "frame of 9235 bytes: must be 14 to 9234" {
		t.Errorf("Send of a long frame = %d, %v", n, err)
	}

	c, err := plugins.Default().Open(t.Context(), "ptp://"+path, plug.Settings{})
	if err == nil {
		c.Close()
	}
	if want := "ptp: " + path + ": both ends of the line are taken: transport endpoint is already connected"; err == nil || err.Error() != want {
		t.Errorf("third end: %v, want %s", err, want)
	}
}

// TestPeerChanges has the second end, and then the first, leave and be
// replaced.
func TestPeerChanges(t *testing.T) { both(t, testPeerChanges) }

func testPeerChanges(t *testing.T, options string) {
	vnl := "ptp://" + filepath.Join(plugtest.Dir(t), "line") + options
	first := plugtest.Open(t, vnl)
	for i := range 3 {
		frame := plugtest.Frame(plugtest.Broadcast, plugtest.MAC(i), "hello")
		second := plugtest.Open(t, vnl)
		plugtest.Send(t, second, frame)
		plugtest.Expect(t, first, frame)
		second.Close()
	}
	second := plugtest.Open(t, vnl)
	first.Close()
	first = plugtest.Open(t, vnl)
	frame := plugtest.Frame(plugtest.Broadcast, plugtest.MAC(9), "hello")
	plugtest.Converge(t, first, second, frame)
	plugtest.Converge(t, second, first, frame)
}

func TestStaleSocket(t *testing.T) { both(t, testStaleSocket) }

func testStaleSocket(t *testing.T, options string) {
	path := filepath.Join(plugtest.Dir(t), "line")
	l, err := net.ListenUnix("unixpacket", &net.UnixAddr{Net: "unixpacket", Name: path})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	l.Close()
	// Many at a time find it: two of them must meet, one at each end.
	var wg sync.WaitGroup
	conns := make([]plug.Conn, 8)
	errs := make([]error, 8)
	for i := range conns {
		wg.Go(func() {
			conns[i], errs[i] = plugins.Default().Open(t.Context(), "ptp://"+path+options, plug.Settings{})
		})
	}
	wg.Wait()
	open := 0
	for i, c := range conns {
		if c != nil {
			open++
			defer c.Close()
		} else if !strings.Contains(errs[i].Error(), "both ends") {
			t.Error(errs[i])
		}
	}
	if open != 2 {
		t.Errorf("%d ends are open: %v", open, errs)
	}
}

func TestNotASocket(t *testing.T) {
	path := filepath.Join(plugtest.Dir(t), "file")
	if err := os.WriteFile(path, []byte("precious"), 0600); err != nil {
		t.Fatal(err)
	}
	c, err := plugins.Default().Open(t.Context(), "ptp://"+path, plug.Settings{})
	if err == nil {
		c.Close()
	}
	if want := "ptp: " + path + ": there is something else than a socket"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if _, err := os.Stat(path); err != nil {
		t.Error(err)
	}
}

func TestWithDebianPlug(t *testing.T) {
	for _, first := range []string{"ours", "theirs"} {
		t.Run(first+" first", func(t *testing.T) {
			plugtest.NoLeaks(t)
			path := filepath.Join(plugtest.Dir(t), "line")
			theirs := fmt.Sprintf("cmd://%s ptp://%s", plugtest.Program(t, "vde_plug"), path)
			var a, b plug.Conn
			if first == "ours" {
				a = plugtest.Open(t, "ptp://"+path)
				b = plugtest.Open(t, theirs)
			} else {
				b = plugtest.Open(t, theirs)
				plugtest.WaitFile(t, path)
				a = plugtest.Open(t, "ptp://"+path)
			}
			plugtest.Converge(t, a, b, plugtest.Frame(plugtest.Broadcast, plugtest.MAC(1), "there"))
			plugtest.Converge(t, b, a, plugtest.Frame(plugtest.Broadcast, plugtest.MAC(2), "back"))
		})
	}
}

// TestBackpressure sends much more than fits into a socket while nobody
// receives, and then finds every frame in its place.
func TestBackpressure(t *testing.T) { both(t, testBackpressure) }

func testBackpressure(t *testing.T, options string) {
	vnl := "ptp://" + filepath.Join(plugtest.Dir(t), "line") + options
	a, b := plugtest.Open(t, vnl), plugtest.Open(t, vnl)
	const total = 5000
	frames := make([][]byte, total)
	for i := range frames {
		frames[i] = plugtest.Frame(plugtest.MAC(1), plugtest.MAC(2), fmt.Sprintf("%05d%s", i, strings.Repeat("x", 1000)))
	}
	if err := b.SetWriteDeadline(time.Now().Add(50 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	sent, err := b.Send(frames)
	if !errors.Is(err, os.ErrDeadlineExceeded) || sent == 0 || sent == total {
		t.Fatalf("Send with nobody receiving = %d, %v", sent, err)
	}
	if err := b.SetWriteDeadline(time.Time{}); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		if n, err := b.Send(frames[sent:]); n != total-sent || err != nil {
			t.Errorf("Send = %d, %v", n, err)
		}
	})
	for _, f := range frames {
		plugtest.Expect(t, a, f)
	}
	wg.Wait()
}
