// SPDX-License-Identifier: Apache-2.0

package guest

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestStatusOfOneself(t *testing.T) {
	st, err := ReadStatus(unix.Gettid())
	if err != nil {
		t.Fatal(err)
	}
	mask := unix.Umask(0)
	unix.Umask(mask)
	c := st.Cred
	if st.TGID != os.Getpid() || st.PPID != os.Getppid() || st.Umask != uint32(mask) {
		t.Errorf("%+v", *st)
	}
	if c.UID != uint32(os.Getuid()) || c.EUID != uint32(os.Geteuid()) || c.FSUID != c.EUID || c.GID != uint32(os.Getgid()) || c.FSGID != uint32(os.Getegid()) {
		t.Errorf("%+v", c)
	}
	groups, err := unix.Getgroups()
	if err != nil {
		t.Fatal(err)
	}
	if !slices.EqualFunc(c.Groups, groups, func(a uint32, b int) bool { return a == uint32(b) }) {
		t.Errorf("groups %v, want %v", c.Groups, groups)
	}
}

func TestField(t *testing.T) {
	const status = "Name:\tTgid:\nTgid:\t12\nUmask:\t0022\nEmpty:\nGroups:\t4 24 \nLast:\tx"
	for key, want := range map[string]string{"Tgid:": "12", "Umask:": "0022", "Empty:": "", "Groups:": "4 24", "Last:": "x", "No:": ""} {
		if got := string(field([]byte(status), key)); got != want {
			t.Errorf("%s %q, want %q", key, got, want)
		}
	}
}

// Nothing is known of a process that has ended, and nobody is told lies about it.
func TestDead(t *testing.T) {
	pid := ended(t)
	if _, err := ReadStatus(pid); err == nil {
		t.Error("status")
	}
	if State(pid) != 0 {
		t.Errorf("state %c", State(pid))
	}
	if FDOpen(pid, 0) || FDs(pid) != nil || TGID(pid) != pid {
		t.Error("descriptors, or a process")
	}
	if _, err := Take(pid, 0); err != unix.ESRCH {
		t.Errorf("take: %v", err)
	}
	if _, err := GetLimit(pid, unix.RLIMIT_NOFILE); err != unix.ESRCH {
		t.Errorf("limit: %v", err)
	}
}

// The name of a program may look like the rest of the line.
func TestState(t *testing.T) {
	dir := t.TempDir()
	cat, err := exec.LookPath("cat")
	if err != nil {
		t.Fatal(err)
	}
	name := dir + "/a) Z (b"
	if err := os.Symlink(cat, name); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(name)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	waitState(t, cmd.Process.Pid, 'S')
	in.Close()
	waitState(t, cmd.Process.Pid, 'Z')
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}

func waitState(t *testing.T, pid int, want byte) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); State(pid) != want; {
		if time.Now().After(deadline) {
			t.Fatalf("state %c, want %c", State(pid), want)
		}
		time.Sleep(time.Millisecond)
	}
}

func TestDescriptors(t *testing.T) {
	f, err := os.Create(t.TempDir() + "/file")
	if err != nil {
		t.Fatal(err)
	}
	fd, tid := int(f.Fd()), os.Getpid()
	buf := make([]byte, PathMax)
	if link, err := FDLink(tid, fd, buf); string(link) != f.Name() || err != nil {
		t.Errorf("%q, %v", link, err)
	}
	if link, err := FDLink(tid, fd, buf[:4]); len(link) != 4 || err != nil {
		t.Errorf("in a short buffer: %q, %v", link, err)
	}
	if !FDOpen(tid, fd) || !slices.Contains(FDs(tid), fd) {
		t.Error("the descriptor is not found")
	}
	own, err := Take(tid, fd)
	if err != nil {
		t.Fatal(err)
	}
	if link, _ := FDLink(tid, own, buf); !strings.HasSuffix(string(link), "/file") {
		t.Errorf("the one taken is %q", link)
	}
	unix.Close(own)
	f.Close()
	if _, err := FDLink(tid, fd, buf); err != unix.EBADF {
		t.Errorf("after close: %v", err)
	}
	if _, err := FDLink(tid, -1, buf); err != unix.EBADF {
		t.Errorf("a negative one: %v", err)
	}
	if _, err := Take(tid, 1<<30); err != unix.EBADF {
		t.Errorf("take one that is not open: %v", err)
	}
}
