// SPDX-License-Identifier: Apache-2.0

package netstack

import (
	"encoding/binary"
	"time"

	"golang.org/x/sys/unix"
)

// truth is 1 for true.
func truth(b bool) int32 {
	if b {
		return 1
	}
	return 0
}

// intValue encodes the value of an int option; at level IP a short buffer gets one
// byte if the value fits.
func intValue(v int32, level, max int) []byte {
	if level == unix.SOL_IP && max > 0 && max < 4 && v >= 0 && v <= 255 {
		return []byte{byte(v)}
	}
	return binary.NativeEndian.AppendUint32(nil, uint32(v))
}

// int32Of decodes an int. EINVAL if it is too short.
func int32Of(b []byte) (int32, error) {
	if len(b) < 4 {
		return 0, unix.EINVAL
	}
	return int32(binary.NativeEndian.Uint32(b)), nil
}

// optionInt decodes the value of an int option; at level IP it may be one byte.
func optionInt(level int, b []byte) (int32, error) {
	if level == unix.SOL_IP && len(b) > 0 && len(b) < 4 {
		return int32(b[0]), nil
	}
	return int32Of(b)
}

// timeval decodes struct timeval; EDOM for a fraction out of range. A negative time
// is none.
func timeval(b []byte) (time.Duration, error) {
	if len(b) < 16 {
		return 0, unix.EINVAL
	}
	sec, usec := int64(binary.NativeEndian.Uint64(b)), int64(binary.NativeEndian.Uint64(b[8:]))
	switch {
	case usec < 0 || usec >= 1e6:
		return 0, unix.EDOM
	case sec < 0 || sec > int64(1<<62/time.Second):
		return 0, nil
	}
	return time.Duration(sec)*time.Second + time.Duration(usec)*time.Microsecond, nil
}

func timevalBytes(d time.Duration) []byte {
	b := binary.NativeEndian.AppendUint64(nil, uint64(d/time.Second))
	return binary.NativeEndian.AppendUint64(b, uint64(d%time.Second/time.Microsecond))
}
