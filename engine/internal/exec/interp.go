// SPDX-License-Identifier: Apache-2.0

package exec

import (
	"fmt"
	"io"

	"golang.org/x/sys/unix"
)

// readerWriterAt is what setInterp needs of a file.
type readerWriterAt interface {
	io.ReaderAt
	io.WriterAt
}

// setInterp makes path the loader of the binary f, which is size bytes long: the
// name is appended to the file and the program header is pointed to it. p_vaddr
// and p_memsz stay: the dynamic linker and gdb read the original name in memory.
func setInterp(f readerWriterAt, size int64, path string) error {
	if len(path)+1 > unix.PathMax {
		return fmt.Errorf("loader %q: %w", path, unix.ENAMETOOLONG)
	}
	img, err := Probe(f)
	if err != nil {
		return err
	}
	if !img.Dynamic {
		return fmt.Errorf("binary has no loader to replace: %w", unix.EINVAL)
	}
	name := append([]byte(path), 0)
	if len(name) < 2 {
		return fmt.Errorf("empty loader path: %w", unix.EINVAL)
	}
	if _, err := f.WriteAt(name, size); err != nil {
		return err
	}
	var off, filesz [8]byte
	le.PutUint64(off[:], uint64(size))
	le.PutUint64(filesz[:], uint64(len(name)))
	if _, err := f.WriteAt(off[:], img.interpHeader+phdrOffset); err != nil {
		return err
	}
	_, err = f.WriteAt(filesz[:], img.interpHeader+phdrFilesz)
	return err
}
