// SPDX-License-Identifier: Apache-2.0

package syscalls

import (
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

var procCases = []Case{
	{"proc/fd-links", Anyone, procFdLinks},
	{"proc/fd-reopen", Anyone, procReopen},
	{"proc/fd-listing", Anyone, procListing},
	{"proc/fdinfo", Anyone, procFdinfo},
	{"proc/cwd-and-root", Anyone, procCwd},
	{"proc/exe", Anyone, procExe},
	{"proc/other-names", Anyone, procNames},
	{"proc/dev-fd", Anyone, procDevFd},
	{"proc/mounts", Anyone, procMounts},
	{"proc/magic-links-in-the-middle", Anyone, procMiddle},
	{"proc/seccomp-and-privileges-look-native", Anyone, procStatus},
}

func procFdLinks(t *T) {
	p := t.File("f", "abc")
	fd := t.Open(p, unix.O_RDONLY, 0)
	same(t, "link", t.readlink(procFD(fd)), p)
	same(t, "type", t.Lstat(procFD(fd)).Mode, unix.S_IFLNK|0o500)
	same(t, "type", t.Lstat(procFD(t.Open(p, unix.O_RDWR, 0))).Mode, unix.S_IFLNK|0o700)
	same(t, "directory", t.readlink(procFD(t.OpenDir())), t.Dir)
	t.SameInode(t.Stat(procFD(fd)), t.Stat(p))
	t.Do(unix.SYS_UNLINK, p)
	same(t, "link", t.readlink(procFD(fd)), p+" (deleted)")
	t.SameInode(t.Stat(procFD(fd)), t.Fstat(fd))
	r, _ := t.pipe()
	same(t, "pipe", t.readlink(procFD(r)), fmt.Sprintf("pipe:[%d]", t.Fstat(r).Ino))
	s := t.unixSocket(unix.SOCK_STREAM)
	same(t, "socket", t.readlink(procFD(s)), fmt.Sprintf("socket:[%d]", t.Fstat(s).Ino))
	t.Fails(unix.ENXIO, unix.SYS_OPENAT, unix.AT_FDCWD, procFD(s), unix.O_RDWR, 0)
	t.Close(fd)
	t.Missing(procFD(fd))
}

// A reopen is a new open file of the same inode, whatever became of the name.
func procReopen(t *T) {
	p := t.File("f", "abcdef")
	fd := t.Open(p, unix.O_RDONLY, 0)
	t.Read(fd, 3)
	again := t.Open(procFD(fd), unix.O_RDWR, 0)
	same(t, "offset", t.Offset(again), 0)
	t.Write(again, "X")
	same(t, "offset", t.Offset(fd), 3)
	t.Do(unix.SYS_UNLINK, p)
	t.File("f", "other")
	same(t, "content", t.Read(t.Open(procFD(fd), unix.O_RDONLY, 0), 9), "Xbcdef")
	t.Fails(unix.ELOOP, unix.SYS_OPENAT, unix.AT_FDCWD, procFD(fd), unix.O_RDONLY|unix.O_NOFOLLOW, 0)
	t.Fails(unix.EEXIST, unix.SYS_OPENAT, unix.AT_FDCWD, procFD(fd), unix.O_CREAT|unix.O_EXCL|unix.O_RDWR, 0o644)
	t.Fails(unix.ENOTDIR, unix.SYS_OPENAT, unix.AT_FDCWD, procFD(fd)+"/", unix.O_RDONLY, 0)
	t.Do(unix.SYS_TRUNCATE, procFD(fd), 2)
	same(t, "size", t.Fstat(fd).Size, 2)
	r, w := t.pipe()
	w2 := t.Open(procFD(r), unix.O_WRONLY, 0)
	t.Write(w2, "pipe")
	t.Close(w)
	same(t, "read", t.Read(r, 9), "pipe")
}

func procListing(t *T) {
	fd := t.Open(t.File("f", ""), unix.O_RDONLY, 0)
	t.occupy(fd, 200, 201)
	seen := map[string]bool{}
	for _, name := range t.names("/proc/self/fd") {
		seen[name] = true
	}
	for _, n := range []int{0, 1, 2, fd, 200, 201} {
		t.Check(seen[itoa(n)], "descriptor %d is not listed", n)
	}
	t.Close(201)
	for _, name := range t.names("/proc/self/fd") {
		t.Check(name != "201", "descriptor 201 is listed after its close")
	}
}

func procFdinfo(t *T) {
	fd := t.Open(t.File("f", "abcdef"), unix.O_RDWR|unix.O_APPEND, 0)
	t.Read(fd, 4)
	b, err := os.ReadFile(fmt.Sprintf("/proc/self/fdinfo/%d", fd))
	t.NoError(err, "fdinfo")
	fields := map[string]string{}
	for line := range strings.Lines(string(b)) {
		k, v, _ := strings.Cut(line, ":")
		fields[k] = strings.TrimSpace(v)
	}
	same(t, "pos", fields["pos"], "4")
	same(t, "flags", fields["flags"], fmt.Sprintf("0%o", unix.O_RDWR|unix.O_APPEND|unix.O_CLOEXEC|0o100000))
	same(t, "ino", fields["ino"], fmt.Sprint(t.Fstat(fd).Ino))
}

func procCwd(t *T) {
	t.File("f", "abc")
	t.enter(t.Dir)
	same(t, "cwd", t.readlink("/proc/self/cwd"), t.Dir)
	same(t, "root", t.readlink("/proc/self/root"), "/")
	t.Holds("/proc/self/cwd/f", "abc")
	t.Holds("/proc/self/root"+t.Path("f"), "abc")
	t.SameInode(t.Stat("/proc/self/root"), t.Stat("/"))
	t.SameInode(t.Stat("/proc/self/root/.."), t.Stat("/"))
	t.SameInode(t.Stat("/proc/self/cwd/.."), t.Stat(".."))
	t.Close(t.Open("/proc/self/cwd/new", unix.O_CREAT|unix.O_RDWR, 0o644))
	t.Do(unix.SYS_RENAME, "/proc/self/cwd/new", t.Path("renamed"))
	t.Do(unix.SYS_UNLINK, "/proc/self/root"+t.Path("renamed"))
	t.Do(unix.SYS_CHDIR, "/proc/self/cwd")
	same(t, "cwd", cwd(t), t.Dir)
}

func procExe(t *T) {
	exe := t.readlink(self)
	t.Check(exe[0] == '/', "exe is %q", exe)
	if st, err := os.Stat(exe); err == nil {
		same(t, "size", t.Stat(self).Size, st.Size())
	}
	fd := t.Open(self, unix.O_RDONLY, 0)
	same(t, "magic", t.Read(fd, 4), "\x7fELF")
	same(t, "link", t.readlink(procFD(fd)), exe)
	t.FailsAny([]unix.Errno{unix.ETXTBSY, unix.EACCES}, unix.SYS_OPENAT, unix.AT_FDCWD, self, unix.O_RDWR, 0)
}

func procNames(t *T) {
	pid := unix.Getpid()
	same(t, "self", t.readlink("/proc/self"), itoa(pid))
	fd := t.Open(t.File("f", "abc"), unix.O_RDONLY, 0)
	onOwnThread(func() {
		tid := unix.Gettid()
		same(t, "thread-self", t.readlink("/proc/thread-self"), fmt.Sprintf("%d/task/%d", pid, tid))
		for _, base := range []string{itoa(pid), itoa(tid), fmt.Sprintf("self/task/%d", tid), "thread-self", "../proc/self"} {
			p := fmt.Sprintf("/proc/%s/fd/%d", base, fd)
			same(t, p, t.readlink(p), t.Path("f"))
			t.SameInode(t.Stat(p), t.Fstat(fd))
		}
	})
	t.Missing("/proc/self/fd/999999")
	t.Missing("/proc/self/fd/01")
	t.Missing("/proc/self/fd/x")
}

func procDevFd(t *T) {
	fd := t.Open(t.File("f", "abc"), unix.O_RDONLY, 0)
	t.Holds(fmt.Sprintf("/dev/fd/%d", fd), "abc")
	t.SameInode(t.Stat(fmt.Sprintf("/dev/fd/%d", fd)), t.Fstat(fd))
	same(t, "/dev/fd", t.readlink("/dev/fd"), "/proc/self/fd")
	t.SameInode(t.Stat("/dev/stdout"), t.Fstat(1))
	t.Do(unix.SYS_DUP2, fd, 0)
	t.Holds("/dev/stdin", "abc")
}

func procMounts(t *T) {
	b, err := os.ReadFile("/proc/self/mountinfo")
	t.NoError(err, "mountinfo")
	points := map[string]bool{}
	for line := range strings.Lines(string(b)) {
		f := strings.Fields(line)
		if len(f) < 10 {
			t.Fatalf("mountinfo line %q", line)
		}
		points[f[4]] = true
	}
	t.Check(points["/"] && points["/proc"], "mount points %v", points)
	m, err := os.ReadFile("/proc/mounts")
	t.NoError(err, "mounts")
	same(t, "lines", strings.Count(string(m), "\n"), strings.Count(string(b), "\n"))
}

func procMiddle(t *T) {
	t.Mkdir("d")
	t.File("d/f", "abc")
	t.File("g", "def")
	dir := t.Open(t.Path("d"), unix.O_PATH, 0)
	t.Holds(procFD(dir)+"/f", "abc")
	t.Holds(procFD(dir)+"/../g", "def")
	t.Symlink(procFD(dir), "l")
	t.Holds(t.Path("l/f"), "abc")
	t.Do(unix.SYS_MKDIR, procFD(dir)+"/made", 0o755)
	t.Do(unix.SYS_RENAME, procFD(dir)+"/f", t.Path("l/../moved"))
	t.Holds(t.Path("moved"), "abc")
	t.Fails(unix.ENOTDIR, unix.SYS_OPENAT, unix.AT_FDCWD, procFD(t.Open(t.Path("g"), unix.O_PATH, 0))+"/x", unix.O_RDONLY, 0)
}

func procStatus(t *T) {
	b, err := os.ReadFile("/proc/self/status")
	t.NoError(err, "status")
	r, err := sys(unix.SYS_PRCTL, unix.PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0)
	t.NoError(err, "prctl")
	t.Check(strings.Contains(string(b), fmt.Sprintf("\nNoNewPrivs:\t%d\n", r)), "prctl says no_new_privs %d, /proc another", r)
	t.Check(strings.Contains(string(b), fmt.Sprintf("\nPid:\t%d\n", unix.Getpid())), "no line with the pid")
}
