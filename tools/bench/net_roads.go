// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
)

// road is a way from a network stack to a server.
type road struct {
	from   *place
	server *place
	in     string // what a command in the stack begins with
	to     string // the server's address
	noPing bool   // nobody answers
}

// roads are all that this machine has, and what is to be undone.
type roads struct {
	b    *bench
	all  []*road
	undo []func() error
}

// open opens the roads there are; for the others it prints why not.
func (n *roads) open() []*road {
	for _, o := range []struct {
		name string
		open func(name string) (*road, error)
	}{
		{"slirp4netns", n.slirp}, {"pasta", n.pasta}, {"tap", n.tap}, {"ptp", n.ptp}, {"vde_switch", n.vdeSwitch},
	} {
		r, err := o.open(o.name)
		if err != nil {
			fmt.Fprintf(n.b.out, "  No %s here: %v\n", o.name, err)
			continue
		}
		n.all = append(n.all, r)
	}
	return n.all
}

func (n *roads) road(name string) *road {
	for _, r := range n.all {
		if r.from.name == name {
			return r
		}
	}
	return nil
}

func (n *roads) has(name string) bool { return n.road(name) != nil }

// stop ends everything, the last first.
func (n *roads) stop() {
	for i := len(n.undo) - 1; i >= 0; i-- {
		_ = n.undo[i]() // it ends with its place in any case
	}
	n.undo = nil
}

// start is start, with an end.
func (n *roads) start(name string, in ...string) (*place, error) {
	p, err := start(name, in...)
	if err != nil {
		return nil, err
	}
	n.undo = append(n.undo, p.close)
	_, err = p.sh(":") // it runs
	return p, err
}

// namespace makes a place in a network namespace of its own, where it is root.
func (n *roads) namespace(name string) (*place, error) {
	p, err := n.start(name, "unshare", "-rn")
	if err == nil {
		_, err = p.sh("ip link set lo up")
	}
	return p, err
}

// beside makes a place in the namespace of another.
func (n *roads) beside(p *place, name string, in ...string) (*place, error) {
	return n.start(name, append([]string{"nsenter", "-t", strconv.Itoa(p.pid()), "-U", "-n", "--preserve-credentials"}, in...)...)
}

// background runs a command in a place until the end.
func (n *roads) background(p *place, command string) error {
	a, err := p.sh(command + " </dev/null >/dev/null 2>&1 & echo $!")
	if err != nil {
		return err
	}
	n.undo = append(n.undo, func() error {
		_, err := p.sh("kill " + strings.TrimSpace(a.Output))
		return err
	})
	return nil
}

// tunnels tells whether the machine lets this user make TAP interfaces, if only in a namespace of his own.
func tunnels() error {
	f, err := os.OpenFile("/dev/net/tun", os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return f.Close()
}

// outside is the namespace that another one is behind, by a program that makes a TAP interface.
func (n *roads) outside(program string) (*place, error) {
	if _, err := exec.LookPath(program); err != nil {
		return nil, err
	}
	if err := tunnels(); err != nil {
		return nil, err
	}
	return n.namespace("outside")
}

// slirp is a namespace behind slirp4netns, whose gateway is the loopback interface of the namespace outside.
func (n *roads) slirp(name string) (*road, error) {
	outside, err := n.outside("slirp4netns")
	if err != nil {
		return nil, err
	}
	inside, err := n.beside(outside, name, "unshare", "-rn")
	if err != nil {
		return nil, err
	}
	if err := n.background(outside, fmt.Sprintf("slirp4netns --configure %d tap0", inside.pid())); err != nil {
		return nil, err
	}
	if _, err := inside.sh("for i in $(seq 100); do ip -4 addr show tap0 2>/dev/null | grep -q inet && exit; sleep 0.05; done; exit 1"); err != nil {
		return nil, err
	}
	return &road{from: inside, server: outside, to: "10.0.2.2"}, n.background(outside, "iperf3 -s")
}

// pasta is a namespace behind passt's pasta. It copies an interface with a gateway from outside, which it takes for the
// loopback interface there.
func (n *roads) pasta(name string) (*road, error) {
	outside, err := n.outside("pasta")
	if err != nil {
		return nil, err
	}
	const gateway = "192.0.2.1"
	if _, err := outside.sh(`ip tuntap add dev up0 mode tap
		ip addr add 192.0.2.2/24 dev up0
		ip link set up0 up
		ip route add default via ` + gateway); err != nil {
		return nil, err
	}
	quiet := []string{"sh", "-c", `exec "$@" 2>/dev/null`, "sh"} // it complains of a missing syslog
	inside, err := n.beside(outside, name, append(quiet, "pasta", "--config-net", "-f", "-q", "--")...)
	if err != nil {
		return nil, err
	}
	return &road{from: inside, server: outside, to: gateway, noPing: true}, n.background(outside, "iperf3 -s")
}

const (
	stackPath = "/dev/net/bench"
	inStack   = "vustack " + stackPath + " "
)

// stack makes a stack with one interface in a view.
func (n *roads) stack(view *place, address, locator string) error {
	_, err := view.sh("vu_insmod vunet; vumount -t vunetvdestack -o ip=" + address + "/24 " + locator + " " + stackPath)
	return err
}

// tap is a stack whose interface is the kernel's other end.
func (n *roads) tap(name string) (*road, error) {
	if err := tunnels(); err != nil {
		return nil, err
	}
	kernel, err := n.namespace("kernel")
	if err != nil {
		return nil, err
	}
	view, err := n.beside(kernel, name, "umvu", "-N")
	if err != nil {
		return nil, err
	}
	if err := n.stack(view, "10.9.0.2", "tap://bench0"); err != nil {
		return nil, err
	}
	if _, err := kernel.sh("ip addr add 10.9.0.1/24 dev bench0; ip link set bench0 up"); err != nil {
		return nil, err
	}
	return &road{from: view, server: kernel, in: inStack, to: "10.9.0.1"}, n.background(kernel, "iperf3 -s")
}

// ptp is a line between two views.
func (n *roads) ptp(name string) (*road, error) { return n.views(name, "ptp://"+n.b.dir+"/line") }

// vdeSwitch is a switch of VDE's between two views.
func (n *roads) vdeSwitch(name string) (*road, error) {
	if _, err := exec.LookPath("vde_switch"); err != nil {
		return nil, err
	}
	outside, err := n.start("outside")
	if err != nil {
		return nil, err
	}
	dir := n.b.dir + "/switch"
	if _, err := outside.sh("vde_switch -daemon -sock " + dir + " -pidfile " + dir + ".pid"); err != nil {
		return nil, err
	}
	n.undo = append(n.undo, func() error {
		_, err := outside.sh("kill $(cat " + dir + ".pid)")
		return err
	})
	return n.views(name, "vde://"+dir)
}

func (n *roads) views(name, locator string) (*road, error) {
	server, err := n.start("server", "umvu", "-N")
	if err != nil {
		return nil, err
	}
	client, err := n.start(name, "umvu", "-N")
	if err != nil {
		return nil, err
	}
	const to = "10.9.0.1"
	if err := n.stack(server, to, locator); err != nil {
		return nil, err
	}
	if err := n.stack(client, "10.9.0.2", locator); err != nil {
		return nil, err
	}
	return &road{from: client, server: server, in: inStack, to: to}, n.background(server, inStack+"iperf3 -s")
}
