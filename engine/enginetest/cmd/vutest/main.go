// SPDX-License-Identifier: Apache-2.0

// Vutest checks the file system calls of the system it runs on against what Linux does.
//
//	vutest [-run REGEXP] [-v] [-list] [-fs generic|fuse] [-files N] [-timeout D] DIR
//
// It works in a directory of its own below DIR, prints `ok NAME`, `FAIL NAME: what` or
// `skip NAME: proof` for every case and totals at the end, and exits with 1 when a case
// failed, with 2 when it could not start.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"vuos.dev/engine/enginetest/syscalls"
)

func main() {
	syscalls.Main()
	failed, err := run(os.Stdout, os.Stderr, os.Args[1:])
	switch {
	case errors.Is(err, flag.ErrHelp):
		os.Exit(0)
	case err != nil:
		fmt.Fprintln(os.Stderr, "vutest:", err)
		os.Exit(2)
	case failed:
		os.Exit(1)
	}
}

func run(stdout, stderr io.Writer, args []string) (failed bool, err error) {
	fs := flag.NewFlagSet("vutest", flag.ContinueOnError)
	fs.SetOutput(stderr)
	match := fs.String("run", "", "run only cases whose name matches this regular expression")
	list := fs.Bool("list", false, "print the names of the cases and run none")
	verbose := fs.Bool("v", false, "print how long each case took")
	kind := fs.String("fs", string(syscalls.Generic), "what to expect of DIR: generic or fuse")
	files := fs.Int("files", 5000, "how many files to hold open at once")
	timeout := fs.Duration("timeout", 20*time.Second, "fail a case that takes longer")
	if err := fs.Parse(args); err != nil {
		return false, err
	}
	re, err := regexp.Compile(*match)
	if err != nil {
		return false, err
	}
	if *list {
		return false, printNames(stdout, re)
	}
	if fs.NArg() != 1 {
		return false, errors.New("exactly one directory is needed")
	}
	o := syscalls.Options{Match: re, FS: syscalls.FileSystem(*kind), Files: *files,
		Timeout: *timeout, Verbose: *verbose, Out: stdout}
	if o.FS != syscalls.Generic && o.FS != syscalls.FUSE {
		return false, fmt.Errorf("-fs %s: not generic or fuse", *kind)
	}
	if o.Dir, err = filepath.Abs(fs.Arg(0)); err != nil {
		return false, err
	}
	r, err := syscalls.Run(o)
	return r.Failed > 0, err
}

func printNames(w io.Writer, re *regexp.Regexp) error {
	for _, c := range syscalls.All() {
		if re.MatchString(c.Name) {
			if _, err := fmt.Fprintln(w, c.Name); err != nil {
				return err
			}
		}
	}
	return nil
}
