// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"time"
)

// walkthroughLimit is for the whole walkthrough of vudev's documentation, from the start of umvu to its end.
const walkthroughLimit = 3 * time.Second

func runDisk(b *bench) error {
	places, stop, err := startAll([]string{"native"}, []string{"umvu", "umvu", "-N"})
	if err != nil {
		return err
	}
	defer stop()
	if _, err := places[1].sh("vu_insmod vudev vufuse"); err != nil {
		return err
	}
	b.heading(places...)
	if err := b.transferRows(places); err != nil {
		return err
	}
	if err := b.mkfsRow(places); err != nil {
		return err
	}
	if err := b.walkthroughRow(places[0]); err != nil {
		return err
	}
	return b.memory(places[1].pid(), "umvu")
}

// partitioned makes a disk with one partition of that size (as sgdisk has it) at 1 MiB, attaches it in the view and returns the
// partition's path there.
func (b *bench) partitioned(view *place, name, size string) (disk, part string, err error) {
	disk, point := b.dir+"/"+name, b.dir+"/"+name+"-hd"
	_, err = view.sh(fmt.Sprintf(`truncate -s %s %s; truncate -s +4M %[2]s; sgdisk -n 1:2048:+%[1]s %[2]s >/dev/null
		vumount -t vudevpartx %[2]s %[3]s`, size, disk, point))
	return disk, point + "1", err
}

// transferRows transfer 256 MiB through a partition, through a whole disk and through a file of the same content.
func (b *bench) transferRows(places []*place) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	big, err := b.bigFile()
	if err != nil {
		return err
	}
	disk, part, err := b.partitioned(places[1], "disk", "256M")
	if err != nil {
		return err
	}
	plain, image := b.dir+"/plain", b.dir+"/image"
	whole := image + "-hd"
	if _, err := places[1].sh(fmt.Sprintf("truncate -s %d %s; vumount -t vudevloop %[2]s %s", bigSize, image, whole)); err != nil {
		return err
	}
	const block = 128 << 10
	for _, device := range []struct{ name, path, image, seek, sum string }{
		{"partition", part, disk, "1", fmt.Sprintf("sync %s; tail -c +%d %s | head -c %d | cksum", part, 1<<20+1, disk, bigSize)},
		{"whole disk", whole, image, "0", fmt.Sprintf("sync %s; cksum <%s", whole, image)},
	} {
		// Both are written alike, so that the kernel has them in folios of the same size.
		fill := "rm -f %[2]s; for to in '%[2]s' '%[3]s seek=%[4]s'; do eval dd if=%[1]s/big of=$to bs=1M conv=notrunc status=none; done; sync %[2]s %[3]s"
		if _, err := places[0].sh(fmt.Sprintf(fill, big, plain, device.image, device.seek)); err != nil {
			return err
		}
		for _, r := range []struct{ name, kind string }{
			{"256 MiB read", "read"}, {"random 128 KiB reads", "randomread"},
			{"256 MiB written", "write"}, {"random 128 KiB writes", "randomwrite"},
		} {
			w := work{name: device.name + ": " + r.name, limits: []limit{{"umvu", "native", 1.5}}}
			for i, file := range []string{plain, device.path} {
				w.who = append(w.who, contender{
					place: places[i], timed: true,
					run:   fmt.Sprintf("%s io %s %s - %d %d", self, r.kind, file, block, bigSize/block),
					check: "cksum <" + plain,
				})
			}
			w.who[1].check = device.sum
			if err := b.measure(w); err != nil {
				return err
			}
		}
	}
	return nil
}

func (b *bench) mkfsRow(places []*place) error {
	_, part, err := b.partitioned(places[1], "disk10", "10G")
	if err != nil {
		return err
	}
	plain := b.dir + "/plain10"
	if _, err := places[0].sh("truncate -s 10G " + plain); err != nil {
		return err
	}
	w := work{name: "mkfs.ext4, 10 GiB sparse", limits: []limit{{"umvu", "native", 2}}}
	for i, file := range []string{plain, part} {
		w.who = append(w.who, contender{
			place: places[i], run: "mkfs.ext4 -q -F " + file,
			check: "dumpe2fs -h " + file + " 2>/dev/null | grep -E '^(Inode|Block) count|^Free blocks'",
		})
	}
	return b.measure(w)
}

func (b *bench) walkthroughRow(outside *place) error {
	dir, err := b.mountPoint("walk")
	if err != nil {
		return err
	}
	c := contender{place: outside, run: "cd " + dir + "; rm -f disk; mkdir -p mnt; umvu -N sh -ec '" + walkthrough + "'"}
	var least time.Duration
	for range b.rounds {
		r, err := c.once()
		if err != nil {
			return err
		}
		if least == 0 || r.time < least {
			least = r.time
		}
	}
	b.amount("the whole walkthrough", short(least), short(walkthroughLimit), least <= walkthroughLimit)
	return nil
}

const walkthrough = `
	vu_insmod vudev vufuse
	truncate -s 1G disk
	vumount -t vudevpartx disk $PWD/hda 2>/dev/null
	sgdisk -n 1:0:+200M -n 2:0:0 hda >/dev/null
	ls -l hda1 hda2 >/dev/null
	mkfs.ext4 -q hda1
	vumount -t vufuseext2 -o rw+ $PWD/hda1 mnt
	echo ciao >mnt/hello
	[ "$(cat mnt/hello)" = ciao ]
	vuumount mnt
	vuumount hda`
