// SPDX-License-Identifier: Apache-2.0

package vudev_test

import (
	"encoding/binary"
	"testing"

	"golang.org/x/sys/unix"

	"vuos.dev/vudev/vudevtest"
)

// A table that is rewritten takes effect at BLKRRPART, fsync or close; not while a partition is in use.
func TestRescan(t *testing.T) {
	d := partitioned(4096, entry{0x83, 8, 16})
	m := vudevtest.Mount(t, disk(d), "none", "")
	f := m.Open("", unix.O_RDWR)
	table := make([]byte, 512)
	write := func(entries ...entry) {
		t.Helper()
		putMBR(table, entries...)
		if n, err := f.Pwrite(table, 0); n != 512 || err != nil {
			t.Fatal(n, err)
		}
	}
	for name, take := range map[string]func() error{
		"fsync": f.Fsync, "close": f.Flush,
		"BLKRRPART": func() error { return f.Ioctl(unix.BLKRRPART, nil) },
		"BLKFLSBUF": func() error { return f.Ioctl(unix.BLKFLSBUF, nil) },
	} {
		write(entry{0x83, 8, 16}, entry{0x83, 100, 16})
		if err := take(); err != nil || m.Parts() != "1 2" {
			t.Errorf("%s: %v, partitions %s", name, err, m.Parts())
		}
		write(entry{0x83, 8, 16})
		if err := take(); err != nil || m.Parts() != "1" {
			t.Errorf("%s: %v, partitions %s", name, err, m.Parts())
		}
	}
	part := m.Open("1", unix.O_RDWR)
	write()
	if err := f.Ioctl(unix.BLKRRPART, nil); err != unix.EBUSY || m.Parts() != "1" {
		t.Errorf("in use: %v, partitions %s", err, m.Parts())
	}
	if err := part.Ioctl(unix.BLKRRPART, nil); err != unix.EINVAL {
		t.Errorf("BLKRRPART of a partition: %v", err)
	}
	if n, err := part.Pwrite([]byte("still there"), 0); n != 11 || err != nil || string(d.data[8*512:][:11]) != "still there" {
		t.Errorf("write to the old partition: %d, %v", n, err)
	}
	part.Close()
	if err := f.Ioctl(unix.BLKRRPART, nil); err != nil || m.Parts() != "" {
		t.Errorf("no longer in use: %v, partitions %s", err, m.Parts())
	}
}

// pg is the memory of a BLKPG: struct blkpg_ioctl_arg, and behind it struct blkpg_partition (block/ioctl.c:blkpg_do_ioctl()).
func pg(op uint32, number uint32, start, length uint64) vudevtest.Memory {
	m := make(vudevtest.Memory, 24+20)
	binary.NativeEndian.PutUint32(m, op)
	binary.NativeEndian.PutUint64(m[16:], 24)
	binary.NativeEndian.PutUint64(m[24:], start)
	binary.NativeEndian.PutUint64(m[32:], length)
	binary.NativeEndian.PutUint32(m[40:], number)
	return m
}

func TestBLKPG(t *testing.T) {
	const add, del, resize = 1, 2, 3
	m := vudevtest.Mount(t, disk(partitioned(4096)), "none", "")
	f := m.Open("", unix.O_RDWR)
	step := func(op, number uint32, start, sectors uint64, want error, parts string) {
		t.Helper()
		if err := f.Ioctl(unix.BLKPG, pg(op, number, start*512, sectors*512)); err != want || m.Parts() != parts {
			t.Errorf("%v, partitions %q; want %v, %q", err, m.Parts(), want, parts)
		}
	}
	step(add, 1, 8, 16, nil, "1")
	step(add, 1, 100, 16, unix.EBUSY, "1") // the number is taken
	step(add, 2, 20, 16, unix.EBUSY, "1")  // overlaps
	step(add, 2, 24, 16, nil, "1 2")
	step(add, 3, 4000, 200, unix.EINVAL, "1 2") // behind the end
	step(add, 0, 100, 1, unix.EINVAL, "1 2")
	step(resize, 1, 8, 17, unix.EBUSY, "1 2")
	step(resize, 2, 24, 100, nil, "1 2")
	step(resize, 3, 24, 100, unix.ENXIO, "1 2")
	step(del, 3, 0, 0, unix.ENXIO, "1 2")
	step(9, 1, 8, 16, unix.EINVAL, "1 2")
	two := m.Open("2", unix.O_RDWR)
	if size, _ := two.Size(); size != 100*512 {
		t.Errorf("%d bytes after it was resized", size)
	}
	step(del, 2, 0, 0, unix.EBUSY, "1 2")
	if err := two.Ioctl(unix.BLKPG, pg(del, 1, 0, 0)); err != unix.EINVAL {
		t.Errorf("BLKPG of a partition: %v", err)
	}
	two.Close()
	step(del, 2, 0, 0, nil, "1")
}
