// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strconv"
	"strings"

	"vuos.dev/engine"
	"vuos.dev/engine/abi"
	"vuos.dev/tools/vuutils/cli"
	"vuos.dev/tools/vuutils/vu"
)

// options are those of the command line.
type options struct {
	rc        string // file to run first; empty for the usual ones
	noRC      bool
	name      string
	noNesting bool
	tags      string   // debug tags
	colors    []string // each TAGS:COLOURS
	level     engine.Level
	syslog    *engine.Level
	argv      []string // the command
}

// readOptions checks what the command line says. The error is a message for the user.
func readOptions(p *cli.Parsed) (*options, error) {
	o := &options{level: engine.LogWarning, argv: p.Operands}
	for _, s := range p.Settings {
		if err := o.set(s.Name, s.Value); err != nil {
			return nil, err
		}
	}
	if len(o.argv) == 0 {
		return nil, fmt.Errorf("no command given")
	}
	return o, nil
}

func (o *options) set(name, value string) (err error) {
	switch name {
	case "rc":
		o.rc = value
	case "norc":
		o.noRC = true
	case "vu_name":
		if len(value) >= abi.UTSLen {
			return fmt.Errorf("the name of a view has at most %d bytes", abi.UTSLen-1)
		}
		o.name = value
	case "nonesting":
		o.noNesting = true
	case "debugtags":
		o.tags += value
		return checkTags(value)
	case "debugcols":
		o.colors = append(o.colors, value)
		tags, _, ok := strings.Cut(value, ":")
		if !ok {
			return fmt.Errorf("'%s': colours come after a colon", value)
		}
		return checkTags(tags)
	case "loglevel":
		o.level, err = readLevel(value)
	case "syslog":
		var l engine.Level
		l, err = readLevel(value)
		o.syslog = &l
	}
	return err
}

func checkTags(tags string) error {
	for _, r := range tags {
		if !strings.ContainsRune(vu.DebugTags, r) {
			return fmt.Errorf("'%c' is not a debug tag", r)
		}
	}
	return nil
}

func readLevel(s string) (engine.Level, error) {
	n, err := strconv.ParseUint(s, 10, 8)
	if err != nil || n > uint64(engine.LogDebug) {
		return 0, fmt.Errorf("'%s' is not a level: 0 to %d", s, engine.LogDebug)
	}
	return engine.Level(n), nil
}
