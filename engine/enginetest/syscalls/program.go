// SPDX-License-Identifier: Apache-2.0

package syscalls

import (
	"os"

	"golang.org/x/sys/unix"
)

// environment is what programs that cases execute find in their environment.
var environment = []string{"VUTEST=yes", "PATH=/usr/bin:/bin"}

// vector is an argument or environment list as the kernel wants it.
func vector(list ...string) []uint64 {
	v := make([]uint64, 0, len(list)+1)
	for _, s := range list {
		v = append(v, text(s))
	}
	return append(v, 0)
}

// program copies the program at from into the scratch directory. The case is skipped
// where nothing can be executed.
func (t *T) program(from, name string) string {
	var s unix.Statfs_t
	t.Do(unix.SYS_STATFS, t.Dir, &s)
	if s.Flags&unix.ST_NOEXEC != 0 {
		t.Skipf("%s is mounted noexec", t.Dir)
	}
	b, err := os.ReadFile(from)
	t.NoError(err, "read "+from)
	p := t.Path(name)
	fd := t.Open(p, unix.O_CREAT|unix.O_WRONLY, 0o755)
	for len(b) > 0 {
		b = b[t.Do(unix.SYS_WRITE, fd, b, len(b)):]
	}
	t.Do(unix.SYS_FCHMOD, fd, 0o755)
	t.Close(fd)
	return p
}

// execs forks a child that executes a program, and returns what it printed.
func (t *T) execs(nr uintptr, args ...any) string {
	r, w := t.pipe()
	t.forked(0, returning(1, unix.SYS_DUP2, w, 1), call(nr, args...))
	t.Close(w)
	out := ""
	for {
		part := t.Read(r, 4096)
		if out += part; part == "" {
			return out
		}
	}
}

// noExec forks a child in which executing something must fail with want.
func (t *T) noExec(want unix.Errno, nr uintptr, args ...any) {
	r, w := t.pipe()
	t.forked(0, failing(want, nr, args...), call(unix.SYS_WRITE, w, []byte("x"), 1))
	t.Close(w)
	same(t, "child still itself after "+callName(nr), t.Read(r, 9), "x")
}

// execsFile is execs with a file as the standard output: for more than a pipe holds.
func (t *T) execsFile(path string, args []string) string {
	out := t.Open(t.Path("out"), unix.O_CREAT|unix.O_RDWR, 0o644)
	t.forked(0, returning(1, unix.SYS_DUP2, out, 1), call(unix.SYS_EXECVE, path, vector(args...), vector(environment...)))
	return t.Content(t.Path("out"))
}
