// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"strconv"
)

// mounted is a file system at a place, which can be mounted and unmounted as often as a row wants it cold.
type mounted struct {
	place    *place
	dir      string // mount point
	mark     string // a path below it that is there only while it is mounted
	up, down string // scripts
}

// mountRow is work on a mounted file system: a script with the mount point's path as $1.
type mountRow struct {
	name  string
	run   string
	check string // what is done to look at the result, untimed
	after string // untimed
	timed bool
	warm  bool // it is done once more, untimed, before it counts; otherwise the file system is mounted anew
}

// mountRows measures rows on the same file system in several places.
func (b *bench) mountRows(rows []mountRow, limits []limit, where ...mounted) error {
	for _, r := range rows {
		w := work{name: r.name, limits: limits}
		for _, m := range where {
			set := "set -- " + m.dir + "\n"
			c := contender{place: m.place, run: set + r.run, timed: r.timed}
			if r.check != "" {
				c.check = set + r.check
			}
			if r.after != "" {
				c.after = set + r.after
			}
			present := "[ -e " + m.dir + "/" + m.mark + " ]"
			if r.warm {
				c.before = present + " || " + m.up + "\n(" + set + r.run + "\n) >/dev/null"
			} else {
				c.before = "if " + present + "; then " + m.down + "; fi\n" + m.up
			}
			w.who = append(w.who, c)
		}
		if err := b.measure(w); err != nil {
			return err
		}
	}
	for _, m := range where {
		if _, err := m.place.sh("if [ -e " + m.dir + "/" + m.mark + " ]; then " + m.down + "; fi"); err != nil {
			return err
		}
	}
	return nil
}

// treeRows read a tree of small files.
func treeRows() []mountRow {
	find := mountRow{name: "find, 5,000 files", run: `cd "$1"; find . -path ./lost+found -prune -o -type f -size +0 -printf '%s %P\n'`}
	tar := mountRow{
		name:  "tar, 5,000 files",
		run:   `tar -cf "$1.tar" --exclude=./lost+found -C "$1" .`,
		check: `tar -xOf "$1.tar" | sort | cksum`,
	}
	return coldAndWarm(find, tar)
}

// fileRows read a file of 256 MiB.
func fileRows(self string) []mountRow {
	io := func(name, kind string, size, count int) mountRow {
		return mountRow{name: name, timed: true, run: self + " io " + kind + ` "$1/big" - ` + strconv.Itoa(size) + " " + strconv.Itoa(count)}
	}
	rows := coldAndWarm(
		io("read 256 MiB", "read", 128<<10, bigSize/(128<<10)),
		io("random 4 KiB, 2,000 times", "randomread", 4096, 2000),
	)
	// Warm is then what was read; here it is the whole file when it is opened.
	cached := io("random 4 KiB, all cached", "randomread", 4096, 2000)
	cached.run, cached.warm = `cat "$1/big" >/dev/null; `+cached.run, true
	return append(rows, cached)
}

func coldAndWarm(rows ...mountRow) (out []mountRow) {
	for _, r := range rows {
		cold, warm := r, r
		cold.name += ", cold"
		warm.name += ", warm"
		warm.warm = true
		out = append(out, cold, warm)
	}
	return out
}

// mountPoint makes a directory to mount on.
func (b *bench) mountPoint(name string) (string, error) {
	dir := b.dir + "/" + name
	return dir, os.MkdirAll(dir, 0o755)
}
