// SPDX-License-Identifier: Apache-2.0

package guest

import (
	"slices"
	"strconv"
	"sync"

	"golang.org/x/sys/unix"
)

// procBufs are the buffers of readProc: a status fits in one unless the guest is in hundreds of groups.
var procBufs = sync.Pool{New: func() any { b := make([]byte, 0, 4096); return &b }}

// readProc reads /proc/TID/name in three system calls (os.ReadFile makes a dozen) into a buffer that the caller puts back
// to procBufs. It is on the way of most calls that something virtual answers.
func readProc(tid int, name string) (*[]byte, error) {
	var path [48]byte
	p := append(path[:0], "/proc/"...)
	p = strconv.AppendInt(p, int64(tid), 10)
	p = append(append(p, '/'), name...)
	fd, err := unix.Open(string(p), unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	bp := procBufs.Get().(*[]byte)
	b := (*bp)[:0]
	for {
		n, err := unix.Read(fd, b[len(b):cap(b)])
		if err != nil {
			procBufs.Put(bp)
			return nil, err
		}
		b = b[:len(b)+n]
		*bp = b
		// These files come record by record: what did not fill the buffer was all.
		if len(b) < cap(b) {
			return bp, nil
		}
		b = slices.Grow(b, cap(b))
	}
}
