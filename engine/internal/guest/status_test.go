// SPDX-License-Identifier: Apache-2.0

package guest

import (
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// TestReadStatus: what is read of a process is what it says itself.
func TestReadStatus(t *testing.T) {
	s, err := ReadStatus(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	groups, err := os.Getgroups()
	if err != nil {
		t.Fatal(err)
	}
	c := s.Cred
	if s.TGID != os.Getpid() || s.PPID != os.Getppid() || int(c.UID) != os.Getuid() || int(c.EGID) != os.Getegid() || len(c.Groups) != len(groups) {
		t.Errorf("%+v", s)
	}
	if _, err := ReadStatus(1 << 30); err != unix.ENOENT {
		t.Errorf("no such process: %v", err)
	}
	if tgid := TGID(unix.Gettid()); tgid != os.Getpid() {
		t.Errorf("TGID %d", tgid)
	}
	if st := State(os.Getpid()); st != 'R' && st != 'S' && st != 'D' {
		t.Errorf("state %c", st)
	}
}

// TestReadProcLong: a file longer than the first buffer is read to its end.
func TestReadProcLong(t *testing.T) {
	bp := procBufs.Get().(*[]byte)
	*bp = make([]byte, 0, 16)
	procBufs.Put(bp)
	for range 4 {
		b, err := readProc(os.Getpid(), "status")
		if err != nil {
			t.Fatal(err)
		}
		if field(*b, "Tgid:") == nil || field(*b, "nonvoluntary_ctxt_switches:") == nil {
			t.Fatalf("cut off: %q", *b)
		}
	}
}
