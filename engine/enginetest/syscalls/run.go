// SPDX-License-Identifier: Apache-2.0

package syscalls

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"
)

// Options choose what [Run] does.
type Options struct {
	Dir     string         // existing directory to work below
	Match   *regexp.Regexp // run only cases whose name matches; nil is all
	FS      FileSystem     // what to expect of Dir
	Files   int            // descriptors the case limit/many-open-files holds at once
	Timeout time.Duration  // a case that takes longer is killed and failed
	Verbose bool           // print each case with its duration as it starts and ends
	Out     io.Writer
}

// Result counts outcomes.
type Result struct{ Passed, Failed, Skipped int }

// nobody is the user and group id of a user without privileges.
const nobody = 65534

// Run runs the chosen cases one after the other, each in a process of its own that is
// this program again: the program's main must call [Main] first. It prints a line per
// case, `ok NAME`, `FAIL NAME: what` or `skip NAME: proof`, and a last line of totals.
func Run(o Options) (Result, error) {
	top, err := os.MkdirTemp(o.Dir, "vutest")
	if err != nil {
		return Result{}, fmt.Errorf("scratch directory: %w", err)
	}
	if err := os.Chmod(top, 0o755); err != nil {
		return Result{}, fmt.Errorf("scratch directory: %w", err)
	}
	var r Result
	stuck := false
	for _, c := range All() {
		if o.Match == nil || o.Match.MatchString(c.Name) {
			got := runApart(o, c, top)
			stuck = stuck || got.stuck
			r.count(o, c, got)
		}
	}
	if !stuck {
		if err := os.RemoveAll(top); err != nil {
			return r, fmt.Errorf("scratch directory: %w", err)
		}
	}
	_, err = fmt.Fprintf(o.Out, "%d passed, %d failed, %d skipped\n", r.Passed, r.Failed, r.Skipped)
	return r, err
}

// outcome is what came of one case.
type outcome struct {
	code int
	text string
	took time.Duration

	stuck bool // the process is still there
}

// killPatience is how long a killed process may take to end, before it is left behind.
const killPatience = 5 * time.Second

func (r *Result) count(o Options, c Case, got outcome) {
	what := strings.ReplaceAll(strings.TrimSpace(got.text), "\n", "; ")
	took := ""
	if o.Verbose {
		took = fmt.Sprintf(" (%v)", got.took.Round(time.Millisecond))
	}
	switch got.code {
	case exitPass:
		r.Passed++
		fmt.Fprintf(o.Out, "ok %s%s\n", c.Name, took)
	case exitSkip:
		r.Skipped++
		fmt.Fprintf(o.Out, "skip %s: %s%s\n", c.Name, what, took)
	default:
		r.Failed++
		fmt.Fprintf(o.Out, "FAIL %s: %s%s\n", c.Name, what, took)
	}
}

// runApart runs a case in a new process and a new directory, which must be removable
// afterwards.
func runApart(o Options, c Case, top string) outcome {
	if c.Need == Root && os.Geteuid() != 0 {
		return outcome{code: exitSkip, text: fmt.Sprintf("euid is %d, not 0", os.Geteuid())}
	}
	dir := filepath.Join(top, strings.ReplaceAll(c.Name, "/", "-"))
	if err := os.Mkdir(dir, 0o755); err != nil {
		return outcome{code: exitFail, text: err.Error()}
	}
	start := time.Now()
	got := runProcess(o, c, dir)
	got.took = time.Since(start)
	if got.stuck {
		return got
	}
	if err := os.RemoveAll(dir); err != nil {
		got.code = exitFail
		got.text += "\ncannot clean up: " + err.Error()
	}
	return got
}

func runProcess(o Options, c Case, dir string) outcome {
	ctx, stop := context.WithTimeout(context.Background(), o.Timeout)
	defer stop()
	cmd := exec.CommandContext(ctx, self, caseFlag, c.Name, dir, string(o.FS), fmt.Sprint(o.Files))
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if c.Need == User && os.Geteuid() == 0 {
		if err := os.Chown(dir, nobody, nobody); err != nil {
			return outcome{code: exitFail, text: err.Error()}
		}
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: nobody, Gid: nobody}
	}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
	ended := make(chan error, 1)
	go func() { ended <- cmd.Run() }()
	var err error
	select {
	case err = <-ended:
	case <-time.After(o.Timeout + killPatience):
		return outcome{code: exitFail, stuck: true, text: "does not even die by SIGKILL"}
	}
	if ctx.Err() != nil {
		return outcome{code: exitFail, text: fmt.Sprintf("killed after %v; %s", o.Timeout, firstLines(out.String()))}
	}
	code := exitCode(err)
	if code != exitPass && code != exitSkip && out.Len() == 0 {
		fmt.Fprint(&out, err)
	}
	return outcome{code: code, text: firstLines(out.String())}
}

// firstLines shortens what a crashing Go program prints.
func firstLines(s string) string {
	const most = 1500 // bytes
	if len(s) > most {
		return s[:most] + "..."
	}
	return s
}
