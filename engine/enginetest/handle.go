// SPDX-License-Identifier: Apache-2.0

package enginetest

import (
	"golang.org/x/sys/unix"

	"vuos.dev/engine"
)

// Handle is an open file of a [Tree].
type Handle struct {
	Node engine.Node
	File engine.File
	Path string

	t      *Tree
	append bool
}

// Close is close(2) of the only descriptor.
func (h *Handle) Close() error {
	var err error
	if f, ok := h.File.(engine.FileFlusher); ok {
		err = f.Flush(h.t.Call)
	}
	h.File.Release(h.t.Call)
	return err
}

// ReadAt is pread(2).
func (h *Handle) ReadAt(p []byte, off int64) (int, error) {
	if f, ok := h.File.(engine.FileReader); ok {
		return f.ReadAt(h.t.Call, p, off)
	}
	return 0, unix.EINVAL
}

// ReadAll reads from the beginning to the end.
func (h *Handle) ReadAll() ([]byte, error) {
	var all []byte
	buf := make([]byte, 64<<10)
	for {
		n, err := h.ReadAt(buf, int64(len(all)))
		if err != nil {
			return all, err
		}
		all = append(all, buf[:n]...)
		if n < len(buf) {
			return all, nil
		}
	}
}

// WriteAt is pwrite(2), or appends if the file was opened with O_APPEND.
func (h *Handle) WriteAt(p []byte, off int64) (int, error) {
	if f, ok := h.File.(engine.FileAppender); ok && h.append {
		n, _, err := f.Append(h.t.Call, p)
		return n, err
	}
	f, ok := h.File.(engine.FileWriter)
	if !ok {
		return 0, unix.EINVAL
	}
	if h.append {
		var st unix.Statx_t
		if err := h.Node.Stat(h.t.Call, &st); err != nil {
			return 0, err
		}
		off = int64(st.Size)
	}
	return f.WriteAt(h.t.Call, p, off)
}

// Size is fstat(2)'s st_size.
func (h *Handle) Size() (int64, error) {
	var st unix.Statx_t
	err := h.Node.Stat(h.t.Call, &st)
	return int64(st.Size), err
}

// Fsync is fsync(2).
func (h *Handle) Fsync() error {
	if f, ok := h.File.(engine.FileSyncer); ok {
		return f.Fsync(h.t.Call, false)
	}
	return nil
}

// ReadDir lists an open directory without "." and "..", a few entries per call as
// getdents64 does.
func (h *Handle) ReadDir() ([]engine.Dirent, error) {
	d, ok := h.File.(engine.FileDirReader)
	if !ok {
		return nil, unix.ENOTDIR
	}
	const few = 5
	var list []engine.Dirent
	for pos := int64(0); ; {
		n := 0
		err := d.ReadDir(h.t.Call, pos, func(e engine.Dirent) bool {
			if n == few {
				return false
			}
			n++
			pos = e.Off
			if e.Name != "." && e.Name != ".." {
				list = append(list, e)
			}
			return true
		})
		if err != nil || n == 0 {
			return list, err
		}
	}
}
