// SPDX-License-Identifier: Apache-2.0

package ptp

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"vuos.dev/libvdeplug/plug"
)

var errNotSocket = errors.New("there is something else than a socket")

// removeStale removes a socket that nobody has open.
func removeStale(path string) error {
	info, err := os.Lstat(path)
	if err == nil && info.Mode().Type() != fs.ModeSocket {
		return errNotSocket
	}
	if err = os.Remove(path); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// permit gives a new socket its group and permissions.
func (l *line) permit(path string) error {
	if l.gid >= 0 {
		if err := os.Chown(path, -1, l.gid); err != nil {
			return err
		}
	}
	return os.Chmod(path, plug.FileMode(l.mode))
}

// lockDir keeps other plugs of this library from making sockets in dir. It
// does not wait for ever: anybody who can read dir could hold the lock.
func lockDir(ctx context.Context, dir string) (unlock func(), err error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	limit := time.After(answerTimeout)
	for {
		err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil {
			return func() { f.Close() }, nil
		}
		if err == unix.EWOULDBLOCK || err == unix.EINTR {
			select {
			case <-time.After(staleWait):
				continue
			case <-ctx.Done():
				err = ctx.Err()
			case <-limit:
			}
		}
		f.Close()
		return nil, os.NewSyscallError("flock", err)
	}
}
