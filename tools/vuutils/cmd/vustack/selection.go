// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// selection is a set of address families. Empty, it means all.
type selection struct {
	families [maxFamily + 1]bool
	some     bool // families counts
	all      bool // "all" was asked for, which outweighs every name
}

// add takes in a list of names and numbers.
func (s *selection) add(list string) error {
	for item := range strings.SplitSeq(list, ",") {
		name := strings.ToLower(item)
		if name == "all" {
			s.all = true
			continue
		}
		families, err := parseFamily(name)
		if err != nil {
			return fmt.Errorf("unknown protocol family %s", item)
		}
		s.some = true
		for _, f := range families {
			s.families[f] = true
		}
	}
	return nil
}

// parseFamily reads a name, an alias or a number.
func parseFamily(name string) ([]int, error) {
	for _, a := range aliases {
		if a.name == name {
			return a.families, nil
		}
	}
	if f := slices.Index(familyNames[:], name); f > 0 {
		return []int{f}, nil
	}
	f, err := strconv.ParseInt(name, 0, 32)
	if err != nil {
		return nil, err
	}
	if f < 1 || f > int64(maxFamily) {
		return nil, strconv.ErrRange
	}
	return []int{int(f)}, nil
}

// addSupported takes in what the stack supports.
func (s *selection) addSupported(sys system, stack string) {
	s.some = true
	for f := 1; f <= maxFamily; f++ {
		if sys.Supports(stack, f) {
			s.families[f] = true
		}
	}
}

// list returns the arguments for msocket: 0 alone means all families.
func (s *selection) list() []int {
	if s.all || !s.some {
		return []int{0}
	}
	var families []int
	for f, chosen := range s.families {
		if chosen {
			families = append(families, f)
		}
	}
	return families
}

// describe is what -v prints.
func (s *selection) describe(stack string) string {
	if s.all || !s.some {
		return fmt.Sprintf("Using %s for ALL address families\n", stack)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "Using %s for the following address families:\n   ", stack)
	for _, f := range s.list() {
		fmt.Fprintf(&b, " %s(%d)", familyName(f), f)
	}
	b.WriteByte('\n')
	return b.String()
}
