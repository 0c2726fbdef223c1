// SPDX-License-Identifier: Apache-2.0

package libvdeplug_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"vuos.dev/libvdeplug"
	"vuos.dev/libvdeplug/internal/plugtest"
	"vuos.dev/libvdeplug/plug"
	"vuos.dev/libvdeplug/plugins"
)

// upper is a nesting plugin of a third party: what goes through comes out
// with its payload in capitals.
type upper struct{}

func (upper) Open(ctx context.Context, req *plug.Request) (plug.Conn, error) {
	_, inner, nested := plug.SplitNested(req.Rest)
	if !nested {
		return nil, req.Error(req.Rest, "needs a network in braces", nil)
	}
	c, err := req.Nested(ctx, inner)
	if err != nil {
		return nil, err
	}
	return upperConn{c}, nil
}

type upperConn struct{ plug.Conn }

func (c upperConn) Send(frames [][]byte) (int, error) {
	changed := make([][]byte, len(frames))
	for i, f := range frames {
		changed[i] = append(append([]byte{}, f[:14]...), strings.ToUpper(string(f[14:]))...)
	}
	return c.Conn.Send(changed)
}

func TestThirdPartyNestedPlugin(t *testing.T) {
	plugtest.NoLeaks(t)
	reg := plugins.Default()
	if err := reg.Register("upper", upper{}); err != nil {
		t.Fatal(err)
	}
	line := "ptp://" + filepath.Join(plugtest.Dir(t), "line")
	a, err := libvdeplug.Open(line)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	b, err := libvdeplug.Open("upper://{upper://x{"+line+"}}", libvdeplug.WithRegistry(reg))
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	plugtest.Send(t, b, plugtest.Frame(plugtest.Broadcast, plugtest.MAC(1), "hello"))
	plugtest.Expect(t, a, plugtest.Frame(plugtest.Broadcast, plugtest.MAC(1), "HELLO"))

	for _, wrong := range []struct {
		name string
		p    plug.Plugin
	}{{"upper", upper{}}, {"a b", upper{}}, {"", upper{}}, {"nil", nil}} {
		if err := reg.Register(wrong.name, wrong.p); err == nil {
			t.Errorf("%q was registered", wrong.name)
		}
	}
}

func TestUnknownPlugin(t *testing.T) {
	_, err := libvdeplug.Open("nosuch://x")
	if !errors.Is(err, libvdeplug.ErrUnknownPlugin) || !strings.HasPrefix(err.Error(), "nosuch: no such plugin (there are bonding, cmd,") {
		t.Error(err)
	}
	_, err = libvdeplug.Open("null://x")
	if want := "null: x: null takes no address"; err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}

// TestContract checks what every Conn promises, on each kind that needs no
// privilege.
func TestContract(t *testing.T) {
	for name, vnl := range map[string]func(dir string) string{
		"null":   func(string) string { return "null://" },
		"ptp":    func(dir string) string { return "ptp://" + dir + "/line" },
		"ptp2":   func(dir string) string { return "ptp://" + dir + "/line[seqpacket]" },
		"switch": func(dir string) string { return "switch://" + dir + "/sw" },
		"udp":    func(string) string { return "udp://127.0.0.1:0->127.0.0.1:9" },
		"cmd":    func(string) string { return "cmd://cat" },
	} {
		t.Run(name, func(t *testing.T) {
			plugtest.NoLeaks(t)
			c, err := libvdeplug.Open(vnl(plugtest.Dir(t)))
			if err != nil {
				t.Fatal(err)
			}
			contract(t, c)
		})
	}
}

// TestContractInNamespace does the same for what needs a network.
func TestContractInNamespace(t *testing.T) {
	for _, vnl := range []string{"tap://vt0", "vxvde://239.1.2.3/if=eth0", "vxlan://239.1.2.3/if=eth0"} {
		t.Run(vnl, func(t *testing.T) {
			plugtest.NoLeaks(t)
			h := plugtest.NewHost(t)
			plugtest.Wire(h, plugtest.NewHost(t))
			var c libvdeplug.Conn
			h.Do(func() {
				var err error
				if c, err = libvdeplug.Open(vnl); err != nil {
					t.Fatal(err)
				}
			})
			contract(t, c)
		})
	}
}

func contract(t *testing.T, c libvdeplug.Conn) {
	bufs, sizes := libvdeplug.Buffers(c, 2)
	for _, wrong := range []func() (int, error){
		func() (int, error) { return c.Recv(nil, nil) },
		func() (int, error) { return c.Recv(bufs, sizes[:1]) },
		func() (int, error) { return c.Recv([][]byte{bufs[0][:c.MaxFrame()-1]}, sizes) },
	} {
		if n, err := wrong(); n != 0 || err != io.ErrShortBuffer {
			t.Errorf("Recv with short buffers = %d, %v", n, err)
		}
	}
	if n, err := c.Send(nil); n != 0 || err != nil && !errors.Is(err, plug.ErrNoCarrier) {
		t.Errorf("Send of nothing = %d, %v", n, err)
	}
	for _, size := range []int{0, 13, c.MaxFrame() + 1} {
		var wrong *plug.FrameSizeError
		n, err := c.Send([][]byte{make([]byte, size)})
		if n != 0 || !errors.As(err, &wrong) && !errors.Is(err, plug.ErrNoCarrier) {
			t.Errorf("Send of %d bytes = %d, %v", size, n, err)
		}
	}
	// A deadline in the past wakes at once, and who waits already, too.
	var wg sync.WaitGroup
	wg.Go(func() {
		if n, err := c.Recv(bufs, sizes); n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("Recv = %d, %v", n, err)
		}
	})
	time.Sleep(10 * time.Millisecond) // most likely it waits by now; if not, the outcome is the same
	if err := c.SetReadDeadline(time.Unix(1, 0)); err != nil {
		t.Error(err)
	}
	wg.Wait()
	if err := c.SetReadDeadline(time.Time{}); err != nil {
		t.Error(err)
	}
	wg.Go(func() {
		if n, err := c.Recv(bufs, sizes); n != 0 || !errors.Is(err, net.ErrClosed) {
			t.Errorf("Recv of a closed Conn = %d, %v", n, err)
		}
	})
	time.Sleep(10 * time.Millisecond) // as above
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	wg.Wait()
	for what, err := range map[string]error{
		"Close":            c.Close(),
		"SetReadDeadline":  c.SetReadDeadline(time.Now()),
		"SetWriteDeadline": c.SetWriteDeadline(time.Now()),
	} {
		if !errors.Is(err, net.ErrClosed) {
			t.Errorf("%s of a closed Conn = %v", what, err)
		}
	}
	if n, err := c.Send([][]byte{make([]byte, 60)}); n != 0 || !errors.Is(err, net.ErrClosed) {
		t.Errorf("Send to a closed Conn = %d, %v", n, err)
	}
}

func ExampleOpen() {
	dir, err := os.MkdirTemp("", "vde")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	node, err := libvdeplug.Open("switch://" + dir + "/sw")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer node.Close()
	plugged, err := libvdeplug.Open(dir+"/sw", libvdeplug.WithDescription("example"))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer plugged.Close()
	frame := []byte("\xff\xff\xff\xff\xff\xff\x02\x00\x00\x00\x00\x01\x88\xb5hello")
	if _, err := plugged.Send([][]byte{frame}); err != nil {
		fmt.Println(err)
		return
	}
	bufs, sizes := libvdeplug.Buffers(node, 8)
	n, err := node.Recv(bufs, sizes)
	fmt.Println(n, err, string(bufs[0][14:sizes[0]]))
	// Output: 1 <nil> hello
}
