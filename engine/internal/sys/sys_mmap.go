// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"bytes"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
	"vuos.dev/engine/internal/fdesc"
)

// sysMmap loads what is going to be mapped into the stand-in, which the kernel then maps.
func sysMmap(c *call) reply {
	f := c.file(c.fd(4))
	if f == nil {
		if x := c.datagram(c.fd(4)); x != nil {
			return c.mapSocket(x)
		}
		return native
	}
	prot, flags := c.fd(2), c.fd(3)
	m := posOf(f).Mount
	acc := f.Flags & unix.O_ACCMODE
	shared := flags&unix.MAP_TYPE != unix.MAP_PRIVATE
	switch {
	case f.Flags&unix.O_PATH != 0:
		return fail(unix.EBADF)
	case f.Node.Type() != unix.S_IFREG && f.Node.Type() != unix.S_IFBLK && !f.Backed():
		return fail(unix.ENODEV)
	case acc == unix.O_WRONLY, shared && prot&unix.PROT_WRITE != 0 && acc != unix.O_RDWR:
		return fail(unix.EACCES)
	case prot&unix.PROT_EXEC != 0 && m != nil && m.Flags()&unix.MS_NOEXEC != 0:
		return fail(unix.EPERM)
	case c.n.Args[1] == 0 || int64(c.n.Args[1]) < 0 || int64(c.n.Args[5]) < 0 || c.n.Args[5]&4095 != 0:
		return native // the kernel knows why
	}
	if shared && acc == unix.O_RDWR {
		prot |= unix.PROT_WRITE // mprotect may allow it later
	}
	if err := f.Map(c, int64(c.n.Args[5]), int64(c.n.Args[1]), prot, flags); err != nil {
		return c.result(err)
	}
	return native
}

// sysMremap loads what a growing mapping of a virtual file will show.
func sysMremap(c *call) reply {
	if c.s.files.Live() == 0 || c.n.Args[2] <= c.n.Args[1] {
		return native
	}
	maps, err := c.mappings(c.n.Args[0], max(c.n.Args[1], 1))
	if err != nil || len(maps) != 1 {
		return native
	}
	m := maps[0]
	if err := m.file.Map(c, m.off, int64(c.n.Args[2]), unix.PROT_READ|unix.PROT_WRITE, m.flags); err != nil {
		return c.result(err)
	}
	return native
}

// mapping is a part of a guest's address space that maps a virtual file.
type mapping struct {
	file   *fdesc.Open
	off    int64
	length int64
	flags  int // MAP_SHARED or MAP_PRIVATE
}

// mappings finds the mappings of virtual files in a range of the guest's addresses.
func (c *call) mappings(addr, length uint64) ([]mapping, error) {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(c.TID()) + "/maps")
	if err != nil {
		return nil, err
	}
	var out []mapping
	for line := range bytes.Lines(b) {
		// 7f0-7f1 rw-s 00001000 00:1b 42   /dir/o7
		f := bytes.Fields(line)
		if len(f) < 6 {
			continue
		}
		o := c.s.files.ByLinkBytes(f[5])
		if o == nil {
			continue
		}
		lo, hi, _ := bytes.Cut(f[0], []byte("-"))
		first, end, off := hex(lo), hex(hi), hex(f[2])
		first2, end2 := max(first, addr), min(end, addr+length)
		if first2 < end2 {
			flags := unix.MAP_PRIVATE
			if bytes.HasSuffix(f[1], []byte("s")) {
				flags = unix.MAP_SHARED
			}
			out = append(out, mapping{o, int64(off + first2 - first), int64(end2 - first2), flags})
		}
	}
	return out, nil
}

func hex(b []byte) uint64 {
	n, err := strconv.ParseUint(string(b), 16, 64)
	if err != nil {
		return 0
	}
	return n
}
