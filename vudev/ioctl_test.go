// SPDX-License-Identifier: Apache-2.0

package vudev_test

import (
	"bytes"
	"encoding/binary"
	"testing"

	"golang.org/x/sys/unix"

	"vuos.dev/vudev/vudevtest"
)

// What each request that only asks is answered, on a disk of 65536 sectors and its partition of 1000 at 2048.
func TestAnswers(t *testing.T) {
	m := vudevtest.Mount(t, disk(partitioned(65536, entry{0x83, 2048, 1000})), "none", "")
	type answer = map[uint32][]byte
	u16 := func(n uint16) []byte { return binary.NativeEndian.AppendUint16(nil, n) }
	u32 := func(n uint32) []byte { return binary.NativeEndian.AppendUint32(nil, n) }
	u64 := func(n uint64) []byte { return binary.NativeEndian.AppendUint64(nil, n) }
	geo := func(cylinders uint16, start uint64) []byte {
		return append(append([]byte{255, 63}, u16(cylinders)...), append(make([]byte, 4), u64(start)...)...)
	}
	both := answer{
		unix.BLKSSZGET: u32(512), unix.BLKPBSZGET: u32(512), unix.BLKIOMIN: u32(512), unix.BLKIOOPT: u32(0),
		unix.BLKALIGNOFF: u32(0), unix.BLKBSZGET: u32(4096), unix.BLKROGET: u32(0), unix.BLKRAGET: u64(256),
		unix.BLKFRAGET: u64(256), unix.BLKROTATIONAL: u16(0), unix.BLKSECTGET: u16(2560), 0x127c: u32(0), 0x80041284: u32(0), 0x80041285: u32(0),
	}
	own := map[string]answer{
		"":  {unix.BLKGETSIZE: u64(65536), unix.BLKGETSIZE64: u64(65536 * 512), 0x301: geo(4, 0)},
		"1": {unix.BLKGETSIZE: u64(1000), unix.BLKGETSIZE64: u64(1000 * 512), 0x301: geo(0, 2048)},
	}
	for number, more := range own {
		f := m.Open(number, unix.O_RDONLY)
		for _, answers := range []answer{both, more} {
			for cmd, want := range answers {
				mem := make(vudevtest.Memory, len(want))
				if err := f.Ioctl(cmd, mem); err != nil || !bytes.Equal(mem, want) {
					t.Errorf("%q %#x: %v, %v; want %v", number, cmd, mem, err, want)
				}
				if err := f.Ioctl(cmd, mem[:len(mem)-1]); err != unix.EFAULT {
					t.Errorf("%q %#x to a bad address: %v", number, cmd, err)
				}
			}
		}
		for _, cmd := range []uint32{0x5310, 0x5326, 0x5401, 0x2285, 0x12ff} { // CDROM_*, TCGETS, SG_IO, what there is not
			if err := f.Ioctl(cmd, make(vudevtest.Memory, 64)); err != unix.ENOTTY {
				t.Errorf("%q %#x: %v, want ENOTTY", number, cmd, err)
			}
		}
	}
}

// What the requests on a range do, and refuse (block/ioctl.c:blk_ioctl_discard(), blk_ioctl_zeroout()).
func TestRanges(t *testing.T) {
	d := partitioned(4096, entry{0x83, 8, 64})
	m := vudevtest.Mount(t, disk(d), "none", "")
	f, ro := m.Open("1", unix.O_RDWR), m.Open("1", unix.O_RDONLY)
	const length = 64 * 512
	for _, r := range []struct {
		cmd      uint32
		off, len uint64
		want     error
	}{
		{unix.BLKDISCARD, 0, length, nil}, {unix.BLKZEROOUT, 0, length, nil}, {unix.BLKZEROOUT, 512, 0, unix.EINVAL},
		{unix.BLKDISCARD, 1, 512, unix.EINVAL}, {unix.BLKDISCARD, 0, 511, unix.EINVAL},
		{unix.BLKDISCARD, 0, length + 512, unix.EINVAL}, {unix.BLKZEROOUT, 1<<63 + 512, 1 << 63, unix.EINVAL},
		{unix.BLKSECDISCARD, 0, 512, unix.EOPNOTSUPP},
	} {
		f.Pwrite(bytes.Repeat([]byte{7}, length), 0)
		d.data[72*512] = 7
		if err := f.Ioctl(r.cmd, vudevtest.Words(r.off, r.len)); err != r.want {
			t.Errorf("%#x %d %d: %v, want %v", r.cmd, r.off, r.len, err, r.want)
			continue
		}
		got, want := make([]byte, length), bytes.Repeat([]byte{7}, length)
		if f.Pread(got, 0); r.want == nil {
			clear(want[r.off : r.off+r.len])
		}
		if !bytes.Equal(got, want) || d.data[72*512] != 7 {
			t.Errorf("%#x %d %d: other bytes", r.cmd, r.off, r.len)
		}
		if err := ro.Ioctl(r.cmd, vudevtest.Words(r.off, r.len)); err != unix.EBADF {
			t.Errorf("%#x on a file open for reading: %v", r.cmd, err)
		}
	}
	if err := f.Ioctl(unix.BLKDISCARD, vudevtest.Words(0)); err != unix.EFAULT {
		t.Errorf("bad address: %v", err)
	}
}

// A device that cannot discard says so, and is made zeros by writing them.
func TestNoDiscard(t *testing.T) {
	d := partitioned(4096).memory
	f := vudevtest.Mount(t, disk(d), "none", "").Open("", unix.O_RDWR)
	copy(d.data[1024:], "text")
	if err := f.Ioctl(unix.BLKDISCARD, vudevtest.Words(1024, 512)); err != unix.EOPNOTSUPP {
		t.Errorf("discard: %v", err)
	}
	if err := f.Ioctl(unix.BLKZEROOUT, vudevtest.Words(1024, 512)); err != nil || d.data[1024] != 0 {
		t.Errorf("zeroout: %v", err)
	}
}

// The modes of fallocate(2) that block/fops.c:blkdev_fallocate() knows.
func TestFallocate(t *testing.T) {
	d := partitioned(4096)
	f := vudevtest.Mount(t, disk(d), "none", "").Open("", unix.O_RDWR)
	const keep, punch, zero = unix.FALLOC_FL_KEEP_SIZE, unix.FALLOC_FL_PUNCH_HOLE, unix.FALLOC_FL_ZERO_RANGE
	for _, a := range []struct {
		mode     uint32
		off, len int64
		want     error
	}{
		{punch | keep, 1024, 512, nil}, {zero, 1024, 512, nil}, {zero | keep, 1024, 1 << 40, nil}, {0, 1024, 512, unix.EOPNOTSUPP},
		{punch, 1024, 512, unix.EOPNOTSUPP}, {unix.FALLOC_FL_COLLAPSE_RANGE, 0, 512, unix.EOPNOTSUPP},
		{zero, 1024, 1 << 40, unix.EINVAL}, {zero, 4096 * 512, 512, unix.EINVAL}, {zero, 1, 512, unix.EINVAL},
	} {
		copy(d.data[1024:], "text")
		if err := f.Fallocate(a.mode, a.off, a.len); err != a.want || (d.data[1024] == 0) != (a.want == nil) {
			t.Errorf("%#x %d %d: %v, want %v; byte %d", a.mode, a.off, a.len, err, a.want, d.data[1024])
		}
	}
}
