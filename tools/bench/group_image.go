// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
)

// imageLimits: at most the time of fuse2fs on the kernel's FUSE.
var imageLimits = []limit{{"umvu", "fuse2fs", 1}}

func runImage(b *bench) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	places, stop, err := startAll([]string{"fuse2fs"}, []string{"umvu", "umvu", "-N"}, []string{"ext4"})
	if err != nil {
		return err
	}
	defer stop()
	if os.Geteuid() != 0 {
		places[2].close()
		places = places[:2]
		fmt.Fprintln(b.out, "  Only root can mount it with the kernel's ext4 beside the two.")
	}
	if _, err := places[1].sh("vu_insmod vufuse"); err != nil {
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
	b.heading(places...)
	for _, set := range []struct {
		name, source, size string
		rows               []mountRow
	}{
		{"small", tree, "64M", treeRows()},
		{"big", big, "320M", fileRows(self)},
	} {
		image := b.dir + "/" + set.name + ".img"
		if _, err := places[0].sh("mke2fs -q -F -t ext4 -d " + set.source + " " + image + " " + set.size); err != nil {
			return err
		}
		where, err := b.imageMounts(image, set.name, places)
		if err != nil {
			return err
		}
		if err := b.mountRows(set.rows, imageLimits, where...); err != nil {
			return err
		}
	}
	return b.memory(places[1].pid(), "umvu")
}

// imageMounts are an image's mounts in the places of runImage.
func (b *bench) imageMounts(image, name string, places []*place) (where []mounted, err error) {
	for i, p := range places {
		m := mounted{place: p, mark: "lost+found"}
		if m.dir, err = b.mountPoint(name + "-" + p.name); err != nil {
			return nil, err
		}
		switch i {
		case 0:
			m.up, m.down = "fuse2fs -o ro "+image+" "+m.dir, "fusermount3 -u "+m.dir
		case 1:
			m.up, m.down = "vumount -t vufuseext2 -o ro "+image+" "+m.dir, "vuumount "+m.dir
		case 2:
			m.up, m.down = "mount -o loop,ro "+image+" "+m.dir, "umount "+m.dir
		}
		where = append(where, m)
	}
	return where, nil
}
