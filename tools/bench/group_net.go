// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"time"
)

const (
	// streamLimit is what one TCP connection between two views is to reach, in bits per second.
	streamLimit = 2e9
	// idleConnections are opened to see what one costs, idleLimit is what it may cost in each of two views, in bytes.
	idleConnections = 1000
	idleLimit       = 100 << 10
)

// runNet compares ways from a network stack of one's own to a server behind it. The server is the kernel's, in a namespace, for
// slirp4netns, pasta and tap, and runs in the stack of another view for ptp and vde_switch.
func runNet(b *bench) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	n := &roads{b: b}
	defer n.stop()
	all := n.open()
	if len(all) == 0 {
		return fmt.Errorf("there is no way to measure")
	}
	var places []*place
	for _, r := range all {
		places = append(places, r.from)
	}
	b.heading(places...)
	rates := func(args string) func(*road) string {
		return func(r *road) string { return r.in + self + " rate " + r.to + " " + args }
	}
	var ahead []limit // of those who do the same job
	if n.has("tap") && n.has("slirp4netns") {
		ahead = []limit{{"tap", "slirp4netns", 1}}
	}
	for _, row := range []struct {
		name   string
		run    func(*road) string
		limits []limit
	}{
		{"TCP out, per GiB", rates("-t 2"), ahead},
		{"TCP in, per GiB", rates("-t 2 -R"), ahead},
		{"UDP out, per GiB received", rates("-t 2 -u -b 0"), nil},
		{"ping, round trip", func(r *road) string {
			if r.noPing {
				return ""
			}
			return self + " ping " + r.to + " " + r.in
		}, nil},
	} {
		w := work{name: row.name, limits: row.limits}
		for _, r := range all {
			w.who = append(w.who, contender{place: r.from, run: row.run(r), timed: true})
		}
		results, err := b.results(w)
		if err != nil {
			return err
		}
		b.row(w, results)
		if row.name == "TCP out, per GiB" {
			b.streamRow(&w, results)
		}
	}
	return n.idleRow(self)
}

// streamRow says how fast a connection from view to view is.
func (b *bench) streamRow(w *work, r []best) {
	for i := range w.who {
		if w.who[i].place.name == "ptp" {
			rate := gib * 8 / r[i].time.Seconds()
			b.amount("that is, by ptp", fmt.Sprintf("%.2f Gbit/s", rate/1e9), "2 Gbit/s", rate >= streamLimit)
		}
	}
}

// idleRow opens connections from view to view by ptp and looks what they cost.
func (n *roads) idleRow(self string) error {
	r := n.road("ptp")
	if r == nil {
		return nil
	}
	flag := n.b.dir + "/idle"
	hold := fmt.Sprintf("%s idle %%s %d %s%%s </dev/null >/dev/null 2>&1 & until [ -e %[3]s%%[2]s ]; do sleep 0.05; done", self, idleConnections, flag)
	ends := []*place{r.from, r.server}
	var before [2]int64
	for i, p := range ends {
		var err error
		if before[i], err = pss(p.pid()); err != nil {
			return err
		}
	}
	if _, err := r.server.sh(r.in + fmt.Sprintf(hold, ":9000", "1")); err != nil {
		return err
	}
	if _, err := r.from.sh(r.in + fmt.Sprintf(hold, r.to+":9000", "2")); err != nil {
		return err
	}
	time.Sleep(time.Second) // what was needed to connect only goes
	most := int64(0)
	for i, p := range ends {
		now, err := pss(p.pid())
		if err != nil {
			return err
		}
		most = max(most, (now-before[i])/idleConnections)
	}
	n.b.amount("an idle connection, one end", fmt.Sprintf("%.1f KiB", float64(most)/1024), "100 KiB", most <= idleLimit)
	_, err := r.from.sh("rm " + flag + "1 " + flag + "2")
	return err
}
