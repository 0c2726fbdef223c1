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

// memory prints how much memory a process has for itself, as the kernel counts it (Pss).
func (b *bench) memory(pid int, name string) error {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/smaps_rollup")
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(text)) {
		f := strings.Fields(line)
		if len(f) != 3 || f[0] != "Pss:" {
			continue
		}
		kib, err := strconv.ParseInt(f[1], 10, 64)
		if err != nil {
			return err
		}
		b.amount("memory of "+name, fmt.Sprintf("%.1f MiB", float64(kib)/1024), "60 MiB", kib<<10 <= memoryLimit)
		return nil
	}
	return fmt.Errorf("/proc/%d/smaps_rollup has no Pss", pid)
}
