// SPDX-License-Identifier: Apache-2.0

package guest

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// What the kernel tells of a descriptor is the same whatever room there was for it, and says where its file is.
func TestFDInfo(t *testing.T) {
	f, err := os.OpenFile(filepath.Join(t.TempDir(), "f"), os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for i := range int64(20) { // each is shown
		if err := unix.FcntlFlock(f.Fd(), unix.F_OFD_SETLK, &unix.Flock_t{Type: unix.F_WRLCK, Start: 2 * i, Len: 1}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := f.Seek(1234567, 0); err != nil {
		t.Fatal(err)
	}
	want, err := FDInfo(os.Getpid(), int(f.Fd()), nil)
	if err != nil || bytes.Count(want, []byte("OFDLCK")) != 20 {
		t.Fatalf("%q, %v", want, err)
	}
	for _, room := range []int{1, 100, len(want), len(want) + 1, 4096} {
		if got, err := FDInfo(os.Getpid(), int(f.Fd()), make([]byte, 0, room)); err != nil || !bytes.Equal(got, want) {
			t.Errorf("room for %d: %q, %v", room, got, err)
		}
	}
	pos, flags, ok := FDPosition(want)
	if !ok || pos != 1234567 || flags&unix.O_APPEND == 0 || flags&unix.O_ACCMODE != unix.O_RDWR {
		t.Errorf("position %d, flags %#o, %v", pos, flags, ok)
	}
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil {
		t.Fatal(err)
	}
	if dev, ino, err := FDInode(os.Getpid(), int(f.Fd())); dev != st.Dev || ino != st.Ino || err != nil {
		t.Errorf("inode %d:%d, want %d:%d, %v", dev, ino, st.Dev, st.Ino, err)
	}
	for _, bad := range []string{"", "pos:", "pos:\tx\nflags:\t0\n", "pos:\t1\nmnt_id:\t0\n", "flags:\t0\npos:\t1\n"} {
		if _, _, ok := FDPosition([]byte(bad)); ok {
			t.Errorf("%q says a position", bad)
		}
	}
}
