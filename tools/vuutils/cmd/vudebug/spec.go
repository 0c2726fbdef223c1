// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"

	"vuos.dev/tools/vuutils/vu"
)

const colourLetters = "nwrgbcmyNWRGBCMY+-_*#"

// spec is one argument of the command line.
type spec struct {
	function byte   // '+', '-', '?', or 0 to set colours only
	tags     string // empty for all
	colours  string
	coloured bool // a colon was there: no colours after it means none
}

// parseSpec reads [+-?][TAG...][:COLOURS].
func parseSpec(arg string) (spec, error) {
	var s spec
	if arg != "" && strings.IndexByte("+-?", arg[0]) >= 0 {
		s.function = arg[0]
	}
	rest := strings.TrimPrefix(arg, string(s.function))
	s.tags, s.colours, s.coloured = strings.Cut(rest, ":")
	for _, r := range s.tags {
		if !strings.ContainsRune(vu.DebugTags, r) {
			return spec{}, fmt.Errorf("'%s': '%c' is not a debug tag", arg, r)
		}
	}
	for _, r := range s.colours {
		if !strings.ContainsRune(colourLetters, r) {
			return spec{}, fmt.Errorf("'%s': '%c' is not a colour", arg, r)
		}
	}
	if s.function == 0 && !s.coloured {
		return spec{}, fmt.Errorf("'%s': begin with +, - or ?, or give colours after a colon", arg)
	}
	return s, nil
}

// apply does what the argument says and returns what there is to print.
func (s *spec) apply(sys system, local bool) (string, error) {
	tags := s.tags
	if tags == "" {
		tags = vu.DebugTags
	}
	var text string
	var err error
	switch s.function {
	case '+':
		err = sys.AddDebugTags(tags, local)
	case '-':
		err = sys.DelDebugTags(tags, local)
	case '?':
		text, err = s.list(sys)
	}
	if err == nil && s.coloured {
		err = sys.SetDebugColor(tags + ":" + s.colours)
	}
	return text, err
}

// list describes the tags asked for, or all that are set or have a name, in the
// order of their letters.
func (s *spec) list(sys system) (string, error) {
	tags, err := sys.GetDebugTags(false)
	if err != nil {
		return "", err
	}
	local, err := sys.GetDebugTags(true)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for letter := byte('0'); letter <= 'z'; letter++ {
		if strings.IndexByte(vu.DebugTags, letter) < 0 {
			continue
		}
		name, err := sys.DebugTagName(letter)
		if err != nil {
			return "", err
		}
		set := strings.IndexByte(tags, letter) >= 0
		setLocal := strings.IndexByte(local, letter) >= 0
		if s.tags == "" && !set && !setLocal && name == "" ||
			s.tags != "" && strings.IndexByte(s.tags, letter) < 0 {
			continue
		}
		fmt.Fprintf(&b, "%c %s%s%s\n", letter, pick(set, "+", "-"), pick(setLocal, "(+)", "   "), name)
	}
	return b.String(), nil
}

func pick(condition bool, yes, no string) string {
	if condition {
		return yes
	}
	return no
}
