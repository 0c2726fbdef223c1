// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// work is one row: the same work done by several contenders.
type work struct {
	name   string
	who    []contender // the first one is 1
	limits []limit
}

// contender does the work in one place. Only run is timed; the output of run and check says what was done.
type contender struct {
	place  *place
	before string
	run    string // empty if it cannot do that
	check  string
	after  string
	timed  bool // run itself prints its time in nanoseconds on its first line
}

// limit is how much one contender may take, compared with another.
type limit struct {
	who, of string
	most    float64
}

// everywhere is the same script in several places.
func everywhere(script string, places ...*place) []contender {
	out := make([]contender, len(places))
	for i, p := range places {
		out[i] = contender{place: p, run: script}
	}
	return out
}

// best is what a contender did in its best round.
type best struct {
	time time.Duration
	did  string // digest of the output
}

// measure runs all rounds of a row and prints it.
func (b *bench) measure(w work) error {
	results, err := b.results(w)
	if err == nil {
		b.row(w, results)
	}
	return err
}

// results runs all rounds of a row. Who has nothing to run has no time.
func (b *bench) results(w work) ([]best, error) {
	results := make([]best, len(w.who))
	for round := range b.rounds {
		for i := range w.who {
			// Another one begins in each round: who comes first finds the caches otherwise.
			i = (i + round) % len(w.who)
			if w.who[i].run == "" {
				continue
			}
			r, err := w.who[i].once()
			if err != nil {
				return nil, fmt.Errorf("%s: %w", w.name, err)
			}
			if results[i].did != "" && results[i].did != r.did {
				return nil, fmt.Errorf("%s: %s: did another work than in the round before", w.name, w.who[i].place.name)
			}
			if results[i].did == "" || r.time < results[i].time {
				results[i] = r
			}
		}
	}
	for i, r := range results {
		if w.who[i].run != "" && r.did != results[0].did {
			return nil, fmt.Errorf("%s: %s did another work than %s", w.name, w.who[i].place.name, w.who[0].place.name)
		}
	}
	return results, nil
}

func (c *contender) once() (best, error) {
	if _, err := c.place.sh(c.before); err != nil {
		return best{}, err
	}
	a, err := c.place.sh(c.run)
	if err == nil && c.timed {
		err = a.takeTime()
	}
	if err != nil {
		return best{}, err
	}
	check, err := c.place.sh(c.check)
	if err != nil {
		return best{}, err
	}
	_, err = c.place.sh(c.after)
	return best{a.Time, digest(a.Output + check.Output)}, err
}

// takeTime takes the time from the first line of the output.
func (a *answer) takeTime() error {
	line, rest, _ := strings.Cut(a.Output, "\n")
	ns, err := strconv.ParseInt(line, 10, 64)
	if err != nil || ns <= 0 {
		return errors.New("no time in the output: " + line)
	}
	a.Time, a.Output = time.Duration(ns), rest
	return nil
}

// digest is equal for outputs that have the same lines.
func digest(s string) string {
	lines := strings.Split(strings.TrimSuffix(s, "\n"), "\n")
	slices.SortFunc(lines, cmp.Compare[string])
	return fmt.Sprintf("%x", sha256.Sum256([]byte(strings.Join(lines, "\n"))))
}
