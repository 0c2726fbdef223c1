// SPDX-License-Identifier: Apache-2.0

package node

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"vuos.dev/libvdeplug/internal/dgram"
	"vuos.dev/libvdeplug/plug"
)

var errInUse = errors.New("another switch is there")

// listen makes the directory of the node and the control socket in it.
func (c *config) listen() (*net.UnixListener, error) {
	ctl := filepath.Join(c.dir, "ctl")
	// The data sockets have the longest names.
	if _, err := dgram.UnixAddr(dataPath(c.dir, maxPorts)); err != nil {
		return nil, err
	}
	err := os.Mkdir(c.dir, 0700)
	made := err == nil
	if errors.Is(err, fs.ErrExist) {
		err = takeOver(c.dir, ctl)
	}
	if err != nil {
		return nil, err
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Net: "unix", Name: ctl})
	if err == nil {
		if err = errors.Join(c.permit(ctl, c.mode), c.permit(c.dir, c.dirMode)); err != nil {
			_ = l.Close()
		}
	}
	if err != nil {
		if made {
			_ = os.Remove(c.dir)
		}
		return nil, err
	}
	return l, nil
}

// takeOver removes the control socket that a switch has left in dir.
func takeOver(dir, ctl string) error {
	info, err := os.Stat(dir)
	if err == nil && !info.IsDir() {
		err = unix.ENOTDIR
	}
	if err != nil {
		return err
	}
	conn, err := net.DialUnix("unix", nil, &net.UnixAddr{Net: "unix", Name: ctl})
	switch {
	case err == nil:
		conn.Close()
		return errInUse
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case errors.Is(err, unix.ECONNREFUSED):
		if info, err := os.Lstat(ctl); err == nil && info.Mode().Type() == fs.ModeSocket {
			return os.Remove(ctl)
		}
	}
	return err
}

// permit gives path its group and permissions.
func (c *config) permit(path string, mode uint32) error {
	if c.gid >= 0 {
		if err := os.Chown(path, -1, c.gid); err != nil {
			return err
		}
	}
	return os.Chmod(path, plug.FileMode(mode))
}
