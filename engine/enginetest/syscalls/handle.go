// SPDX-License-Identifier: Apache-2.0

package syscalls

import (
	"encoding/binary"

	"golang.org/x/sys/unix"
)

var handleCases = []Case{
	{"handle/size-probe", Anyone, handleSize},
	{"handle/open", Root, handleOpen},
	{"handle/errors", Anyone, handleErrors},
	{"handle/open-as-user", User, handleUser},
}

// maxHandle is MAX_HANDLE_SZ: no handle has more bytes.
const maxHandle = 128

// fileHandle asks for the handle of path; the case is skipped where there are none.
func (t *T) fileHandle(path string) []byte {
	h := make([]byte, 8+maxHandle)
	binary.LittleEndian.PutUint32(h, maxHandle)
	var mount int32
	t.Probe([]unix.Errno{unix.EOPNOTSUPP, unix.ENOSYS, unix.EPERM}, unix.SYS_NAME_TO_HANDLE_AT, unix.AT_FDCWD, path, h, &mount, 0)
	return h[:8+binary.LittleEndian.Uint32(h)]
}

func handleSize(t *T) {
	p := t.File("f", "")
	full := t.fileHandle(p)
	h := make([]byte, 8)
	var mount, again int32
	t.Fails(unix.EOVERFLOW, unix.SYS_NAME_TO_HANDLE_AT, unix.AT_FDCWD, p, h, &mount, 0)
	same(t, "handle_bytes", int(binary.LittleEndian.Uint32(h)), len(full)-8)
	t.Do(unix.SYS_NAME_TO_HANDLE_AT, t.Open(p, unix.O_PATH, 0), "", full, &again, unix.AT_EMPTY_PATH)
	same(t, "mount id", again, mount)
	same(t, "handle by descriptor", string(full), string(t.fileHandle(p)))
	t.Do(unix.SYS_RENAME, p, t.Path("g"))
	same(t, "handle after rename", string(full), string(t.fileHandle(t.Path("g"))))
}

func handleOpen(t *T) {
	p := t.File("f", "abc")
	h := t.fileHandle(p)
	fd := t.Probe([]unix.Errno{unix.EPERM}, unix.SYS_OPEN_BY_HANDLE_AT, t.OpenDir(), h, unix.O_RDWR)
	same(t, "content", t.Read(fd, 9), "abc")
	t.SameInode(t.Fstat(fd), t.Stat(p))
	t.Close(fd)
	t.Fails(unix.EBADF, unix.SYS_OPEN_BY_HANDLE_AT, -1, h, unix.O_RDONLY)
	t.Do(unix.SYS_UNLINK, p)
	t.Fails(unix.ESTALE, unix.SYS_OPEN_BY_HANDLE_AT, t.OpenDir(), h, unix.O_RDONLY)
}

func handleErrors(t *T) {
	p := t.File("f", "")
	h := t.fileHandle(p)
	var mount int32
	t.Fails(unix.ENOENT, unix.SYS_NAME_TO_HANDLE_AT, unix.AT_FDCWD, t.Path("no"), h, &mount, 0)
	t.Fails(unix.ENOENT, unix.SYS_NAME_TO_HANDLE_AT, t.OpenDir(), "", h, &mount, 0)
	t.Fails(unix.EBADF, unix.SYS_NAME_TO_HANDLE_AT, -1, "f", h, &mount, 0)
	t.Fails(unix.EINVAL, unix.SYS_NAME_TO_HANDLE_AT, unix.AT_FDCWD, p, h, &mount, 0x80)
	t.Fails(unix.EFAULT, unix.SYS_NAME_TO_HANDLE_AT, unix.AT_FDCWD, p, nil, &mount, 0)
	t.Fails(unix.EFAULT, unix.SYS_NAME_TO_HANDLE_AT, unix.AT_FDCWD, p, h, nil, 0)
	big := make([]byte, 8)
	binary.LittleEndian.PutUint32(big, maxHandle+1)
	t.Fails(unix.EINVAL, unix.SYS_NAME_TO_HANDLE_AT, unix.AT_FDCWD, p, big, &mount, 0)
}

func handleUser(t *T) {
	h := t.fileHandle(t.File("f", ""))
	t.FailsAny([]unix.Errno{unix.EPERM, unix.ESTALE}, unix.SYS_OPEN_BY_HANDLE_AT, t.OpenDir(), h, unix.O_RDONLY)
}
