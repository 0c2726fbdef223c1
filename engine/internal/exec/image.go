// SPDX-License-Identifier: Apache-2.0

package exec

import (
	"errors"
	"fmt"
	"io"

	"golang.org/x/sys/unix"
)

const (
	// headSize is how much of a file the kernel looks at to choose a format,
	// in bytes (BINPRM_BUF_SIZE, include/uapi/linux/binfmts.h).
	headSize = 256

	// MaxScripts is how many scripts may follow each other as interpreters
	// before the kernel answers ELOOP (fs/exec.c:exec_binprm()).
	MaxScripts = 5
)

// Kind is the format of an executable file.
type Kind uint8

// The formats that can be run.
const (
	// ELF is a binary for x86-64, fs/binfmt_elf.c.
	ELF Kind = iota + 1
	// Script is a text file that starts with "#!", fs/binfmt_script.c.
	Script
)

// Image is what the beginning of an executable file says.
type Image struct {
	Kind Kind

	// Interp is the path of the script's interpreter or of the binary's loader
	// (PT_INTERP), as written: it may be relative, or empty, which the kernel takes
	// for the working directory (EACCES).
	Interp string

	// Dynamic says that an ELF binary names a loader.
	Dynamic bool

	// Arg is the one argument that a "#!" line can have; it is given if HasArg,
	// even when it is empty.
	Arg    string
	HasArg bool

	// interpHeader is the offset of the program header of type PT_INTERP.
	interpHeader int64
}

// Head puts the script's interpreter and its argument in front of head, whose
// first element is the path of the script: the beginning of the argument list
// that replaces the original's first argument. For an interpreter that is
// a script itself, head is what Head returned for the script before.
func (i Image) Head(head []string) []string {
	out := make([]string, 0, len(head)+2)
	out = append(out, i.Interp)
	if i.HasArg {
		out = append(out, i.Arg)
	}
	return append(out, head...)
}

// FormatError tells why a file cannot be executed. It is ENOEXEC.
type FormatError struct {
	Reason string

	// Compat says that the file is an i386 or x32 binary. The kernel may be able
	// to run it, but its system calls would pass by the filter, so it is refused
	// even when it lies on the host.
	Compat bool
}

// Error implements error.
func (e *FormatError) Error() string { return "exec format: " + e.Reason }

// Unwrap returns ENOEXEC.
func (e *FormatError) Unwrap() error { return unix.ENOEXEC }

// Probe tells what kind of program r is, as the kernel would (Linux 6.x).
//
// Errors: a [FormatError], which is ENOEXEC, for what is no executable; EIO
// and EINVAL where a loader's name lies outside the file, as the kernel answers;
// an error of r.
func Probe(r io.ReaderAt) (Image, error) {
	var head [headSize]byte
	if _, err := readFull(r, head[:], 0); err != nil {
		return Image{}, fmt.Errorf("read the head of an executable: %w", err)
	}
	switch {
	case head[0] == '#' && head[1] == '!':
		return probeScript(&head)
	case string(head[:4]) == elfMagic:
		return probeELF(r, &head)
	}
	return Image{}, &FormatError{Reason: "neither an ELF binary nor a script"}
}

// readFull reads until b is full or the file ends, which is no error here.
func readFull(r io.ReaderAt, b []byte, off int64) (int, error) {
	n := 0
	for n < len(b) {
		k, err := r.ReadAt(b[n:], off+int64(n))
		if k < 0 || k > len(b)-n {
			return n, fmt.Errorf("reader returned %d of %d bytes: %w", k, len(b)-n, unix.EIO)
		}
		n += k
		if errors.Is(err, io.EOF) {
			return n, nil
		}
		if err != nil {
			return n, err
		}
		if k == 0 {
			return n, io.ErrNoProgress
		}
	}
	return n, nil
}
