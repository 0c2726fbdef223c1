// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// emptyLimits are those of whole commands: against native, and half of what proot takes.
func emptyLimits(most float64) []limit {
	return []limit{{"umvu", "native", most}, {"umvu", "proot", 0.5}}
}

func runEmpty(b *bench) error {
	places, stop, err := startAll([]string{"native"}, []string{"umvu", "umvu", "-N"}, []string{"proot", "proot"})
	if err != nil {
		return err
	}
	defer stop()
	b.heading(places...)
	if err := b.startRow(places); err != nil {
		return err
	}
	if err := b.descriptorRows(places); err != nil {
		return err
	}
	if err := b.commandRows(places); err != nil {
		return err
	}
	return b.memory(places[1].pid(), "umvu")
}

// startRow is the start and end of each, measured from outside.
func (b *bench) startRow(places []*place) error {
	w := work{name: "start and end"}
	for i, cmd := range []string{"/bin/true", "umvu -N /bin/true", "proot /bin/true"} {
		outside := *places[0]
		outside.name = places[i].name
		w.who = append(w.who, contender{place: &outside, run: cmd})
	}
	return b.measure(w)
}

// descriptorRows are calls on descriptors of the kernel's.
func (b *bench) descriptorRows(places []*place) error {
	file := filepath.Join(b.dir, "byte")
	if err := os.WriteFile(file, []byte{1}, 0o644); err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	for _, r := range []struct {
		kind, file string
		fd, count  int
	}{
		{"read", "/dev/zero", 7, 50_000}, {"pread", file, 7, 50_000}, {"write", "/dev/null", 7, 50_000},
		{"read", "/dev/zero", 0, 5_000}, {"pread", file, 0, 5_000}, {"write", "/dev/null", 0, 5_000},
	} {
		w := work{name: fmt.Sprintf("%s 1 byte, fd %d, x%d", r.kind, r.fd, r.count)}
		w.who = everywhere(fmt.Sprintf("%s io %s %s %d 1 %d", self, r.kind, r.file, r.fd, r.count), places...)
		for i := range w.who {
			w.who[i].timed = true
		}
		if r.fd > 2 {
			w.limits = []limit{{"umvu", "native", 1.3}}
		}
		if err := b.measure(w); err != nil {
			return err
		}
	}
	return nil
}

// commandRows are whole commands.
func (b *bench) commandRows(places []*place) error {
	tree, err := b.smallFiles()
	if err != nil {
		return err
	}
	if err := makeRepository(places[0], tree); err != nil {
		return err
	}
	source := filepath.Join(b.dir, "source.c")
	if err := os.WriteFile(source, []byte(cSource), 0o644); err != nil {
		return err
	}
	scratch := func(name string) string { return filepath.Join(b.dir, name) }
	for _, r := range []struct {
		name       string
		run, check string
		most       float64
	}{
		{"find, 5,000 files", "find " + tree + " -path '*/.git' -prune -o -size +0 -printf '%s %p\\n'", "", 4.5},
		{"tar, 5,000 files", "tar -cf " + scratch("t.tar") + " --exclude=.git -C " + tree + " .", "cksum " + scratch("t.tar"), 3.6},
		{"git status, 10 times", "cd " + tree + strings.Repeat("; git status --porcelain", 10), "", 4},
		{"gcc -c, 5 times", strings.Repeat("gcc -O1 -c -o "+scratch("o.o")+" "+source+";", 5), "cksum " + scratch("o.o"), 2.2},
		{"fork and exec, 200 times", "i=0; while [ $i -lt 200 ]; do /bin/true; i=$((i+1)); done; echo $i", "", 1.5},
	} {
		w := work{name: r.name, who: everywhere(r.run, places...), limits: emptyLimits(r.most)}
		for i := range w.who {
			w.who[i].check = r.check
		}
		if err := b.measure(w); err != nil {
			return err
		}
	}
	return nil
}

func makeRepository(native *place, tree string) error {
	_, err := native.sh("cd " + tree + `
		git -c init.defaultBranch=main init -q .
		git add .
		git -c user.name=bench -c user.email=bench@localhost -c gc.auto=0 commit -q -m all
		sleep 1.1 # newer than the index: git need not look into the files
		git status --porcelain`)
	return err
}

const cSource = `#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct stat st;
	for (int i = 1; i < argc; i++)
		if (stat(argv[i], &st) == 0)
			printf("%s %lld\n", argv[i], (long long)st.st_size);
	return 0;
}
`
