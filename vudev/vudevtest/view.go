// SPDX-License-Identifier: Apache-2.0

package vudevtest

import (
	"io"
	"os"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
)

// hostView is a view in which nothing is virtual, as far as drivers need one.
type hostView struct{ engine.View }

// Lookup implements [engine.View].
func (hostView) Lookup(_ engine.Call, path string, follow bool) (engine.Node, string, error) {
	n := hostNode(path)
	var st unix.Statx_t
	return n, path, n.Stat(nil, &st)
}

// Open implements [engine.View].
func (hostView) Open(_ engine.Call, path string, flags int, mode uint32) (engine.Node, engine.File, error) {
	f, err := os.OpenFile(path, flags, os.FileMode(mode))
	if err != nil {
		errno, _ := engine.Errno(err)
		return nil, nil, errno
	}
	return hostNode(path), hostFile{f}, nil
}

// hostNode is a file of the host's by its path.
type hostNode string

// Type implements [engine.Node].
func (n hostNode) Type() uint32 {
	var st unix.Stat_t
	if err := unix.Stat(string(n), &st); err != nil {
		return unix.S_IFREG
	}
	return st.Mode & unix.S_IFMT
}

// Stat implements [engine.Node].
func (n hostNode) Stat(_ engine.Call, st *unix.Statx_t) error {
	return unix.Statx(unix.AT_FDCWD, string(n), 0, unix.STATX_BASIC_STATS, st)
}

// hostFile is an open file of the host's.
type hostFile struct{ f *os.File }

// Release implements [engine.File].
func (h hostFile) Release(engine.Call) { _ = h.f.Close() }

// ReadAt implements [engine.FileReader].
func (h hostFile) ReadAt(_ engine.Call, p []byte, off int64) (int, error) {
	n, err := h.f.ReadAt(p, off)
	if err == io.EOF {
		err = nil
	}
	return n, err
}

// WriteAt implements [engine.FileWriter].
func (h hostFile) WriteAt(_ engine.Call, p []byte, off int64) (int, error) {
	return h.f.WriteAt(p, off)
}

// Fsync implements [engine.FileSyncer].
func (h hostFile) Fsync(engine.Call, bool) error { return h.f.Sync() }

// Fallocate implements [engine.FileAllocater].
func (h hostFile) Fallocate(_ engine.Call, mode uint32, off, length int64) error {
	return unix.Fallocate(int(h.f.Fd()), mode, off, length)
}

// Seek implements [engine.FileSeeker].
func (h hostFile) Seek(_ engine.Call, off int64, whence int) (int64, error) {
	return unix.Seek(int(h.f.Fd()), off, whence)
}
