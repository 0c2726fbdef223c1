// SPDX-License-Identifier: Apache-2.0

package syscalls

import (
	"bytes"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

var mmapCases = []Case{
	{"mmap/shared-read", Anyone, mmapRead},
	{"mmap/shared-write", Anyone, mmapWrite},
	{"mmap/private", Anyone, mmapPrivate},
	{"mmap/coherent", Anyone, mmapCoherent},
	{"mmap/tail-of-last-page", Anyone, mmapTail},
	{"mmap/sigbus-beyond-end", Anyone, mmapSigbus},
	{"mmap/survives-close-and-unlink", Anyone, mmapSurvives},
	{"mmap/errors", Anyone, mmapErrors},
	{"mmap/protection", Anyone, mmapProtection},
	{"mmap/mremap-and-munmap", Anyone, mmapRemap},
	{"mmap/fork-shares", Anyone, mmapFork},
	{"mmap/large-file", Anyone, mmapLarge},
	{"mmap/maps-names-the-file", Anyone, mmapMaps},
	{"mmap/offset", Anyone, mmapOffset},
	{"msync/flags", Anyone, msyncFlags},
}

// mapped maps n bytes of fd from offset off on.
func (t *T) mapped(fd int, off int64, n, prot, flags int) []byte {
	b, err := unix.Mmap(fd, off, n, prot, flags)
	t.NoError(err, "mmap")
	return b
}

const rw = unix.PROT_READ | unix.PROT_WRITE

func mmapRead(t *T) {
	fd := t.Open(t.File("f", "abcdef"), unix.O_RDONLY, 0)
	for _, flags := range []int{unix.MAP_SHARED, unix.MAP_PRIVATE, unix.MAP_SHARED | unix.MAP_POPULATE, unix.MAP_SHARED_VALIDATE} {
		m := t.mapped(fd, 0, 6, unix.PROT_READ, flags)
		same(t, "mapped", string(m), "abcdef")
		t.NoError(unix.Munmap(m), "munmap")
	}
	same(t, "offset", t.Offset(fd), 0)
}

func mmapWrite(t *T) {
	p := t.File("f", "abcdef")
	fd := t.Open(p, unix.O_RDWR, 0)
	m := t.mapped(fd, 0, 6, rw, unix.MAP_SHARED)
	copy(m, "XY")
	t.Holds(p, "XYcdef")
	t.NoError(unix.Msync(m, unix.MS_SYNC), "msync")
	m[5] = 'Z'
	t.NoError(unix.Munmap(m), "munmap")
	t.Close(fd)
	t.Holds(p, "XYcdeZ")
	same(t, "size", t.Stat(p).Size, 6)
}

func mmapPrivate(t *T) {
	p := t.File("f", "abcdef")
	fd := t.Open(p, unix.O_RDONLY, 0)
	m := t.mapped(fd, 0, 6, rw, unix.MAP_PRIVATE)
	copy(m, "XY")
	t.Holds(p, "abcdef")
	same(t, "mapped", string(m), "XYcdef")
	t.NoError(unix.Madvise(m, unix.MADV_DONTNEED), "madvise")
	same(t, "mapped after MADV_DONTNEED", string(m), "abcdef")
}

// Reads, writes and mappings see each other at once.
func mmapCoherent(t *T) {
	p := t.File("f", "abcdef")
	fd := t.Open(p, unix.O_RDWR, 0)
	a := t.mapped(fd, 0, 6, rw, unix.MAP_SHARED)
	b := t.mapped(t.Open(p, unix.O_RDONLY, 0), 0, 6, unix.PROT_READ, unix.MAP_SHARED)
	t.Write(fd, "12")
	same(t, "first mapping after write", string(a), "12cdef")
	a[2] = '3'
	same(t, "second mapping", string(b), "123def")
	same(t, "read", t.Read(fd, 9), "3def")
	t.Write(t.Open(p, unix.O_WRONLY|unix.O_APPEND, 0), "more")
	same(t, "size", t.Fstat(fd).Size, 10)
	t.Do(unix.SYS_PWRITE64, t.Open(p, unix.O_WRONLY, 0), []byte("!"), 1, 5)
	same(t, "mapping after pwrite by another open", string(b), "123de!")
}

// Behind the end the last page reads 0; what is stored there never reaches the file.
func mmapTail(t *T) {
	p := t.File("f", "abc")
	fd := t.Open(p, unix.O_RDWR, 0)
	m := t.mapped(fd, 0, pageSize, rw, unix.MAP_SHARED)
	t.Check(bytes.Equal(m[3:], make([]byte, pageSize-3)), "bytes behind the end are not 0")
	m[3] = 'x'
	t.Holds(p, "abc")
	same(t, "size", t.Fstat(fd).Size, 3)
	m[3] = 0
	t.Do(unix.SYS_FTRUNCATE, fd, 5)
	m[4] = 'e'
	t.Holds(p, "abc\x00e")
}

func mmapSigbus(t *T) {
	fd := t.Open(t.File("f", "abc"), unix.O_RDWR, 0)
	m := t.mapped(fd, 0, 3*pageSize, rw, unix.MAP_SHARED)
	t.Check(!faults(func() { load(m, 0) }), "the first page faults")
	t.Check(faults(func() { load(m, pageSize) }), "a page behind the end can be read")
	t.Check(faults(func() { m[2*pageSize] = 1 }), "a page behind the end can be written")
	t.Do(unix.SYS_FTRUNCATE, fd, pageSize+1)
	t.Check(!faults(func() { m[pageSize] = 'x' }), "a page faults after the file has grown")
	same(t, "read", t.Do(unix.SYS_PREAD64, fd, make([]byte, 9), 9, pageSize), 1)
	t.Do(unix.SYS_FTRUNCATE, fd, 0)
	t.Check(faults(func() { load(m, pageSize) }), "a page can be read after the file has shrunk")
	t.Check(faults(func() { load(m, 0) }), "the first page can be read after the file has shrunk to 0")
	// The kernel itself gets EFAULT there.
	t.Fails(unix.EFAULT, unix.SYS_WRITE, t.Open(t.Path("g"), unix.O_CREAT|unix.O_WRONLY, 0o644), m[pageSize:], 5)
}

func mmapSurvives(t *T) {
	p := t.File("f", "abcdef")
	fd := t.Open(p, unix.O_RDWR, 0)
	m := t.mapped(fd, 0, 6, rw, unix.MAP_SHARED)
	t.Close(fd)
	t.Do(unix.SYS_RENAME, p, t.Path("g"))
	m[0] = 'X'
	t.Holds(t.Path("g"), "Xbcdef")
	t.Do(unix.SYS_UNLINK, t.Path("g"))
	m[1] = 'Y'
	same(t, "mapped", string(m), "XYcdef")
	t.NoError(unix.Munmap(m), "munmap")
}

func mmapErrors(t *T) {
	p := t.File("f", "abc")
	ro, wo, fd := t.Open(p, unix.O_RDONLY, 0), t.Open(p, unix.O_WRONLY, 0), t.Open(p, unix.O_RDWR, 0)
	const shared, private = unix.MAP_SHARED, unix.MAP_PRIVATE
	t.Fails(unix.EACCES, unix.SYS_MMAP, nil, pageSize, rw, shared, ro, 0)
	t.Fails(unix.EACCES, unix.SYS_MMAP, nil, pageSize, unix.PROT_READ, shared, wo, 0)
	t.Fails(unix.EACCES, unix.SYS_MMAP, nil, pageSize, unix.PROT_READ, private, wo, 0)
	t.Fails(unix.EINVAL, unix.SYS_MMAP, nil, 0, unix.PROT_READ, shared, fd, 0)
	t.Fails(unix.EINVAL, unix.SYS_MMAP, nil, pageSize, unix.PROT_READ, shared, fd, 1)
	t.Fails(unix.EINVAL, unix.SYS_MMAP, nil, pageSize, unix.PROT_READ, 0, fd, 0)
	t.Fails(unix.EBADF, unix.SYS_MMAP, nil, pageSize, unix.PROT_READ, shared, -1, 0)
	t.Fails(unix.EBADF, unix.SYS_MMAP, nil, pageSize, unix.PROT_READ, shared, 1<<20, 0)
	t.Fails(unix.ENODEV, unix.SYS_MMAP, nil, pageSize, unix.PROT_READ, shared, t.OpenDir(), 0)
	r, _ := t.pipe()
	t.Fails(unix.ENODEV, unix.SYS_MMAP, nil, pageSize, unix.PROT_READ, shared, r, 0)
	t.Fails(unix.EOPNOTSUPP, unix.SYS_MMAP, nil, pageSize, unix.PROT_READ, unix.MAP_SHARED_VALIDATE|1<<24, fd, 0)
}

func mmapProtection(t *T) {
	p := t.File("f", "abc")
	m := t.mapped(t.Open(p, unix.O_RDONLY, 0), 0, pageSize, unix.PROT_READ, unix.MAP_SHARED)
	same(t, "mprotect", unix.Mprotect(m, rw), error(unix.EACCES))
	m = t.mapped(t.Open(p, unix.O_RDWR, 0), 0, pageSize, unix.PROT_READ, unix.MAP_SHARED)
	t.Check(faults(func() { m[0] = 1 }), "a read-only mapping can be written")
	t.NoError(unix.Mprotect(m, rw), "mprotect")
	m[0] = 'X'
	t.Holds(p, "Xbc")
}

func mmapRemap(t *T) {
	p := t.File("f", strings.Repeat("a", pageSize)+strings.Repeat("b", pageSize)+"c")
	fd := t.Open(p, unix.O_RDWR, 0)
	m := t.mapped(fd, 0, pageSize, rw, unix.MAP_SHARED)
	m, err := unix.Mremap(m, 3*pageSize, unix.MREMAP_MAYMOVE)
	t.NoError(err, "mremap")
	same(t, "mapped", string(m[pageSize-1:pageSize+1])+string(m[2*pageSize]), "abc")
	m[pageSize] = 'X'
	t.Do(unix.SYS_MUNMAP, m[:pageSize], pageSize)
	t.Check(faults(func() { load(m, 0) }), "an unmapped page can be read")
	same(t, "page that stayed", m[pageSize], byte('X'))
	t.Do(unix.SYS_MUNMAP, m[pageSize:], 2*pageSize)
	b := make([]byte, 1)
	t.Returns(1, unix.SYS_PREAD64, fd, b, 1, pageSize)
	same(t, "file", b[0], byte('X'))
}

// A child's system calls fill a shared mapping, and not a private one.
func mmapFork(t *T) {
	p := t.File("f", "abcdef")
	src := t.Open(t.File("g", "XY"), unix.O_RDONLY, 0)
	fd := t.Open(p, unix.O_RDWR, 0)
	m := t.mapped(fd, 0, 6, rw, unix.MAP_SHARED)
	v := t.mapped(fd, 0, 6, rw, unix.MAP_PRIVATE)
	t.forked(0, returning(2, unix.SYS_PREAD64, src, m, 2, 0), returning(2, unix.SYS_PREAD64, src, v[4:], 2, 0))
	same(t, "shared", string(m), "XYcdef")
	same(t, "private", string(v[4:]), "ef")
	t.Holds(p, "XYcdef")
}

func mmapLarge(t *T) {
	const size = 8 << 20
	fd := t.Open(t.Path("f"), unix.O_CREAT|unix.O_RDWR, 0o644)
	t.Do(unix.SYS_FTRUNCATE, fd, size)
	m := t.mapped(fd, 0, size, rw, unix.MAP_SHARED)
	for i := 0; i < size; i += 64 << 10 {
		m[i] = byte(i >> 16)
	}
	b := make([]byte, 1)
	for i := 0; i < size; i += 512 << 10 {
		t.Do(unix.SYS_PREAD64, fd, b, 1, i)
		same(t, "byte", b[0], byte(i>>16))
	}
	t.NoError(unix.Munmap(m), "munmap")
	same(t, "size", t.Fstat(fd).Size, size)
}

func mmapMaps(t *T) {
	p := t.File("f", "abc")
	m := t.mapped(t.Open(p, unix.O_RDONLY, 0), 0, 3, unix.PROT_READ, unix.MAP_PRIVATE)
	maps, err := os.ReadFile("/proc/self/maps")
	t.NoError(err, "maps")
	t.Check(strings.Contains(string(maps), " "+p+"\n"), "/proc/self/maps lacks %s", p)
	t.NoError(unix.Munmap(m), "munmap")
}

func mmapOffset(t *T) {
	p := t.File("f", strings.Repeat("a", pageSize)+"bcd")
	fd := t.Open(p, unix.O_RDWR, 0)
	m := t.mapped(fd, pageSize, 3, rw, unix.MAP_SHARED)
	same(t, "mapped", string(m), "bcd")
	m[0] = 'X'
	b := make([]byte, 5)
	t.Returns(4, unix.SYS_PREAD64, fd, b, 5, pageSize-1)
	same(t, "file", string(b[:4]), "aXcd")
}

func msyncFlags(t *T) {
	fd := t.Open(t.File("f", "abc"), unix.O_RDWR, 0)
	m := t.mapped(fd, 0, pageSize, rw, unix.MAP_SHARED)
	for _, flags := range []int{0, unix.MS_SYNC, unix.MS_ASYNC, unix.MS_SYNC | unix.MS_INVALIDATE} {
		t.Do(unix.SYS_MSYNC, m, pageSize, flags)
	}
	t.Fails(unix.EINVAL, unix.SYS_MSYNC, m, pageSize, unix.MS_SYNC|unix.MS_ASYNC)
	t.Fails(unix.EINVAL, unix.SYS_MSYNC, m, pageSize, 64)
	t.Fails(unix.EINVAL, unix.SYS_MSYNC, m[1:], 1, unix.MS_SYNC)
	t.Fails(unix.ENOMEM, unix.SYS_MSYNC, uintptr(pageSize), pageSize, unix.MS_SYNC)
}
