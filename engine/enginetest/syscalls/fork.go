// SPDX-License-Identifier: Apache-2.0

package syscalls

import (
	"fmt"
	"os/exec"
	"strconv"

	"golang.org/x/sys/unix"
)

var forkCases = []Case{
	{"fork/shares-offset", Anyone, forkOffset},
	{"fork/own-descriptor-table", Anyone, forkTable},
	{"fork/own-cwd-and-umask", Anyone, forkCwd},
	{"clone/shared-descriptor-table", Anyone, cloneFiles},
	{"clone/shared-cwd", Anyone, cloneFS},
	{"clone3/plain", Anyone, clone3Plain},
	{"fork/writes-to-unlinked-file", Anyone, forkUnlinked},
	{"fork/grandchildren", Anyone, forkDeep},
	{"vfork/inherits", Anyone, vforkInherits},
}

func forkOffset(t *T) {
	p := t.File("f", "abcdef")
	fd := t.Open(p, unix.O_RDWR, 0)
	b := make([]byte, 2)
	t.forked(0, call(unix.SYS_READ, fd, b, 2), call(unix.SYS_WRITE, fd, []byte("X"), 1))
	same(t, "offset", t.Offset(fd), 3)
	same(t, "read", t.Read(fd, 9), "def")
	t.forked(0, call(unix.SYS_LSEEK, fd, 1, unix.SEEK_SET))
	same(t, "read", t.Read(fd, 9), "bXdef")
	t.forked(0, call(unix.SYS_FCNTL, fd, unix.F_SETFL, unix.O_APPEND))
	t.Write(fd, "g")
	t.Holds(p, "abXdefg")
}

func forkTable(t *T) {
	p := t.File("f", "abc")
	fd := t.Open(p, unix.O_RDONLY, 0)
	other := t.Open(t.File("g", "xyz"), unix.O_RDONLY, 0)
	t.forked(0, call(unix.SYS_CLOSE, fd), returning(fd, unix.SYS_DUP2, other, fd), call(unix.SYS_FCNTL, fd, unix.F_SETFD, 0))
	t.SameInode(t.Fstat(fd), t.Stat(p))
	same(t, "F_GETFD", t.Do(unix.SYS_FCNTL, fd, unix.F_GETFD), unix.FD_CLOEXEC)
	same(t, "read", t.Read(fd, 9), "abc")
	t.forked(0, returning(200, unix.SYS_DUP2, fd, 200))
	same(t, "200 open", isOpen(200), false)
}

func forkCwd(t *T) {
	d := t.Mkdir("d")
	t.Umask(0o022)
	t.forked(0, call(unix.SYS_CHDIR, d), returning(0o022, unix.SYS_UMASK, 0o077),
		call(unix.SYS_MKDIR, "made", 0o777))
	same(t, "cwd", cwd(t), "/")
	same(t, "mode", t.Stat(t.Path("d/made")).Mode, unix.S_IFDIR|0o700)
	t.Returns(0o022, unix.SYS_UMASK, 0o022)
	t.Do(unix.SYS_CHDIR, d)
	t.Cleanup(func() { unix.Chdir("/") })
	t.forked(0, call(unix.SYS_MKDIR, "inherited", 0o755))
	t.Stat(t.Path("d/inherited"))
}

// A process made with CLONE_FILES opens and closes for its parent.
func cloneFiles(t *T) {
	p := t.File("f", "abc")
	fd := t.Open(p, unix.O_RDONLY, 0)
	t.forked(unix.CLONE_FILES, returning(150, unix.SYS_DUP2, fd, 150), call(unix.SYS_CLOSE, fd))
	same(t, "closed by the child", isOpen(fd), false)
	same(t, "read of what the child opened", t.Read(150, 9), "abc")
}

// A process made with CLONE_FS changes directory for its parent.
func cloneFS(t *T) {
	d := t.Mkdir("d")
	t.Umask(0o022)
	t.Cleanup(func() { unix.Chdir("/") })
	t.forked(unix.CLONE_FS, call(unix.SYS_CHDIR, d), returning(0o022, unix.SYS_UMASK, 0o027))
	same(t, "cwd", cwd(t), d)
	t.Returns(0o027, unix.SYS_UMASK, 0o022)
	t.Do(unix.SYS_MKDIR, "made", 0o755)
	t.Stat(t.Path("d/made"))
}

func forkUnlinked(t *T) {
	p := t.File("f", "abc")
	fd := t.Open(p, unix.O_RDWR|unix.O_APPEND, 0)
	t.Do(unix.SYS_UNLINK, p)
	t.forked(0, call(unix.SYS_WRITE, fd, []byte("def"), 3))
	t.Do(unix.SYS_LSEEK, fd, 0, unix.SEEK_SET)
	same(t, "content", t.Read(fd, 9), "abcdef")
	// The child's close is not the last one.
	t.forked(0, call(unix.SYS_CLOSE, fd))
	t.Write(fd, "g")
	same(t, "size", t.Fstat(fd).Size, 7)
}

func forkDeep(t *T) {
	p := t.File("f", "")
	out := t.Output(t.Child("nest", p, "5"))
	same(t, "output", out, "")
	t.Holds(p, "543210")
}

// vfork and execve, as posix_spawn does: what is not close-on-exec is inherited.
func vforkInherits(t *T) {
	p := t.File("f", "abcdef")
	fd := t.Open(p, unix.O_RDWR, 0)
	t.Read(fd, 1)
	c := t.Child("read-write", "")
	n := t.Inherit(c, fd)
	c.Args = append(c.Args[:3], itoa(n))
	same(t, "read by the child", t.Output(c), "bc")
	same(t, "offset", t.Offset(fd), 4)
	t.Holds(p, "abcXef")
}

// clone3Plain forks by the newest call; glibc uses it for posix_spawn and threads.
func clone3Plain(t *T) {
	fd := t.Open(t.File("f", "abc"), unix.O_RDWR, 0)
	args := [8]uint64{4: uint64(unix.SIGCHLD)} // struct clone_args up to tls
	t.forkedBy(call(unix.SYS_CLONE3, &args, 64), []step{call(unix.SYS_WRITE, fd, []byte("XY"), 2)})
	same(t, "offset", t.Offset(fd), 2)
	t.Holds(t.Path("f"), "XYc")
}

// childNest appends its depth to a file and starts itself one less deep: FILE DEPTH.
func childNest(args []string) error {
	fd, err := sys(unix.SYS_OPEN, args[0], unix.O_WRONLY|unix.O_APPEND, 0)
	if err != nil {
		return err
	}
	if _, err := sys(unix.SYS_WRITE, fd, []byte(args[1]), len(args[1])); err != nil {
		return err
	}
	depth, err := strconv.Atoi(args[1])
	if err != nil || depth == 0 {
		return err
	}
	return exec.Command(self, childFlag, "nest", args[0], itoa(depth-1)).Run()
}

// childReadWrite prints two bytes read from a descriptor and writes one there: FD.
func childReadWrite(args []string) error {
	fd, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	b := make([]byte, 2)
	if n, err := sys(unix.SYS_READ, fd, b, 2); err != nil || n != 2 {
		return fmt.Errorf("read %d: %v", n, err)
	}
	fmt.Printf("%s", b)
	_, err = sys(unix.SYS_WRITE, fd, []byte("X"), 1)
	return err
}
