// SPDX-License-Identifier: Apache-2.0

package guest

import (
	"bytes"
	"strconv"
)

// Waiting tells which system call a thread waits in, and its first argument (/proc/TID/syscall); false if it waits
// in none.
func Waiting(tid int) (nr int, arg uint64, ok bool) {
	bp, err := readProc(tid, "syscall")
	if err != nil {
		return 0, 0, false
	}
	defer procBufs.Put(bp)
	f := bytes.Fields(*bp)
	if len(f) < 2 {
		return 0, 0, false // "running"
	}
	nr, err = strconv.Atoi(string(f[0]))
	if err != nil || nr < 0 {
		return 0, 0, false
	}
	arg, err = strconv.ParseUint(string(f[1]), 0, 64)
	return nr, arg, err == nil
}
