// SPDX-License-Identifier: Apache-2.0

package vudev

import (
	"encoding/binary"
	"math"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
)

// Requests that package unix has no name for (linux/fs.h, linux/hdreg.h).
const (
	blkDiscardZeroes = 0x127c // nobody may rely on it any more
	blkGetZoneSize   = 0x80041284
	blkGetZones      = 0x80041285
	hdioGetGeo       = 0x0301
)

// Ioctl implements [engine.FileIoctler] as block/ioctl.c:blkdev_ioctl(). What concerns other kinds of
// devices, as CDROM probes, is ENOTTY.
func (f *blockFile) Ioctl(c engine.Call, m engine.Memory, cmd uint32, arg uint64) (int, error) {
	if out := f.answer(cmd); out != nil {
		_, err := m.WriteAt(out, arg)
		return 0, err
	}
	switch cmd {
	case unix.BLKROSET:
		return 0, f.setReadOnly(c, m, arg)
	case unix.BLKRASET, unix.BLKFRASET:
		return 0, nil
	case unix.BLKBSZSET:
		return 0, f.setBlockSize(m, arg)
	case unix.BLKFLSBUF:
		return 0, f.Fsync(c, false)
	case unix.BLKRRPART:
		if f.node != f.node.disk.whole {
			return 0, unix.EINVAL
		}
		return 0, f.node.disk.rescan(c)
	case unix.BLKPG:
		return 0, f.blkpg(c, m, arg)
	case unix.BLKDISCARD, unix.BLKSECDISCARD, unix.BLKZEROOUT:
		return 0, f.ioctlRange(c, m, cmd, arg)
	}
	return f.file.Ioctl(c, m, cmd, arg)
}

// answer is the reply to a request that only asks, or nil.
func (f *blockFile) answer(cmd uint32) []byte {
	e, size := binary.NativeEndian, f.node.size()
	u32 := func(n uint32) []byte { return e.AppendUint32(nil, n) }
	switch cmd {
	case unix.BLKGETSIZE:
		return e.AppendUint64(nil, uint64(size/sectorSize))
	case unix.BLKGETSIZE64:
		return e.AppendUint64(nil, uint64(size))
	case unix.BLKSSZGET, unix.BLKIOMIN:
		return u32(sectorSize)
	case unix.BLKPBSZGET:
		return u32(sectorSize)
	case unix.BLKBSZGET:
		return u32(4096)
	case unix.BLKIOOPT, unix.BLKALIGNOFF:
		return u32(0)
	case unix.BLKROTATIONAL:
		return e.AppendUint16(nil, 0)
	case unix.BLKSECTGET:
		return e.AppendUint16(nil, 2560)
	case unix.BLKRAGET, unix.BLKFRAGET:
		return e.AppendUint64(nil, 256)
	case blkDiscardZeroes, blkGetZoneSize, blkGetZones:
		return u32(0)
	case unix.BLKROGET:
		return u32(truth(f.writable() != nil))
	case hdioGetGeo:
		return geometry(f.node.start, size)
	}
	return nil
}

func truth(b bool) uint32 {
	if b {
		return 1
	}
	return 0
}

// geometry is a struct hd_geometry with the heads and sectors that are usual for large disks.
func geometry(start, size int64) []byte {
	const heads, sectors = 255, 63
	b := make([]byte, 16)
	b[0], b[1] = heads, sectors
	binary.NativeEndian.PutUint16(b[2:], uint16(min(size/sectorSize/(heads*sectors), math.MaxUint16)))
	binary.NativeEndian.PutUint64(b[8:], uint64(start/sectorSize))
	return b
}

// setReadOnly is BLKROSET, which the owner of the device may do. It counts for files opened and for writes
// from now on.
func (f *blockFile) setReadOnly(c engine.Call, m engine.Memory, arg uint64) error {
	var b [4]byte
	if _, err := m.ReadAt(b[:], arg); err != nil {
		return err
	}
	f.node.mu.Lock()
	uid := f.node.attr.uid
	f.node.mu.Unlock()
	if cr := c.Cred(); cr.FSUID != uid && !cr.HasCap(unix.CAP_SYS_ADMIN) {
		return unix.EACCES
	}
	d := f.node.disk
	d.mu.Lock()
	defer d.mu.Unlock()
	f.node.readOnly = binary.NativeEndian.Uint32(b[:]) != 0
	return nil
}

// setBlockSize is BLKBSZSET: there is no buffer cache for which the size would matter.
func (f *blockFile) setBlockSize(m engine.Memory, arg uint64) error {
	var b [4]byte
	if _, err := m.ReadAt(b[:], arg); err != nil {
		return err
	}
	n := binary.NativeEndian.Uint32(b[:])
	if n < sectorSize || n > 4096 || n&(n-1) != 0 {
		return unix.EINVAL
	}
	return nil
}

// ioctlRange is BLKDISCARD, BLKSECDISCARD and BLKZEROOUT.
func (f *blockFile) ioctlRange(c engine.Call, m engine.Memory, cmd uint32, arg uint64) error {
	if f.flags&unix.O_ACCMODE == unix.O_RDONLY {
		return unix.EBADF
	}
	if err := f.writable(); err != nil {
		return err
	}
	if cmd == unix.BLKSECDISCARD {
		return unix.EOPNOTSUPP // nobody can promise that on a file
	}
	var b [16]byte
	if _, err := m.ReadAt(b[:], arg); err != nil {
		return err
	}
	off, length, size := binary.NativeEndian.Uint64(b[:]), binary.NativeEndian.Uint64(b[8:]), uint64(f.node.size())
	if (off|length)&(sectorSize-1) != 0 || length == 0 || off > size || length > size-off {
		return unix.EINVAL
	}
	do := f.zero
	if cmd == unix.BLKDISCARD {
		do = f.discard
	}
	err := do(c, int64(off), int64(length))
	if p := f.node.disk.host.Pages(f.node); p != nil && err == nil {
		p.Zero(int64(off), int64(length))
	}
	return err
}
