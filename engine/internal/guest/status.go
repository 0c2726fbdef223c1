// SPDX-License-Identifier: Apache-2.0

package guest

import (
	"bytes"
	"strconv"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
)

// Status is what /proc/TID/status says of a thread.
type Status struct {
	TGID  int
	PPID  int
	Umask uint32
	Cred  engine.Cred
}

// ReadStatus reads it. The error is ENOENT or ESRCH if the thread has ended.
func ReadStatus(tid int) (*Status, error) {
	bp, err := readProc(tid, "status")
	if err != nil {
		return nil, err
	}
	defer procBufs.Put(bp)
	b := *bp
	s := &Status{
		TGID:  number(field(b, "Tgid:")),
		PPID:  number(field(b, "PPid:")),
		Umask: uint32(parse(field(b, "Umask:"), 8)),
	}
	ids := func(key string, p ...*uint32) {
		for i, f := range bytes.Fields(field(b, key)) {
			if i < len(p) {
				*p[i] = uint32(parse(f, 10))
			}
		}
	}
	c := &s.Cred
	ids("Uid:", &c.UID, &c.EUID, &c.SUID, &c.FSUID)
	ids("Gid:", &c.GID, &c.EGID, &c.SGID, &c.FSGID)
	for _, f := range bytes.Fields(field(b, "Groups:")) {
		c.Groups = append(c.Groups, uint32(parse(f, 10)))
	}
	c.CapEff = parse(field(b, "CapEff:"), 16)
	return s, nil
}

// StatusNumber is a number of /proc/TID/status, like "Threads:"; false if the thread is gone, or a zombie.
func StatusNumber(tid int, key string) (int, bool) {
	bp, err := readProc(tid, "status")
	if err != nil {
		return 0, false
	}
	defer procBufs.Put(bp)
	if state := field(*bp, "State:"); len(state) == 0 || state[0] == 'Z' || state[0] == 'X' {
		return 0, false
	}
	n, err := strconv.Atoi(string(field(*bp, key)))
	return n, err == nil
}

func parse(b []byte, base int) uint64 {
	n, err := strconv.ParseUint(string(b), base, 64)
	if err != nil {
		return 0
	}
	return n
}

func number(b []byte) int { return int(parse(b, 10)) }

// State is the state letter of a thread in /proc/TID/stat: a thread that waits for the answer to a
// received notification is S, and D once it has a signal to handle, is to stop or is
// being traced. 0 if the thread has ended.
func State(tid int) byte {
	bp, err := readProc(tid, "stat")
	if err != nil {
		return 0
	}
	defer procBufs.Put(bp)
	b := *bp
	if i := bytes.LastIndexByte(b, ')'); i >= 0 && i+2 < len(b) {
		return b[i+2]
	}
	return 0
}

// Threads is how many threads the process of a thread has; 0 if it has ended.
func Threads(tid int) int {
	var st unix.Stat_t
	if err := unix.Stat("/proc/"+strconv.Itoa(tid)+"/task", &st); err != nil {
		return 0
	}
	return int(st.Nlink) - 2 // a directory each
}
