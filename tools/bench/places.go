// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// startAll starts several places, each given by its name and the program it runs in. stop ends those that
// were started.
func startAll(specs ...[]string) (places []*place, stop func(), err error) {
	stop = func() {
		for _, p := range places {
			if err := p.close(); err != nil {
				fmt.Fprintf(os.Stderr, "bench: %s: %v\n", p.name, err)
			}
		}
	}
	for _, s := range specs {
		p, err := start(s[0], s[1:]...)
		if err != nil {
			stop()
			return nil, nil, fmt.Errorf("%s: %w", s[0], err)
		}
		places = append(places, p)
	}
	return places, stop, nil
}

// memoryLimit is what umvu may take beside caches.
const memoryLimit = 60 << 20

// memory prints how much memory a process has for itself.
func (b *bench) memory(pid int, name string) error {
	n, err := pss(pid)
	if err == nil {
		b.amount("memory of "+name, fmt.Sprintf("%.1f MiB", float64(n)/(1<<20)), "60 MiB", n <= memoryLimit)
	}
	return err
}

// pss is the memory of a process in bytes, as the kernel counts it (Pss).
func pss(pid int) (int64, error) {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/smaps_rollup")
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if f := strings.Fields(line); len(f) == 3 && f[0] == "Pss:" {
			kib, err := strconv.ParseInt(f[1], 10, 64)
			return kib << 10, err
		}
	}
	return 0, fmt.Errorf("/proc/%d/smaps_rollup has no Pss", pid)
}
