// SPDX-License-Identifier: Apache-2.0

package fork

import (
	"encoding/binary"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Bind binds a socket of the UNIX domain to a path that is relative to root, or to cwd below root, with the path itself as the name
// that the kernel shows to others: a child does it that has them as its root and working directory. If this process may not
// change its root, the child may in a user namespace of its own.
//
// Errors: those of unshare(2), chroot(2) and bind(2).
func Bind(socket int, path, root, cwd string, mayChroot bool) error {
	told, w, err := os.Pipe()
	if err != nil {
		return err
	}
	s := &steps{to: w.Fd()}
	err = s.bind(socket, path, root, cwd, mayChroot)
	started := Started{told: told}
	if err == nil {
		started.PID, err = s.start()
	}
	w.Close()
	if err != nil {
		told.Close()
		return err
	}
	return started.Wait()
}

func (s *steps) bind(socket int, path, root, cwd string, mayChroot bool) error {
	rootAt, err := s.text(root)
	if err != nil {
		return err
	}
	cwdAt, err := s.text(cwd)
	if err != nil {
		return err
	}
	address := binary.NativeEndian.AppendUint16(nil, unix.AF_UNIX)
	address = append(address, path...)
	s.keep = append(s.keep, address)
	s.add(unix.SYS_CHDIR, cwdAt)
	if !mayChroot {
		s.add(unix.SYS_UNSHARE, unix.CLONE_NEWUSER)
	}
	s.add(unix.SYS_CHROOT, rootAt)
	s.add(unix.SYS_BIND, uintptr(socket), uintptr(unsafe.Pointer(&address[0])), uintptr(len(address)))
	s.add(unix.SYS_EXIT_GROUP, 0)
	return nil
}
