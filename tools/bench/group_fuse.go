// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
)

// runFuse has bindfs as the server: it does so little itself that the way to it and back is most of what is measured.
func runFuse(b *bench) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	places, stop, err := startAll([]string{"kernel"}, []string{"umvu", "umvu", "-N"})
	if err != nil {
		return err
	}
	defer stop()
	if _, err := places[1].sh("vu_insmod fuse"); err != nil {
		return err
	}
	tree, err := b.smallFiles()
	if err != nil {
		return err
	}
	big, err := b.bigFile()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(big+"/empty", 0o755); err != nil {
		return err
	}
	b.heading(places...)
	limits := []limit{{"umvu", "kernel", 1}}
	for _, set := range []struct {
		name, source, mark string
		rows               []mountRow
	}{
		{"bind-small", tree, "d0", treeRows()},
		{"bind-big", big, "big", append(fileRows(self), changeRows(self, big)...)},
	} {
		var where []mounted
		for _, p := range places {
			dir, err := b.mountPoint(set.name + "-" + p.name)
			if err != nil {
				return err
			}
			where = append(where, mounted{
				place: p, dir: dir, mark: set.mark,
				up: "bindfs " + set.source + " " + dir, down: "fusermount3 -u " + dir,
			})
		}
		if err := b.mountRows(set.rows, limits, where...); err != nil {
			return err
		}
	}
	return b.memory(places[1].pid(), "umvu")
}

// changeRows write below a mount of source. What was written is looked at in source itself.
func changeRows(self, source string) []mountRow {
	return []mountRow{
		{
			name: "write 256 MiB", timed: true,
			run:   fmt.Sprintf(`%s io write "$1/out" - %d %d`, self, 128<<10, bigSize/(128<<10)),
			check: "cksum <" + source + "/out",
			after: `rm "$1/out"`,
		},
		{
			name:  "create, unlink 2,000 files",
			run:   `cd "$1/empty"; i=0; while [ $i -lt 2000 ]; do : >f$i; i=$((i+1)); done; ls | wc -l; rm f*`,
			check: "ls -A " + source + "/empty | wc -l",
		},
	}
}
