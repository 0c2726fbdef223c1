// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// group is a set of workloads that share fixtures.
type group struct {
	name  string
	about string
	needs []string // programs
	run   func(*bench) error
}

// groups are all there are, in the order in which they run.
var groups = []group{
	{"empty", "a view with nothing mounted", []string{"umvu", "proot", "git", "gcc", "tar", "find"}, runEmpty},
	{"image", "an ext4 image, kernel FUSE and the kernel's own ext4 against vufuseext2", []string{"umvu", "vumount", "vufuseext2", "mke2fs", "fuse2fs", "fusermount3"}, runImage},
	{"fuse", "the same FUSE server on the kernel's device and on a view's", []string{"umvu", "vu_insmod", "bindfs", "fusermount3"}, runFuse},
	{"disk", "a partition of a virtual disk", []string{"umvu", "vumount", "vufuseext2", "sgdisk", "mkfs.ext4"}, runDisk},
	{"net", "network stacks, beside slirp4netns and pasta", []string{"umvu", "vumount", "vustack", "iperf3", "ping", "ip", "unshare", "nsenter"}, runNet},
}

// Roles that this program has for itself, by its first argument.
var roles = map[string]func(args []string) error{
	"agent": agent,
	"io":    transfer,
	"rate":  rate,
	"ping":  ping,
	"idle":  idle,
}

func main() {
	if len(os.Args) > 1 {
		if role := roles[os.Args[1]]; role != nil {
			exit(role(os.Args[2:]))
		}
	}
	exit(run(os.Args[1:]))
}

func exit(err error) {
	switch {
	case err == nil:
		os.Exit(0)
	case !errors.Is(err, flag.ErrHelp):
		fmt.Fprintln(os.Stderr, "bench:", err)
	}
	os.Exit(1)
}

func run(args []string) error {
	fs := flag.NewFlagSet("bench", flag.ContinueOnError)
	names := fs.String("group", "", "run these groups only, separated by commas")
	rounds := fs.Int("n", 3, "rounds; the best one counts")
	bin := fs.String("bin", "bin", "directory with umvu and its tools")
	fs.Usage = func() {
		fmt.Fprintln(fs.Output(), "Usage: bench [-group NAME,...] [-n ROUNDS] [-bin DIR]")
		fs.PrintDefaults()
		for _, g := range groups {
			fmt.Fprintf(fs.Output(), "  %-6s %s\n", g.name, g.about)
		}
	}
	if err := fs.Parse(args); err != nil {
		return err
	}
	if fs.NArg() > 0 || *rounds < 1 {
		return errors.New("wrong arguments: see -help")
	}
	chosen, err := choose(*names)
	if err != nil {
		return err
	}
	if err := findPrograms(*bin, chosen); err != nil {
		return err
	}
	b, err := newBench(*rounds, os.Stdout)
	if err != nil {
		return err
	}
	defer b.close()
	for _, g := range chosen {
		b.title(g)
		if err := g.run(b); err != nil {
			return fmt.Errorf("%s: %w", g.name, err)
		}
	}
	b.verdict()
	return nil
}

func choose(names string) ([]group, error) {
	if names == "" {
		return groups, nil
	}
	var out []group
	for name := range strings.SplitSeq(names, ",") {
		i := slices.IndexFunc(groups, func(g group) bool { return g.name == name })
		if i < 0 {
			return nil, fmt.Errorf("%s: no such group: see -help", name)
		}
		out = append(out, groups[i])
	}
	return out, nil
}

// findPrograms puts bin in front of PATH, and looks for what the groups need.
func findPrograms(bin string, chosen []group) error {
	bin, err := filepath.Abs(bin)
	if err != nil {
		return err
	}
	if err := os.Setenv("PATH", bin+":"+os.Getenv("PATH")+":/usr/sbin:/sbin"); err != nil {
		return err
	}
	var missing []string
	for _, g := range chosen {
		for _, p := range g.needs {
			if _, err := exec.LookPath(p); err != nil && !slices.Contains(missing, p) {
				missing = append(missing, p)
			}
		}
	}
	if missing != nil {
		return fmt.Errorf("not found: %s", strings.Join(missing, ", "))
	}
	return nil
}
