// SPDX-License-Identifier: Apache-2.0

package syscalls

import (
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

var execCases = []Case{
	{"execve/static", Anyone, execStatic},
	{"execve/dynamic", Anyone, execDynamic},
	{"execve/identity", Anyone, execIdentity},
	{"execve/errors", Anyone, execErrors},
	{"execve/user-permission", User, execUser},
	{"execve/text-busy", Anyone, execBusy},
	{"execve/cloexec", Anyone, execCloexec},
	{"execve/long-arguments", Anyone, execLong},
	{"execveat/forms", Anyone, execveatForms},
	{"execveat/errors", Anyone, execveatErrors},
	{"execve/deleted-program", Anyone, execDeleted},
}

func execStatic(t *T) {
	p := t.program(self, "prog")
	args := []string{"any name", childFlag, "show", "", "a b", "\xff"}
	got := t.execs(unix.SYS_EXECVE, p, vector(args...), vector(environment...))
	same(t, "output", got, shown(args, "prog", p))
}

func execDynamic(t *T) {
	p := t.program("/bin/echo", "say")
	got := t.execs(unix.SYS_EXECVE, p, vector("echo", "hello", "world"), vector(environment...))
	same(t, "output", got, "hello world\n")
	got = t.execs(unix.SYS_EXECVE, "/bin/echo", vector("echo", "again"), vector(environment...))
	same(t, "output", got, "again\n")
}

// The name of a process is the last component of what it executed.
func execIdentity(t *T) {
	p := t.program(self, "a-rather-long-name")
	t.Symlink("a-rather-long-name", "link")
	t.enter(t.Dir)
	args := []string{"x", childFlag, "show"}
	env := vector(environment...)
	same(t, "relative", t.execs(unix.SYS_EXECVE, "./a-rather-long-name", vector(args...), env), shown(args, "a-rather-long-n", p))
	same(t, "link", t.execs(unix.SYS_EXECVE, "link", vector(args...), env), shown(args, "link", p))
	fd := t.Do(unix.SYS_OPENAT, unix.AT_FDCWD, p, unix.O_PATH, 0)
	same(t, "/proc/self/fd", t.execs(unix.SYS_EXECVE, procFD(fd), vector(args...), env), shown(args, itoa(fd), p))
}

func execErrors(t *T) {
	p := t.program(self, "prog")
	a, e := vector("x"), vector()
	t.Do(unix.SYS_CHMOD, t.File("plain", "text"), 0o644)
	for name, content := range map[string]string{"empty": "", "garbage": "\x00\x01garbage", "text": "echo hi\n", "short-elf": "\x7fELF"} {
		t.Do(unix.SYS_CHMOD, t.File(name, content), 0o755)
		t.noExec(unix.ENOEXEC, unix.SYS_EXECVE, t.Path(name), a, e)
	}
	t.Symlink("loop", "loop")
	t.noExec(unix.ENOENT, unix.SYS_EXECVE, t.Path("no"), a, e)
	t.noExec(unix.ENOENT, unix.SYS_EXECVE, "", a, e)
	t.noExec(unix.EACCES, unix.SYS_EXECVE, t.Dir, a, e)
	t.noExec(unix.EACCES, unix.SYS_EXECVE, t.Path("plain"), a, e)
	t.noExec(unix.EACCES, unix.SYS_EXECVE, "/dev/null", a, e)
	t.noExec(unix.ENOTDIR, unix.SYS_EXECVE, p+"/x", a, e)
	t.noExec(unix.ELOOP, unix.SYS_EXECVE, t.Path("loop"), a, e)
	t.noExec(unix.EFAULT, unix.SYS_EXECVE, nil, a, e)
	t.noExec(unix.EFAULT, unix.SYS_EXECVE, p, uintptr(8), e)
	t.noExec(unix.EFAULT, unix.SYS_EXECVE, p, a, uintptr(8))
	t.noExec(unix.EFAULT, unix.SYS_EXECVE, p, []uint64{8, 0}, e)
	t.noExec(unix.E2BIG, unix.SYS_EXECVE, p, vector("x", strings.Repeat("y", 128<<10)), e)
	t.Do(unix.SYS_MKNOD, t.Path("fifo"), unix.S_IFIFO|0o777, 0)
	t.noExec(unix.EACCES, unix.SYS_EXECVE, t.Path("fifo"), a, e)
}

// Executing needs no permission to read.
func execUser(t *T) {
	p := t.program(self, "prog")
	args := []string{"x", childFlag, "pid"}
	t.Do(unix.SYS_CHMOD, p, 0o611)
	t.noExec(unix.EACCES, unix.SYS_EXECVE, p, vector(args...), vector(environment...))
	t.Do(unix.SYS_CHMOD, p, 0o100)
	got := t.execs(unix.SYS_EXECVE, p, vector(args...), vector(environment...))
	t.Check(got != "", "a program that cannot be read printed nothing")
}

func execBusy(t *T) {
	p := t.program(self, "prog")
	fd := t.Open(p, unix.O_RDWR, 0)
	t.noExec(unix.ETXTBSY, unix.SYS_EXECVE, p, vector("x"), vector())
	t.Close(fd)
	// A running program cannot be opened for writing.
	r, w := t.pipe()
	c := t.Child("wait")
	c.Path = p
	c.Stdin = os.NewFile(uintptr(t.Do(unix.SYS_FCNTL, r, unix.F_DUPFD_CLOEXEC, 3)), "pipe")
	out, err := c.StdoutPipe()
	t.NoError(err, "pipe")
	t.NoError(c.Start(), "start")
	_, err = out.Read(make([]byte, 1))
	t.NoError(err, "child")
	t.Fails(unix.ETXTBSY, unix.SYS_OPENAT, unix.AT_FDCWD, p, unix.O_WRONLY, 0)
	t.Fails(unix.ETXTBSY, unix.SYS_TRUNCATE, p, 0)
	t.Close(w)
	t.NoError(c.Wait(), "child")
	t.Close(t.Open(p, unix.O_WRONLY, 0))
}

func execCloexec(t *T) {
	p := t.File("f", "abc")
	stays := t.Do(unix.SYS_OPENAT, unix.AT_FDCWD, p, unix.O_RDONLY, 0)
	goes := t.Open(p, unix.O_RDONLY, 0)
	t.occupy(stays, 250, 251)
	t.Do(unix.SYS_FCNTL, 250, unix.F_SETFD, unix.FD_CLOEXEC)
	args := []string{"x", childFlag, "are-open", itoa(stays), itoa(goes), "250", "251"}
	same(t, "open", t.execs(unix.SYS_EXECVE, self, vector(args...), vector()), "true false false true ")
	t.Check(isOpen(goes) && isOpen(250), "the parent's own are closed")
}

func execLong(t *T) {
	args := []string{"x", childFlag, "show", strings.Repeat("y", 100<<10), strings.Repeat("z", 20<<10)}
	got := t.execsFile(self, args)
	t.Check(strings.Contains(got, args[3]) && strings.Contains(got, args[4]), "arguments arrive as %.80q", got)
}
