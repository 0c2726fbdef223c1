// SPDX-License-Identifier: Apache-2.0

package netstack

import (
	"bytes"
	"fmt"
	"strings"

	"golang.org/x/sys/unix"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"

	"vuos.dev/engine"
	"vuos.dev/vunet/internal/textfs"
)

// constants are the parameters of /proc/sys/net that this stack has and that cannot be changed.
var constants = map[string]string{
	"core/somaxconn":                        fmt.Sprint(maxBacklog),
	"core/rmem_default":                     fmt.Sprint(defaultBuffer),
	"core/rmem_max":                         fmt.Sprint(maxBuffer),
	"core/wmem_default":                     fmt.Sprint(defaultBuffer),
	"core/wmem_max":                         fmt.Sprint(maxBuffer),
	"core/optmem_max":                       "20480",
	"ipv4/ip_default_ttl":                   fmt.Sprint(defaultTTL),
	"ipv4/ip_local_port_range":              fmt.Sprintf("%d\t%d", firstPort, lastPort),
	"ipv4/ip_unprivileged_port_start":       fmt.Sprint(unprivilegedPorts),
	"ipv4/ping_group_range":                 "0\t2147483647",
	"ipv4/tcp_available_congestion_control": "reno cubic",
	"ipv4/tcp_congestion_control":           "cubic",
	"ipv4/tcp_rmem":                         fmt.Sprintf("%d\t%d\t%d", minBuffer, defaultTCPRecv, maxTCPRecv),
	"ipv4/tcp_wmem":                         fmt.Sprintf("%d\t%d\t%d", minBuffer, defaultTCPSend, maxTCPSend),
	"ipv4/tcp_sack":                         "1",
	"ipv4/tcp_timestamps":                   "1",
	"ipv4/tcp_window_scaling":               "1",
	"ipv4/tcp_fin_timeout":                  fmt.Sprint(int(tcp.DefaultTCPLingerTimeout.Seconds())),
}

// sysctlFiles is /proc/sys/net. What can be set is forwarding.
type sysctlFiles struct{ s *Stack }

var _ textfs.Setter = sysctlFiles{}

// Names implements textfs.Tree.
func (f sysctlFiles) Names() []string {
	names := []string{"ipv4/ip_forward"}
	for name := range constants {
		names = append(names, name)
	}
	for _, fam := range []string{"ipv4", "ipv6"} {
		for _, link := range []string{"all", "default"} {
			names = append(names, fam+"/conf/"+link+"/forwarding")
		}
		for _, l := range f.s.conf.Links() {
			names = append(names, fam+"/conf/"+l.Name+"/forwarding")
		}
	}
	return names
}

// forwarding finds out which family's forwarding a file is about, and on which link; 0 is all and those to come.
func (f sysctlFiles) forwarding(path string) (family uint8, link int, ok bool) {
	if path == "ipv4/ip_forward" {
		return unix.AF_INET, 0, true
	}
	fam, rest, _ := strings.Cut(path, "/conf/")
	name, is := strings.CutSuffix(rest, "/forwarding")
	if !is || fam != "ipv4" && fam != "ipv6" {
		return 0, 0, false
	}
	family = unix.AF_INET
	if fam == "ipv6" {
		family = unix.AF_INET6
	}
	if name == "all" || name == "default" {
		return family, 0, true
	}
	l := f.s.conf.LinkByName(name)
	if l == nil {
		return 0, 0, false
	}
	return family, l.Index, true
}

// Read implements textfs.Tree.
func (f sysctlFiles) Read(path string) ([]byte, bool) {
	if v, ok := constants[path]; ok {
		return []byte(v + "\n"), true
	}
	family, index, ok := f.forwarding(path)
	if !ok {
		return nil, false
	}
	on := f.s.conf.Forwarding(family)
	if l := f.s.conf.Link(index); l != nil {
		on = l.V4.Forwarding
		if family == unix.AF_INET6 {
			on = l.V6.Forwarding
		}
	}
	return fmt.Appendln(nil, truth(on)), true
}

// Writable implements textfs.Setter.
func (f sysctlFiles) Writable(c engine.Call, path string) bool {
	_, _, ok := f.forwarding(path)
	return ok && f.s.capable(c, unix.CAP_NET_ADMIN)
}

// Set implements textfs.Setter.
func (f sysctlFiles) Set(c engine.Call, path string, text []byte) error {
	var v int
	if _, err := fmt.Fscan(bytes.NewReader(text), &v); err != nil {
		return unix.EINVAL
	}
	family, link, ok := f.forwarding(path)
	if !ok {
		return unix.ENOENT
	}
	c.Block()
	return f.s.conf.SetForwarding(link, family, v != 0)
}
