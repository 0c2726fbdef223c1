// SPDX-License-Identifier: Apache-2.0

package vde

import (
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"vuos.dev/libvdeplug/internal/dgram"
	"vuos.dev/libvdeplug/plug"
)

// otherPlaces are where the data socket is bound if the switch's directory is
// not writable, in this order.
var otherPlaces = []string{"/var/run", "/var/tmp", "/tmp"}

// bind makes the data socket, bound to a name that the switch can reach.
func (t *target) bind() (fd int, path string, err error) {
	fd, err = dgram.Unix(unix.SOCK_DGRAM)
	if err != nil {
		return -1, "", err
	}
	path, err = bindIn(fd, t.dir, ".%05d-%05d")
	for _, dir := range otherPlaces {
		if err == nil {
			break
		}
		path, err = bindIn(fd, dir, "vde.%05d-%05d")
	}
	if err == nil {
		if err = t.permit(path); err != nil {
			os.Remove(path)
		}
	}
	if err != nil {
		unix.Close(fd)
		return -1, "", err
	}
	return fd, path, nil
}

// maxNames ends the search for a free name.
const maxNames = 1 << 16

// bindIn binds fd to the first free name in dir.
func bindIn(fd int, dir, format string) (path string, err error) {
	for i := range maxNames {
		path = filepath.Join(dir, fmt.Sprintf(format, os.Getpid(), i))
		addr, err := dgram.UnixAddr(path)
		if err != nil {
			return "", err
		}
		if err = unix.Bind(fd, addr); err != unix.EADDRINUSE {
			return path, os.NewSyscallError("bind", err)
		}
	}
	return "", unix.EADDRINUSE
}

// permit gives the data socket at path its group and permissions. Without
// any wish, a switch of another user must still be able to use it: through
// its group, or failing that by everybody.
func (t *target) permit(path string) error {
	mode := t.mode
	if t.gid >= 0 {
		if err := os.Chown(path, -1, t.gid); err != nil {
			return err
		}
	} else if mode&077 == 0 {
		var st unix.Stat_t
		err := unix.Stat(filepath.Join(t.dir, t.socket), &st)
		if err == nil && st.Uid != 0 && int(st.Uid) != os.Geteuid() {
			if os.Chown(path, -1, int(st.Gid)) == nil {
				mode |= 070
			} else {
				mode |= 077
			}
		}
	}
	return os.Chmod(path, plug.FileMode(mode))
}

// connect connects fd to the switch's data socket.
func connect(fd int, path string) error {
	addr, err := dgram.UnixAddr(path)
	if err == nil {
		err = os.NewSyscallError("connect", unix.Connect(fd, addr))
	}
	if err != nil {
		return &plug.OpError{Plugin: "vde", Addr: path, What: "data socket of the switch", Err: err}
	}
	return nil
}
