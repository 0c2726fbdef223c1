// SPDX-License-Identifier: Apache-2.0

package volume

import "time"

// extraFits tells whether the inode's extra part holds the field that ends at end.
func (in *inode) extraFits(end int) bool {
	return len(in.raw) >= end && len(in.raw) > goodOldInodeLen+2 && goodOldInodeLen+int(in.u16(inExtra)) >= end
}

// Times have 32 signed bits of seconds since 1970; the extra word adds two bits of epoch above them and 30 bits of
// nanoseconds (fs/ext4/ext4.h, "Extended fields will fit into an inode").

func (in *inode) timeAt(off, extra int) time.Time {
	sec := int64(int32(in.u32(off)))
	if !in.extraFits(extra + 4) {
		return time.Unix(sec, 0)
	}
	x := in.u32(extra)
	return time.Unix(sec+int64(x&3)<<32, int64(x>>2))
}

func (in *inode) setTimeAt(off, extra int, t time.Time) {
	sec := t.Unix()
	if !in.extraFits(extra + 4) {
		in.setU32(off, uint32(int32(min(max(sec, -1<<31), 1<<31-1))))
		return
	}
	sec = min(max(sec, -1<<31), 1<<34-1-1<<31)
	in.setU32(off, uint32(sec))
	epoch := uint32((sec-int64(int32(uint32(sec))))>>32) & 3
	in.setU32(extra, epoch|uint32(t.Nanosecond())<<2)
}

func (in *inode) atime() time.Time { return in.timeAt(inAtime, inAtimeX) }
func (in *inode) mtime() time.Time { return in.timeAt(inMtime, inMtimeX) }
func (in *inode) ctime() time.Time { return in.timeAt(inCtime, inCtimeX) }

func (in *inode) setAtime(t time.Time) { in.setTimeAt(inAtime, inAtimeX, t) }
func (in *inode) setMtime(t time.Time) { in.setTimeAt(inMtime, inMtimeX, t) }
func (in *inode) setCtime(t time.Time) { in.setTimeAt(inCtime, inCtimeX, t) }

// btime is the time of creation; ok is false where the inode has no room for it.
func (in *inode) btime() (t time.Time, ok bool) {
	if !in.extraFits(inCrtime + 4) {
		return time.Time{}, false
	}
	return in.timeAt(inCrtime, inCrtimeX), true
}

func (in *inode) setBtime(t time.Time) {
	if in.extraFits(inCrtime + 4) {
		in.setTimeAt(inCrtime, inCrtimeX, t)
	}
}
