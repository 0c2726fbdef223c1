// SPDX-License-Identifier: Apache-2.0

package exec

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// copyBlock is the size of one read of a source, in bytes.
	copyBlock = 128 << 10

	// holeSize is the size and alignment of what may become a hole, in bytes.
	holeSize = 4096

	// settleTime is how long a forked child may keep the copy open for writing.
	settleTime = 2 * time.Second
)

// The copies are for all guests, whatever user they have become. The directory
// above them keeps everybody else out.
const (
	dirMode  = 0o755
	fileMode = 0o555
)

// fill makes e's directory and the copy in it.
func (c *Cache) fill(ctx context.Context, e *entry, src *Source) error {
	if err := os.Mkdir(e.dir, dirMode); err != nil {
		return err
	}
	fd, err := unix.Open(e.dir, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return &os.PathError{Op: "open", Path: e.dir, Err: err}
	}
	e.fd, e.first = fd, src.Name
	if err := unix.Fchmod(fd, dirMode); err != nil { // whatever the umask is
		return &os.PathError{Op: "chmod", Path: e.dir, Err: err}
	}
	e.names[src.Name] = struct{}{}
	if e.cost, err = writeCopy(ctx, fd, src); err != nil {
		return err
	}
	return settle(fd, src.Name)
}

// writeCopy writes the copy and returns the space it takes, in bytes.
func writeCopy(ctx context.Context, dirfd int, src *Source) (int64, error) {
	fd, err := unix.Openat(dirfd, src.Name, unix.O_RDWR|unix.O_CREAT|unix.O_EXCL|unix.O_CLOEXEC, 0o700)
	if err != nil {
		return 0, fmt.Errorf("create %q: %w", src.Name, err)
	}
	f := os.NewFile(uintptr(fd), src.Name)
	defer f.Close()
	if err := copyContent(ctx, f, src); err != nil {
		return 0, err
	}
	if src.Interp != "" {
		if err := setInterp(f, src.Size, src.Interp); err != nil {
			return 0, err
		}
	}
	if err := f.Chmod(fileMode); err != nil {
		return 0, err
	}
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return 0, fmt.Errorf("stat %q: %w", src.Name, err)
	}
	return st.Blocks*512 + nameCost, f.Close()
}

// copyContent copies src.Size bytes and leaves out what is zero.
func copyContent(ctx context.Context, f *os.File, src *Source) error {
	if err := f.Truncate(src.Size); err != nil {
		return err
	}
	buf := make([]byte, copyBlock)
	for off := int64(0); off < src.Size; off += copyBlock {
		if err := ctx.Err(); err != nil {
			return err
		}
		b := buf[:min(copyBlock, src.Size-off)]
		n, err := readFull(src.Content, b, off)
		if err != nil {
			return err
		}
		if n < len(b) {
			return fmt.Errorf("content ends at %d of %d bytes: %w", off+int64(n), src.Size, unix.EIO)
		}
		if err := writeData(f, b, off); err != nil {
			return err
		}
	}
	return nil
}

// writeData writes the runs of b that are not zero.
func writeData(f *os.File, b []byte, off int64) error {
	start := 0 // of the run not written yet
	for at := 0; at < len(b); at += holeSize {
		end := min(at+holeSize, len(b))
		if !isZero(b[at:end]) {
			continue
		}
		if err := writeRun(f, b[start:at], off+int64(start)); err != nil {
			return err
		}
		start = end
	}
	return writeRun(f, b[start:], off+int64(start))
}

func writeRun(f *os.File, b []byte, off int64) error {
	if len(b) == 0 {
		return nil
	}
	_, err := f.WriteAt(b, off)
	return err
}

func isZero(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}

// settle waits until nobody has the copy open for writing, because its exec would
// be ETXTBSY: a child that umvu forked while the copy was written has the
// descriptor until its own exec. os/exec holds ForkLock for that long (vfork); for
// any other fork, ask the kernel: a read lease is refused while there are writers.
func settle(dirfd int, name string) error {
	syscall.ForkLock.RLock()
	//lint:ignore SA2001 waiting for forks under way is all this is for
	syscall.ForkLock.RUnlock()
	fd, err := unix.Openat(dirfd, name, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("open %q: %w", name, err)
	}
	defer unix.Close(fd) // and with it the lease
	for deadline := time.Now().Add(settleTime); ; time.Sleep(time.Millisecond) {
		_, err := unix.FcntlInt(uintptr(fd), unix.F_SETLEASE, unix.F_RDLCK)
		if !errors.Is(err, unix.EAGAIN) {
			return nil // held, or this file system has no leases
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%q is still open for writing: %w", name, unix.ETXTBSY)
		}
	}
}
