// SPDX-License-Identifier: Apache-2.0

package rtnl

import (
	"encoding/binary"
	"os"
	"os/exec"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"vuos.dev/vunet/nl"
)

// inNamespace reruns the test in a network namespace of its own, where a tap
// interface vde0 looks like an interface of a stack. It needs root.
func inNamespace(t *testing.T) (tap *os.File) {
	t.Helper()
	const mark = "VUNET_IN_NAMESPACE"
	if os.Getenv(mark) == "" {
		if os.Geteuid() != 0 {
			t.Skip("comparing with the kernel takes root: a network namespace with a tap interface")
		}
		cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
		cmd.Env = append(os.Environ(), mark+"=1")
		cmd.SysProcAttr = &unix.SysProcAttr{Cloneflags: unix.CLONE_NEWNET}
		out, err := cmd.CombinedOutput()
		t.Logf("%s", out)
		if err != nil {
			t.Fatal(err)
		}
		t.SkipNow()
	}
	fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	req, err := unix.NewIfreq("vde0")
	if err != nil {
		t.Fatal(err)
	}
	req.SetUint16(unix.IFF_TAP | unix.IFF_NO_PI)
	if err := unix.IoctlIfreq(fd, unix.TUNSETIFF, req); err != nil {
		t.Fatal(err)
	}
	return os.NewFile(uintptr(fd), "tap")
}

// kernel is a netlink socket of the kernel's.
type kernel struct {
	t  *testing.T
	fd int
}

func newKernel(t *testing.T) *kernel {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_ROUTE)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	for _, o := range []int{unix.NETLINK_EXT_ACK, unix.NETLINK_GET_STRICT_CHK} {
		if err := unix.SetsockoptInt(fd, unix.SOL_NETLINK, o, 1); err != nil {
			t.Fatal(err)
		}
	}
	if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Sec: 5}); err != nil {
		t.Fatal(err)
	}
	return &kernel{t, fd}
}

// ask sends a request and returns the messages of the answer, up to the one that
// ends it.
func (k *kernel) ask(req []byte) []nl.Message {
	k.t.Helper()
	if err := unix.Sendto(k.fd, req, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		k.t.Fatal(err)
	}
	var out []nl.Message
	buf := make([]byte, 1<<16)
	for {
		n, _, err := unix.Recvfrom(k.fd, buf, 0)
		if err != nil {
			k.t.Fatal(err)
		}
		var done bool
		if out, done = split(out, append([]byte(nil), buf[:n]...)); done {
			return out
		}
	}
}

// split adds the messages of a datagram; done tells that an answer is complete.
func split(out []nl.Message, b []byte) ([]nl.Message, bool) {
	for {
		m, rest, ok := nl.Next(b)
		if !ok {
			return out, false
		}
		out = append(out, m)
		if m.Type == unix.NLMSG_DONE || m.Flags&unix.NLM_F_MULTI == 0 {
			return out, true
		}
		b = rest
	}
}

// waitAssigned waits until no address of the kernel's is tentative.
func waitAssigned(t *testing.T, k *kernel) {
	t.Helper()
	req := nl.New(nl.Header{Type: unix.RTM_GETADDR, Flags: unix.NLM_F_REQUEST | unix.NLM_F_DUMP}).Raw(make([]byte, 8)).End()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		tentative := false
		for _, m := range k.ask(req) {
			if m.Type != unix.RTM_NEWADDR {
				continue
			}
			attrs, _ := nl.ParseAttrs(m.Body[8:], 0)
			f, _ := attrs.U32(unix.IFA_FLAGS)
			tentative = tentative || f&unix.IFA_F_TENTATIVE != 0
		}
		if !tentative {
			return
		}
	}
	t.Fatal("addresses stay tentative")
}

// waitRoutes waits until the kernel has n IPv6 routes, the end of the dump included: it adds the
// ones to its own addresses later.
func waitRoutes(t *testing.T, k *kernel, n int) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if len(k.ask(dump(unix.RTM_GETROUTE, unix.AF_INET6))) == n {
			return
		}
	}
	t.Error("the kernel has another number of IPv6 routes")
}

func u32(v uint32) []byte { return binary.NativeEndian.AppendUint32(nil, v) }
