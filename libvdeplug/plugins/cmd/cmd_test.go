// SPDX-License-Identifier: Apache-2.0

package cmd_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vuos.dev/libvdeplug/internal/plugtest"
	"vuos.dev/libvdeplug/internal/stream"
	"vuos.dev/libvdeplug/plug"
	"vuos.dev/libvdeplug/plugins"
)

func TestEcho(t *testing.T) {
	plugtest.NoLeaks(t)
	c := plugtest.Open(t, "cmd://"+"cat")
	for _, size := range []int{0, 100, plug.MaxFrame - plug.MinFrame} {
		f := plugtest.Frame(plugtest.Broadcast, plugtest.MAC(size), strings.Repeat("x", size))
		plugtest.Send(t, c, f)
		plugtest.Expect(t, c, f)
	}
}

// TestDeadlineInFrame has a write end in the midst of a frame, and checks that
// the stream stays in step.
func TestDeadlineInFrame(t *testing.T) {
	plugtest.NoLeaks(t)
	go_ := filepath.Join(plugtest.Dir(t), "go")
	c := plugtest.Open(t, "cmd://"+"sh -c 'while ! test -e "+go_+"; do sleep 0.02; done; exec cat'")
	frames := make([][]byte, 200)
	for i := range frames {
		frames[i] = plugtest.Frame(plugtest.Broadcast, plugtest.MAC(i), strings.Repeat(fmt.Sprint(i%10), 1999))
	}
	c.SetWriteDeadline(time.Now().Add(50 * time.Millisecond))
	sent, err := c.Send(frames)
	if !errors.Is(err, os.ErrDeadlineExceeded) || sent == 0 || sent == len(frames) {
		t.Fatalf("Send = %d, %v", sent, err)
	}
	c.SetWriteDeadline(time.Time{})
	if err := os.WriteFile(go_, nil, 0600); err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() {
		_, err := c.Send(frames[sent:])
		done <- err
	}()
	for _, f := range frames {
		plugtest.Expect(t, c, f)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestEnd(t *testing.T) {
	plugtest.NoLeaks(t)
	bufs, sizes := [][]byte{make([]byte, plug.MaxFrame)}, make([]int, 1)
	for line, want := range map[string]string{
		"sh -c 'exit 3'":           "cmd: sh -c 'exit 3': the command has ended (exit status 3): EOF",
		`sh -c 'printf "\0\40xx"'`: `cmd: sh -c 'printf "\0\40xx"': the command has ended (exit status 0): EOF`,
	} {
		c := plugtest.Open(t, "cmd://"+line)
		if _, err := c.Recv(bufs, sizes); !errors.Is(err, io.EOF) || err.Error() != want {
			t.Errorf("%s: %v, want %s", line, err, want)
		}
	}
	c := plugtest.Open(t, "cmd://"+`printf '\377\377'`)
	if _, err := c.Recv(bufs, sizes); !errors.Is(err, stream.ErrOutOfStep) {
		t.Errorf("wrong length: %v", err)
	}
	_, err := plugins.Default().Open(t.Context(), "cmd:///nonexistent/x y", plug.Settings{})
	if want := "cmd: /nonexistent/x y: no such file or directory"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// TestStubborn closes a command that does not want to end.
func TestStubborn(t *testing.T) {
	plugtest.NoLeaks(t)
	c := plugtest.Open(t, "cmd://"+`sh -c 'trap "" TERM PIPE; printf "\0\16%014d" 0; while :; do sleep 0.1; done'`)
	bufs, sizes := plug.Buffers(c, 1)
	if _, err := c.Recv(bufs, sizes); err != nil { // now it ignores the signals
		t.Fatal(err)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	if _, err := c.Send([][]byte{make([]byte, 14)}); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Send = %v", err)
	}
}
