// SPDX-License-Identifier: Apache-2.0

package host

import (
	"encoding/binary"

	"golang.org/x/sys/unix"
)

// ForeignBinary tells whether the file is an ELF binary for another architecture or word size than
// x86-64. What cannot be read is not.
func ForeignBinary(path string) bool {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC|unix.O_NONBLOCK|unix.O_NOCTTY, 0)
	if err != nil {
		return false
	}
	defer unix.Close(fd)
	var b [20]byte // up to e_machine
	n, err := unix.Pread(fd, b[:], 0)
	if err != nil || n < len(b) || string(b[:4]) != "\x7fELF" {
		return false
	}
	const class64, machineAMD64 = 2, 62
	return b[4] != class64 || binary.LittleEndian.Uint16(b[18:]) != machineAMD64
}
