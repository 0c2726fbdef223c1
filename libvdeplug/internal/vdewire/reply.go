// SPDX-License-Identifier: Apache-2.0

package vdewire

import (
	"encoding/binary"
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// MarshalReply encodes the answer of a switch: the path of its socket.
func MarshalReply(path string) ([]byte, error) { return marshalAddr(path) }

// ParseReply decodes the answer of a switch.
func ParseReply(b []byte) (path string, err error) {
	if len(b) != AddrLen {
		return "", fmt.Errorf("answer of %d bytes instead of %d", len(b), AddrLen)
	}
	return parseAddr(b)
}

// marshalAddr encodes a struct sockaddr_un.
func marshalAddr(path string) ([]byte, error) {
	b := make([]byte, AddrLen)
	if path == "" || len(path) >= AddrLen-2 {
		return nil, fmt.Errorf("%q cannot name a socket", path)
	}
	binary.NativeEndian.PutUint16(b, unix.AF_UNIX)
	copy(b[2:], path)
	return b, nil
}

// parseAddr decodes a struct sockaddr_un with the path of a file. Peers leave
// anything behind the closing NUL.
func parseAddr(b []byte) (path string, err error) {
	if family := binary.NativeEndian.Uint16(b); family != unix.AF_UNIX {
		return "", fmt.Errorf("address of family %d instead of AF_UNIX", family)
	}
	path = cString(b[2:])
	switch {
	case path == "":
		return "", errors.New("address without a path")
	case len(path) >= AddrLen-2:
		return "", errors.New("path without an end")
	case path[0] != '/':
		return "", fmt.Errorf("path %q is not absolute", path)
	}
	return path, nil
}
