// SPDX-License-Identifier: Apache-2.0

package vdewire

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

const (
	magic   = 0xfeedface
	version = 3

	newControl = 0 // request type: join at the port in the bits from 8 on, 0 for any
	newPort0   = 1 // request type: join at port 0, the management port

	headLen = 12 // magic, version, type

	// MinRequest is the length of a request without a description, in bytes.
	MinRequest = headLen + AddrLen
	// AddrLen is sizeof(struct sockaddr_un), the length of a reply in bytes.
	AddrLen = unix.SizeofSockaddrUnix
	// MaxRequest is the longest request in bytes (REQBUFLEN of the switch).
	MaxRequest = 256
	// maxDescription is the longest description in bytes (MAXDESCR, less NUL).
	maxDescription = 127
	// MaxPort is the highest port number that a request can name.
	MaxPort = 1<<23 - 1
)

// Ports that are none of the numbered ones.
const (
	AnyPort    = 0  // the first free one
	Management = -1 // port 0
)

// Request asks a switch to let a plug join.
type Request struct {
	Path        string // of the plug's datagram socket, absolute
	Port        int    // a number from 1 on, AnyPort or Management
	Description string // cut if longer than 127 bytes
}

// Marshal encodes the request.
func (r Request) Marshal() ([]byte, error) {
	typ := uint32(newControl) | uint32(r.Port)<<8
	switch {
	case r.Port == Management:
		typ = newPort0
	case r.Port < 0 || r.Port > MaxPort:
		return nil, fmt.Errorf("port %d is out of range", r.Port)
	}
	addr, err := marshalAddr(r.Path)
	if err != nil {
		return nil, err
	}
	b := binary.NativeEndian.AppendUint32(nil, magic)
	b = binary.NativeEndian.AppendUint32(b, version)
	b = binary.NativeEndian.AppendUint32(b, typ)
	b = append(b, addr...)
	return append(b, r.Description[:min(len(r.Description), maxDescription)]...), nil
}

var errRequest = errors.New("not a request of version 3")

// ParseRequest decodes a request.
func ParseRequest(b []byte) (Request, error) {
	if len(b) < headLen+AddrLen || len(b) > MaxRequest ||
		binary.NativeEndian.Uint32(b) != magic || binary.NativeEndian.Uint32(b[4:]) != version {
		return Request{}, errRequest
	}
	r := Request{Description: cString(b[headLen+AddrLen:])}
	switch typ := binary.NativeEndian.Uint32(b[8:]); typ & 0xff {
	case newControl:
		r.Port = int(typ >> 8)
		if r.Port > MaxPort {
			return Request{}, fmt.Errorf("port %d is out of range", r.Port)
		}
	case newPort0:
		r.Port = Management
	default:
		return Request{}, fmt.Errorf("request of unknown type %d", typ&0xff)
	}
	var err error
	r.Path, err = parseAddr(b[headLen : headLen+AddrLen])
	return r, err
}

// cString returns b up to the first NUL.
func cString(b []byte) string {
	if i := bytes.IndexByte(b, 0); i >= 0 {
		b = b[:i]
	}
	return string(b)
}
