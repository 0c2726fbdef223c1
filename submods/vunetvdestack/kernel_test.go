// SPDX-License-Identifier: Apache-2.0

package vunetvdestack

import (
	"errors"
	"net"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
	"vuos.dev/engine/enginetest"
)

// TestKernelPeer joins a stack to the kernel's through a tap interface in a network
// namespace, and has the kernel connect to it.
func TestKernelPeer(t *testing.T) {
	const mark = "VUNET_IN_NAMESPACE"
	if os.Getenv(mark) == "" {
		if os.Geteuid() != 0 {
			t.Skip("a network namespace with a tap interface takes root")
		}
		cmd := exec.Command(os.Args[0], "-test.run=^TestKernelPeer$", "-test.v")
		cmd.Env = append(os.Environ(), mark+"=1")
		cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNET}
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return
	}
	c := enginetest.NewCall()
	f, err := Submodule.Mount(c, nil, &engine.MountRequest{Type: "vunetvdestack", Source: "tap://peer0", Data: "ip=10.0.0.2/24"})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Unmount(c)
	for _, args := range [][]string{{"addr", "add", "10.0.0.1/24", "dev", "peer0"}, {"link", "set", "peer0", "up"}} {
		if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
			t.Fatalf("ip %v: %v %s", args, err, out)
		}
	}
	s, err := f.Root().(engine.Stack).Socket(c, unix.AF_INET, unix.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Release(c)
	if err := s.Bind(c, []byte{unix.AF_INET, 0, 0x1f, 0x90, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}); err != nil {
		t.Fatal(err)
	}
	if err := s.Listen(c, 5); err != nil {
		t.Fatal(err)
	}
	tick := make(chan struct{}, 1)
	s.Notify(func() {
		select {
		case tick <- struct{}{}:
		default:
		}
	})
	conn, err := net.DialTimeout("tcp", "10.0.0.2:8080", 10*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for {
		n, peer, err := s.Accept(c)
		if errors.Is(err, unix.EAGAIN) {
			<-tick
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		defer n.Release(c)
		if [4]byte(peer[4:8]) != [4]byte{10, 0, 0, 1} {
			t.Errorf("peer %x", peer)
		}
		if _, err := n.Send(c, &engine.Message{Data: []byte("from the stack")}, 0); err != nil {
			t.Fatal(err)
		}
		break
	}
	b := make([]byte, 100)
	if n, err := conn.Read(b); err != nil || string(b[:n]) != "from the stack" {
		t.Errorf("read %q, %v", b[:n], err)
	}
	if _, err := net.DialTimeout("tcp", "10.0.0.2:9", 10*time.Second); !errors.Is(err, unix.ECONNREFUSED) {
		t.Errorf("closed port: %v", err)
	}
}
