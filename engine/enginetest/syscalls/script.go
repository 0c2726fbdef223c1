// SPDX-License-Identifier: Apache-2.0

package syscalls

import (
	"fmt"
	"strings"

	"golang.org/x/sys/unix"
)

var scriptCases = []Case{
	{"script/argument", Anyone, scriptArgument},
	{"script/spaces", Anyone, scriptSpaces},
	{"script/nested", Anyone, scriptNested},
	{"script/too-deep", Anyone, scriptDeep},
	{"script/errors", Anyone, scriptErrors},
	{"script/by-descriptor", Anyone, scriptDescriptor},
	{"script/relative", Anyone, scriptRelative},
}

// script makes an executable file.
func (t *T) script(name, content string) string {
	p := t.File(name, content)
	t.Do(unix.SYS_CHMOD, p, 0o755)
	return p
}

func scriptArgument(t *T) {
	prog := t.program(self, "prog")
	s := t.script("show", "#!"+prog+" "+childFlag+"\nnever read\n")
	got := t.execs(unix.SYS_EXECVE, s, vector("lost", "a", "b c"), vector(environment...))
	same(t, "output", got, shown([]string{prog, childFlag, s, "a", "b c"}, "show", prog))
	s = t.script("none", "#!/bin/echo\n")
	same(t, "output", t.execs(unix.SYS_EXECVE, s, vector("x", "y"), vector()), s+" y\n")
}

// The rest of the line is one argument; space around it goes, space within stays. So
// does space at the end of a file without a newline.
func scriptSpaces(t *T) {
	for i, line := range []string{"#!/bin/echo  one\t two  \n", "#! \t/bin/echo one\t two", "#!/bin/echo one\t two\t \n#other"} {
		s := t.script(fmt.Sprint("s", i), line)
		same(t, line, t.execs(unix.SYS_EXECVE, s, vector("x", "y"), vector()), "one\t two "+s+" y\n")
	}
	s := t.script("no-newline", "#!/bin/echo one  ")
	same(t, "no newline", t.execs(unix.SYS_EXECVE, s, vector("x", "y"), vector()), "one   "+s+" y\n")
}

func scriptNested(t *T) {
	prog := t.program(self, "prog")
	t.Mkdir("in")
	inner := t.script("in/show", "#!"+prog+" "+childFlag)
	outer := t.script("outer", "#!"+inner+" arg")
	got := t.execs(unix.SYS_EXECVE, outer, vector("x", "y"), vector(environment...))
	same(t, "output", got, shown([]string{prog, childFlag, inner, "arg", outer, "y"}, "outer", prog))
}

func scriptDeep(t *T) {
	prev := "/bin/echo"
	var names []string
	for i := range 9 {
		prev = t.script(fmt.Sprint("s", i), "#!"+prev+"\n")
		names = append(names, prev)
	}
	got := t.execs(unix.SYS_EXECVE, t.Path("s3"), vector("x", "y"), vector())
	same(t, "four levels", got, strings.Join(names[:4], " ")+" y\n")
	t.noExec(unix.ELOOP, unix.SYS_EXECVE, prev, vector("x"), vector())
}

// A lone `#!` without a newline names the empty path, which is the current directory.
func scriptErrors(t *T) {
	t.File("plain", "")
	for _, c := range []struct {
		content string
		want    unix.Errno
	}{
		{"#!/no/such/interpreter\n", unix.ENOENT}, {"#!" + t.Path("plain") + "\n", unix.EACCES},
		{"#!" + t.Dir + "\n", unix.EACCES}, {"#!\n", unix.ENOEXEC}, {"#! \t \n", unix.ENOEXEC}, {"#!", unix.EACCES},
		{"#!/" + strings.Repeat("x", 300) + "\n", unix.ENOEXEC}, {"#!/dev/null/x\n", unix.ENOTDIR},
		{" #!/bin/echo\n", unix.ENOEXEC},
	} {
		t.noExec(c.want, unix.SYS_EXECVE, t.script("s", c.content), vector("x"), vector())
	}
	t.Do(unix.SYS_CHMOD, t.script("s", "#!/bin/echo\n"), 0o644)
	t.noExec(unix.EACCES, unix.SYS_EXECVE, t.Path("s"), vector("x"), vector())
}

// The interpreter is told /dev/fd/N, which a close-on-exec descriptor cannot be.
func scriptDescriptor(t *T) {
	s := t.script("s", "#!/bin/echo\n")
	fd := t.Do(unix.SYS_OPENAT, unix.AT_FDCWD, s, unix.O_RDONLY, 0)
	got := t.execs(unix.SYS_EXECVEAT, fd, "", vector("x", "y"), vector(), unix.AT_EMPTY_PATH)
	same(t, "output", got, fmt.Sprintf("/dev/fd/%d y\n", fd))
	dir := t.Do(unix.SYS_OPENAT, unix.AT_FDCWD, t.Dir, unix.O_RDONLY, 0)
	got = t.execs(unix.SYS_EXECVEAT, dir, "s", vector("x"), vector(), 0)
	same(t, "output", got, fmt.Sprintf("/dev/fd/%d/s\n", dir))
	t.noExec(unix.ENOENT, unix.SYS_EXECVEAT, t.Open(s, unix.O_RDONLY, 0), "", vector("x"), vector(), unix.AT_EMPTY_PATH)
	t.noExec(unix.ENOENT, unix.SYS_EXECVEAT, t.OpenDir(), "s", vector("x"), vector(), 0)
}

func scriptRelative(t *T) {
	t.script("s", "#!./echo arg\n")
	t.program("/bin/echo", "echo")
	t.enter(t.Dir)
	same(t, "output", t.execs(unix.SYS_EXECVE, "s", vector("x"), vector()), "arg s\n")
	same(t, "output", t.execs(unix.SYS_EXECVE, "./s", vector("x"), vector()), "arg ./s\n")
	t.Do(unix.SYS_CHDIR, "/")
	t.noExec(unix.ENOENT, unix.SYS_EXECVE, t.Path("s"), vector("x"), vector())
}
