// SPDX-License-Identifier: Apache-2.0

package volume

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
	"vuos.dev/submods/vufuseext2/internal/libext2"
)

// Atime says when reading a file updates its access time.
type Atime int

// As the mount options of the same names (mount(8)).
const (
	Relatime Atime = iota
	Noatime
	Strictatime
)

// Options of Open.
type Options struct {
	Write  bool         // read-write, if the file system permits it
	Offset int64        // where in the image the file system begins, in bytes
	Atime  Atime        // when access times change
	Warn   func(string) // told why a volume is read-only though Write was asked; may be nil
}

// Open opens the file system in the image at path. Where it must not be written though Options.Write asks for it (a
// journal to be replayed, a feature we do not maintain), it is opened read-only and Warn is told why.
//
// Errors: a message that names what is wrong; EBUSY (wrapped) if another server has the image.
func Open(path string, o Options) (*Volume, error) {
	if o.Warn == nil {
		o.Warn = func(string) {}
	}
	v, why, err := openMode(path, o, o.Write)
	if err != nil || why == "" {
		return v, err
	}
	o.Warn(why)
	v, _, err = openMode(path, o, false)
	return v, err
}

// openMode opens for reading or writing. A why that is not empty says that writing is not possible.
func openMode(path string, o Options, write bool) (v *Volume, why string, err error) {
	f, err := openImage(path, write)
	if err != nil {
		if write && (errors.Is(err, unix.EROFS) || errors.Is(err, unix.EACCES) || errors.Is(err, unix.EPERM)) {
			return nil, "cannot be opened for writing: " + errors.Unwrap(err).Error(), nil
		}
		return nil, "", err
	}
	defer func() {
		if v == nil {
			f.Close()
		}
	}()
	if err := checkGeometry(f, o.Offset); err != nil {
		return nil, "", err
	}
	flags := libext2.OpenSkipMMP
	if write {
		flags |= libext2.OpenRW
	}
	fs, err := libext2.Open(int(f.Fd()), o.Offset, flags)
	if err != nil {
		var e *libext2.Error
		if write && errors.As(err, &e) && e.Code == libext2.ErrROUnsuppFeature {
			return nil, "has features that allow reading only", nil
		}
		return nil, "", explain(err)
	}
	sb := super(fs.Superblock())
	if write {
		why = readOnlyReason(sb)
	}
	if why != "" {
		fs.Abandon()
		return nil, why, nil
	}
	v = newVolume(f, fs, o, write)
	if sb.incompat(incompatRecover) && !o.Write {
		o.Warn("has a journal that needs recovery: what it holds is not seen; run e2fsck")
	}
	if err := v.start(); err != nil {
		fs.Abandon()
		v = nil
		return nil, "", err
	}
	return v, "", nil
}

// openImage opens and locks the image. A block device that is mounted cannot be opened exclusively.
func openImage(path string, write bool) (*os.File, error) {
	mode, lock := os.O_RDONLY, unix.LOCK_SH
	if write {
		mode, lock = os.O_RDWR, unix.LOCK_EX
		if st, err := os.Stat(path); err == nil && st.Mode()&os.ModeDevice != 0 {
			mode |= os.O_EXCL
		}
	}
	f, err := os.OpenFile(path, mode|unix.O_NONBLOCK, 0) // a FIFO has us wait for its other end
	if err != nil {
		return nil, err
	}
	st, err := f.Stat()
	switch {
	case err != nil:
	case st.IsDir():
		err = &os.PathError{Op: "open", Path: path, Err: unix.EISDIR}
	case st.Mode()&(os.ModeNamedPipe|os.ModeCharDevice) != 0:
		err = &os.PathError{Op: "open", Path: path, Err: unix.ENOTBLK}
	}
	// Only a conflict counts: some file systems have no locks.
	if err == nil && errors.Is(unix.Flock(int(f.Fd()), lock|unix.LOCK_NB), unix.EWOULDBLOCK) {
		err = &os.PathError{Op: "lock (another server uses it)", Path: path, Err: unix.EBUSY}
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// explain adds to the library's texts what a user would have to guess.
func explain(err error) error {
	var e *libext2.Error
	if !errors.As(err, &e) {
		return err
	}
	if e.Code == libext2.ErrUnsuppFeature {
		return fmt.Errorf("an incompatible feature is not supported (%w)", err)
	}
	return err
}

// readOnlyReason says why a file system must not be written, or "".
func readOnlyReason(sb super) string {
	switch {
	case sb.incompat(incompatRecover):
		return "has a journal that needs recovery; run e2fsck to write to it"
	case sb.roCompat(roOrphanPresent):
		return "has an orphan file to be processed; run e2fsck to write to it"
	case sb.u32(sbLastOrphan) != 0:
		return "has deleted files to be freed (an orphan list); run e2fsck to write to it"
	case sb.u16(sbState)&stateError != 0:
		return "has errors; run e2fsck to write to it"
	case sb.u16(sbState)&stateValid == 0:
		return "was not cleanly unmounted, or is mounted elsewhere; run e2fsck to write to it"
	case sb.roCompat(roReadonly):
		return "is marked read-only (feature read-only)"
	case sb.roCompat(roBigalloc):
		return "has clusters (feature bigalloc), which are only read"
	case sb.roCompat(roSharedBlocks):
		return "has shared blocks (feature shared_blocks)"
	case sb.roCompat(roQuota):
		return "keeps quota (feature quota), which would go stale"
	case sb.roCompat(roProject):
		return "keeps project quota (feature project), which would go stale"
	case sb.incompat(incompatMMP):
		return "is protected against multiple mounts (feature mmp)"
	case sb.incompat(incompatEncrypt):
		return "has encryption (feature encrypt), which is only read"
	case sb.incompat(incompatCasefold):
		return "ignores case in names (feature casefold), which is only read"
	}
	return ""
}
