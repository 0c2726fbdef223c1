// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"

	"vuos.dev/tools/vuutils/cli"
	"vuos.dev/tools/vuutils/vu"
)

const (
	unknown         = "unknown" // as uname(1) of most distributions answers -p and -i
	operatingSystem = "GNU/Linux"
	viewSuffix      = "/VUOS"
)

// field is one word that -a prints.
type field struct {
	option   string // Long[0] of its option
	viewOnly bool
	value    func(info *vu.Info, inView bool) string
}

// fields are in the order of the output.
var fields = []field{
	{"kernel-name", false, func(i *vu.Info, _ bool) string { return i.Sysname }},
	{"nodename", false, func(i *vu.Info, _ bool) string { return i.Nodename }},
	{"kernel-release", false, func(i *vu.Info, _ bool) string { return i.Release }},
	{"kernel-version", false, func(i *vu.Info, _ bool) string { return i.Version }},
	{"machine", false, func(i *vu.Info, _ bool) string { return i.Machine }},
	{"processor", false, func(*vu.Info, bool) string { return unknown }},
	{"hardware-platform", false, func(*vu.Info, bool) string { return unknown }},
	{"operating-system", false, func(_ *vu.Info, inView bool) string {
		if inView {
			return operatingSystem + viewSuffix
		}
		return operatingSystem
	}},
	{"serverid", true, func(i *vu.Info, _ bool) string { return i.ServerID }},
	{"viewname", true, func(i *vu.Info, _ bool) string { return i.Name }},
}

// describe returns the fields asked for. A view without a name has an empty
// last field, so that scripts can count the blanks.
func describe(p *cli.Parsed, info vu.Info, inView bool) string {
	wanted := make(map[string]bool)
	for _, s := range p.Settings {
		wanted[s.Name] = true
	}
	all := wanted["all"]
	var words []string
	asked := false
	for _, f := range fields {
		if !all && !wanted[f.option] {
			continue
		}
		asked = true
		value := f.value(&info, inView)
		if f.viewOnly && !inView || all && value == unknown {
			continue
		}
		words = append(words, value)
	}
	if !asked {
		return info.Sysname
	}
	return strings.Join(words, " ")
}

func prompt(info vu.Info, inView bool) string {
	switch {
	case !inView:
		return info.Nodename
	case info.Name != "":
		return info.Name
	}
	return fmt.Sprintf("%s[%s]", info.Nodename, info.ServerID)
}
