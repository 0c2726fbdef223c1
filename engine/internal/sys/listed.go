// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"encoding/binary"

	"golang.org/x/sys/unix"
	"vuos.dev/engine/internal/guest"
	"vuos.dev/engine/internal/view"
)

// listed is getdents of a directory of the kernel's. To the first entries, those from offset 0 on, mount points
// are added that are to be listed and that the kernel has no entry for. They carry the offset behind
// the kernel's last entry, where the next call goes on, so that nothing has to be remembered.
// getdents(2), the old one, which no C library on amd64 uses, is left alone.
func (c *call) listed(old bool) reply {
	if old || c.s.listed.Load() == 0 {
		return native
	}
	var link [guest.PathMax]byte
	dir, err := guest.FDLink(c.TID(), c.fd(0), link[:])
	if err != nil || len(dir) == 0 || dir[0] != '/' {
		return native
	}
	extra := c.hidden(string(dir))
	if len(extra) == 0 {
		return native
	}
	return c.withFD(c.fd(0), func(own int) reply { return c.direntsWith(own, extra) })
}

// direntsWith answers a getdents64 at offset 0; others are the kernel's.
func (c *call) direntsWith(own int, extra []*view.Mount) reply {
	if at, err := unix.Seek(own, 0, unix.SEEK_CUR); err != nil || at != 0 {
		return native
	}
	var more []byte
	for _, m := range extra {
		more = appendDirent(more, m)
	}
	buf := chunks.Get().(*[]byte)
	defer chunks.Put(buf)
	p := (*buf)[:min(uint64(uint32(c.n.Args[2])), chunkBytes)]
	if len(p) < len(more)+direntMax {
		return native
	}
	c.Block()
	n, err := unix.Getdents(own, p[:len(p)-len(more)])
	if err != nil {
		return c.result(err)
	}
	if n == 0 { // a removed directory
		return ok(0)
	}
	next, err := unix.Seek(own, 0, unix.SEEK_CUR)
	if err != nil {
		return c.result(err)
	}
	for r := more; len(r) > 0; r = r[binary.NativeEndian.Uint16(r[16:]):] {
		binary.NativeEndian.PutUint64(r[8:], uint64(next))
	}
	n += copy(p[n:], more)
	if _, err := c.mem().WriteAt(p[:n], c.n.Args[1]); err != nil {
		_, _ = unix.Seek(own, 0, unix.SEEK_SET)
		return c.result(err)
	}
	return ok(int64(n))
}

// direntMax is the size of the longest linux_dirent64 in bytes.
const direntMax = 280

// appendDirent makes a linux_dirent64 (fs/readdir.c:filldir64) of a mount point.
func appendDirent(b []byte, m *view.Mount) []byte {
	name := view.Base(m.Point())
	size := (19 + len(name) + 1 + 7) &^ 7
	b = binary.NativeEndian.AppendUint64(b, uint64(m.ID))
	b = binary.NativeEndian.AppendUint64(b, 0)
	b = binary.NativeEndian.AppendUint16(b, uint16(size))
	b = append(b, byte(m.Root.Type()>>12))
	b = append(b, name...)
	return append(b, make([]byte, size-19-len(name))...)
}

// hidden are the mount points to be listed in a directory of the host's that has no such names.
func (c *call) hidden(dir string) []*view.Mount {
	var out []*view.Mount
	for _, m := range c.task().View.Mounts().ChildPoints(dir) {
		if !listed(m) {
			continue
		}
		var st unix.Stat_t
		if unix.Lstat(m.Point(), &st) == unix.ENOENT {
			out = append(out, m)
		}
	}
	return out
}
