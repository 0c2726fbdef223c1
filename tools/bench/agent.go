// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"
)

// request is a shell script that an agent is to run, and answer what came of it.
type request struct{ Script string }

type answer struct {
	Time   time.Duration
	Output string // standard output
	Error  string // exit status and standard error, if it failed
}

// agent runs scripts one after the other, as they come in on standard input. It is what is started natively, in a view, or
// under another program of that kind, so that what it measures is neither's start.
func agent([]string) error {
	in, out := json.NewDecoder(os.Stdin), json.NewEncoder(os.Stdout)
	for {
		var r request
		if err := in.Decode(&r); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
		if err := out.Encode(runScript(r.Script)); err != nil {
			return err
		}
	}
}

func runScript(script string) answer {
	var stdout, stderr strings.Builder
	cmd := exec.Command("/bin/sh", "-ec", script)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	begin := time.Now()
	err := cmd.Run()
	a := answer{Time: time.Since(begin), Output: stdout.String()}
	if err != nil {
		a.Error = fmt.Sprintf("%v: %s", err, strings.TrimSpace(stderr.String()))
	}
	return a
}

// place is where scripts run: natively, or in something.
type place struct {
	name string
	cmd  *exec.Cmd
	in   *json.Encoder
	out  *json.Decoder
	end  io.Closer
}

// start starts an agent; the words in front of its command line are the program it runs in.
func start(name string, in ...string) (*place, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	argv := append(in, self, "agent")
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Stderr = os.Stderr
	w, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	r, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return &place{name: name, cmd: cmd, in: json.NewEncoder(w), out: json.NewDecoder(r), end: w}, nil
}

// sh runs a script, which has no output if there is nothing to run.
func (p *place) sh(script string) (answer, error) {
	if script == "" {
		return answer{}, nil
	}
	var a answer
	if err := p.in.Encode(request{script}); err != nil {
		return a, fmt.Errorf("%s: %w", p.name, err)
	}
	if err := p.out.Decode(&a); err != nil {
		return a, fmt.Errorf("%s: the agent has ended: %w", p.name, err)
	}
	if a.Error != "" {
		return a, fmt.Errorf("%s: %s: %s", p.name, script, a.Error)
	}
	return a, nil
}

// close ends the agent and what it runs in.
func (p *place) close() error {
	p.end.Close()
	return p.cmd.Wait()
}

// pid is that of the program that the agent runs in.
func (p *place) pid() int { return p.cmd.Process.Pid }
