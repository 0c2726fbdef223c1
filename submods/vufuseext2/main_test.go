// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
	"vuos.dev/submods/vufuseext2/internal/e2test"
)

// runMain in the environment makes the test binary the program.
const runMain = "VUFUSEEXT2_TEST_RUN_MAIN"

func TestMain(m *testing.M) {
	if os.Getenv(runMain) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

func command(args ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), runMain+"=1")
	return cmd
}

// mounted is a running program with its mount.
type mounted struct {
	t      *testing.T
	dir    string
	cmd    *exec.Cmd
	stderr *bytes.Buffer
	done   chan error
}

// needFuse skips the test if the kernel's FUSE cannot be had here.
func needFuse(t *testing.T) {
	t.Helper()
	e2test.Tool(t, "fusermount3")
	fd, err := unix.Open("/dev/fuse", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Skipf("/dev/fuse: %v", err)
	}
	unix.Close(fd)
}

// mount starts the program and waits until the mount is there: the kernel makes mountinfo pollable for that.
func mount(t *testing.T, img, opts string) *mounted {
	t.Helper()
	needFuse(t)
	m := &mounted{t: t, dir: t.TempDir(), stderr: &bytes.Buffer{}, done: make(chan error, 1)}
	info, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		t.Fatal(err)
	}
	defer info.Close()
	m.cmd = command("-o", opts, img, m.dir)
	m.cmd.Stderr = m.stderr
	if err := m.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { m.done <- m.cmd.Wait() }()
	t.Cleanup(func() {
		if m.cmd.ProcessState == nil {
			_ = unix.Unmount(m.dir, unix.MNT_DETACH)
			_ = m.cmd.Process.Kill()
			<-m.done
		}
	})
	for deadline := time.Now().Add(20 * time.Second); !isMounted(t, m.dir); {
		select {
		case err := <-m.done:
			if os.Geteuid() != 0 && strings.Contains(m.stderr.String(), "fusermount") {
				t.Skipf("mounting is not permitted here: %v\n%s", err, m.stderr)
			}
			t.Fatalf("the program ended: %v\n%s", err, m.stderr)
		default:
		}
		if time.Now().After(deadline) {
			t.Fatalf("no mount after 20 s\n%s", m.stderr)
		}
		_, _ = unix.Poll([]unix.PollFd{{Fd: int32(info.Fd()), Events: unix.POLLPRI}}, 100)
	}
	return m
}

func isMounted(t *testing.T, dir string) bool {
	t.Helper()
	b, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		t.Fatal(err)
	}
	return strings.Contains(string(b), " "+dir+" ")
}

// unmount takes the mount away; the program must end well.
func (m *mounted) unmount() {
	m.t.Helper()
	if out, err := exec.Command("fusermount3", "-u", m.dir).CombinedOutput(); err != nil {
		m.t.Fatalf("fusermount3 -u: %v\n%s", err, out)
	}
	if err := <-m.done; err != nil {
		m.t.Fatalf("the program failed: %v\n%s", err, m.stderr)
	}
}

func shell(t *testing.T, dir, script string) string {
	t.Helper()
	cmd := exec.Command("sh", "-euc", script)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", script, err, out)
	}
	return string(out)
}

// TestReadMount compares a mounted image with what it was made of.
func TestReadMount(t *testing.T) {
	src := e2test.Tree(t)
	for name, args := range e2test.Flavours {
		t.Run(name, func(t *testing.T) {
			img := e2test.Mkfs(t, "32M", src, args...)
			m := mount(t, img, "ro")
			if out := shell(t, m.dir, "diff -r --no-dereference -x lost+found "+src+" ."); out != "" {
				t.Errorf("differences: %s", out)
			}
			if out := shell(t, m.dir, "cd "+src+"; rsync -nrlptHc --itemize-changes --exclude=/./ . "+m.dir); strings.Contains(out, ">f") {
				t.Errorf("rsync sees changes:\n%s", out)
			}
			if err := os.WriteFile(filepath.Join(m.dir, "new"), nil, 0o600); err == nil {
				t.Error("a read-only mount was written")
			}
			ino := strings.TrimSpace(shell(t, m.dir, "stat -c %i many"))
			if out := e2test.Debugfs(t, img, "stat /many", false); !strings.Contains(out, "Inode: "+ino+" ") {
				t.Errorf("inode %s, debugfs says %.40s", ino, out)
			}
			m.unmount()
		})
	}
}

// TestWriteMount copies a tree in with cp, and lets e2fsck and debugfs look at it.
func TestWriteMount(t *testing.T) {
	src := e2test.Tree(t)
	for name, args := range e2test.Flavours {
		t.Run(name, func(t *testing.T) {
			img := e2test.Mkfs(t, "48M", "", args...)
			m := mount(t, img, "rw+")
			shell(t, m.dir, "cp -a "+src+" tree; diff -r --no-dereference "+src+" tree")
			if os.Geteuid() == 0 {
				shell(t, m.dir, "mknod dev c 300 7000; mkfifo fifo; test -c dev -a -p fifo")
			}
			shell(t, m.dir, "mkdir d; for i in 1 2 3 4 5 6 7 8 9; do echo $i > d/$i; done; rm d/[1-5]; mv d tree/d")
			m.unmount()
			e2test.Fsck(t, img)
			out := filepath.Join(t.TempDir(), "big")
			e2test.Debugfs(t, img, "dump /tree/size1500000 "+out, false)
			a, _ := os.ReadFile(out)
			b, _ := os.ReadFile(filepath.Join(src, "size1500000"))
			if !bytes.Equal(a, b) {
				t.Error("debugfs reads something else")
			}
		})
	}
}

// TestTerm ends the program by a signal while the mount is in use: all that was written is there.
func TestTerm(t *testing.T) {
	img := e2test.Mkfs(t, "8M", "", "-t", "ext4")
	m := mount(t, img, "rw+")
	f, err := os.Create(filepath.Join(m.dir, "busy"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString("written before the end"); err != nil {
		t.Fatal(err)
	}
	if err := f.Truncate(64 << 10); err != nil {
		t.Fatal(err)
	}
	mem, err := unix.Mmap(int(f.Fd()), 0, 64<<10, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Munmap(mem)
	copy(mem[60<<10:], "mapped memory")
	defer f.Close()
	if err := m.cmd.Process.Signal(unix.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := <-m.done; err != nil {
		t.Errorf("the program failed: %v\n%s", err, m.stderr)
	}
	if _, err := f.WriteString("too late"); err == nil {
		t.Error("a write after the end succeeded")
	}
	e2test.Fsck(t, img)
	if out := e2test.Debugfs(t, img, "cat /busy", false); !strings.Contains(out, "written before the end") || !strings.Contains(out, "mapped memory") {
		t.Errorf("the file holds %q", strings.ReplaceAll(out, "\x00", ""))
	}
}

// TestKill ends it without a chance to do anything; what was synced is there after e2fsck.
func TestKill(t *testing.T) {
	img := e2test.Mkfs(t, "8M", "", "-t", "ext4")
	m := mount(t, img, "rw+")
	shell(t, m.dir, "mkdir a; echo synced > a/f; sync a/f")
	if err := m.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-m.done
	_ = unix.Unmount(m.dir, unix.MNT_DETACH)
	e2test.Repair(t, img)
	e2test.Fsck(t, img)
	if out := e2test.Debugfs(t, img, "cat /a/f", false); !strings.Contains(out, "synced") {
		t.Errorf("the file holds %q", out)
	}
}
