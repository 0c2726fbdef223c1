// SPDX-License-Identifier: Apache-2.0

package syscalls

import (
	"bytes"
	"encoding/binary"

	"golang.org/x/sys/unix"
)

var statfsCases = []Case{
	{"statfs/plausible", Anyone, statfsPlausible},
	{"statfs/layout", Anyone, statfsLayout},
	{"statfs/forms-agree", Anyone, statfsForms},
	{"statfs/errors", Anyone, statfsErrors},
}

func statfsPlausible(t *T) {
	var s unix.Statfs_t
	t.Do(unix.SYS_STATFS, t.Dir, &s)
	t.Check(s.Bsize > 0, "f_bsize is %d", s.Bsize)
	t.Check(s.Bfree <= s.Blocks && s.Bavail <= s.Bfree, "blocks %d, free %d, available %d", s.Blocks, s.Bfree, s.Bavail)
	t.Check(s.Ffree <= s.Files, "files %d, free %d", s.Files, s.Ffree)
	t.Check(s.Namelen >= 255, "f_namelen is %d", s.Namelen)
	t.Check(s.Type != 0, "f_type is 0")
	t.Check(s.Flags&unix.ST_RDONLY == 0, "f_flags %#x say read-only", s.Flags)
	t.Do(unix.SYS_STATFS, "/proc", &s)
	same(t, "f_type of /proc", s.Type, unix.PROC_SUPER_MAGIC)
	same(t, "f_blocks of /proc", s.Blocks, 0)
}

// struct statfs of x86-64 has 120 bytes.
func statfsLayout(t *T) {
	b := bytes.Repeat([]byte{0xaa}, 136)
	t.Do(unix.SYS_STATFS, "/proc", b)
	le := binary.LittleEndian
	same(t, "f_type", le.Uint64(b), unix.PROC_SUPER_MAGIC)
	same(t, "f_bsize", le.Uint64(b[8:]), pageSize)
	same(t, "f_namelen", le.Uint64(b[64:]), 255)
	same(t, "f_spare", string(b[88:120]), string(make([]byte, 32)))
	same(t, "behind the structure", string(b[120:]), string(bytes.Repeat([]byte{0xaa}, 16)))
}

func statfsForms(t *T) {
	var a, b unix.Statfs_t
	p := t.File("f", "abc")
	t.Do(unix.SYS_STATFS, t.Dir, &a)
	for _, how := range []func(){
		func() { t.Do(unix.SYS_STATFS, p, &b) },
		func() { t.Do(unix.SYS_STATFS, t.Symlink("f", "l"), &b) },
		func() { t.Do(unix.SYS_FSTATFS, t.Open(p, unix.O_RDONLY, 0), &b) },
		func() { t.Do(unix.SYS_FSTATFS, t.OpenDir(), &b) },
		func() { t.Do(unix.SYS_FSTATFS, t.Open(p, unix.O_PATH, 0), &b) },
	} {
		b = unix.Statfs_t{}
		how()
		same(t, "f_type", b.Type, a.Type)
		same(t, "f_fsid", b.Fsid, a.Fsid)
		same(t, "f_bsize", b.Bsize, a.Bsize)
		same(t, "f_blocks", b.Blocks, a.Blocks)
	}
}

func statfsErrors(t *T) {
	var s unix.Statfs_t
	t.Fails(unix.ENOENT, unix.SYS_STATFS, t.Path("no"), &s)
	t.Fails(unix.ENOENT, unix.SYS_STATFS, "", &s)
	t.Fails(unix.ENOTDIR, unix.SYS_STATFS, t.File("f", "")+"/x", &s)
	t.Fails(unix.EFAULT, unix.SYS_STATFS, t.Dir, nil)
	t.Fails(unix.EFAULT, unix.SYS_STATFS, nil, &s)
	t.Fails(unix.EBADF, unix.SYS_FSTATFS, -1, &s)
	t.Fails(unix.EFAULT, unix.SYS_FSTATFS, t.OpenDir(), nil)
}
