// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// bench is one run: what it prints, and where its files are.
type bench struct {
	rounds int
	out    io.Writer
	dir    string
	over   int // limits that did not hold
	fix    fixtures
}

func newBench(rounds int, out io.Writer) (*bench, error) {
	dir, err := os.MkdirTemp("", "vuos-bench-")
	if err != nil {
		return nil, err
	}
	// For guests of other users, and servers that give up root.
	if err := os.Chmod(dir, 0o755); err != nil {
		return nil, err
	}
	return &bench{rounds: rounds, out: out, dir: dir}, nil
}

func (b *bench) close() { os.RemoveAll(b.dir) }

func (b *bench) title(g group) { fmt.Fprintf(b.out, "\n%s: %s\n", g.name, g.about) }

// heading names the columns of the rows that follow.
func (b *bench) heading(places ...*place) {
	var s strings.Builder
	fmt.Fprintf(&s, "  %-34s %18s", "", places[0].name)
	for _, p := range places[1:] {
		fmt.Fprintf(&s, " %9s", p.name)
	}
	fmt.Fprintln(b.out, s.String())
}

func (b *bench) row(w work, r []best) {
	var s strings.Builder
	fmt.Fprintf(&s, "  %-34s %11s    1.00", w.name, short(r[0].time))
	for _, o := range r[1:] {
		if o.time == 0 {
			fmt.Fprintf(&s, " %9s", "-")
			continue
		}
		fmt.Fprintf(&s, " %9.2f", ratio(o.time, r[0].time))
	}
	for _, l := range w.limits {
		of := w.time(r, l.of)
		if got := ratio(w.time(r, l.who), of); got > l.most {
			b.over++
			fmt.Fprintf(&s, "  %.3g x %s: over (%.2f)", l.most, l.of, got)
		} else {
			fmt.Fprintf(&s, "  %.3g x %s: PASS", l.most, l.of)
		}
	}
	fmt.Fprintln(b.out, s.String())
}

func (w *work) time(r []best, place string) time.Duration {
	for i := range w.who {
		if w.who[i].place.name == place {
			return r[i].time
		}
	}
	panic("bench: " + w.name + ": a limit names " + place + ", which is not there")
}

// amount prints a row that is not a ratio.
func (b *bench) amount(name, value, limit string, holds bool) {
	verdict := ""
	if limit != "" {
		verdict = "  " + limit + ": PASS"
		if !holds {
			b.over++
			verdict = "  " + limit + ": over"
		}
	}
	fmt.Fprintf(b.out, "  %-34s %11s%s\n", name, value, verdict)
}

// verdict is the last line.
func (b *bench) verdict() {
	if b.over > 0 {
		fmt.Fprintf(b.out, "\n%d limits are over.\n", b.over)
		return
	}
	fmt.Fprintln(b.out, "\nAll limits hold.")
}

func ratio(a, of time.Duration) float64 { return float64(a) / float64(of) }

// short is a time with three digits.
func short(d time.Duration) string {
	switch {
	case d >= time.Second:
		return fmt.Sprintf("%.3g s", d.Seconds())
	case d >= time.Millisecond:
		return fmt.Sprintf("%.3g ms", d.Seconds()*1e3)
	case d >= time.Microsecond:
		return fmt.Sprintf("%.3g µs", d.Seconds()*1e6)
	}
	return fmt.Sprintf("%d ns", d)
}
