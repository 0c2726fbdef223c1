// SPDX-License-Identifier: Apache-2.0

package syscalls

import "golang.org/x/sys/unix"

func execveatForms(t *T) {
	p := t.program(self, "prog")
	args, env := []string{"x", childFlag, "show"}, vector(environment...)
	dir := t.OpenDir()
	same(t, "dirfd", t.execs(unix.SYS_EXECVEAT, dir, "prog", vector(args...), env, 0), shown(args, "prog", p))
	same(t, "absolute", t.execs(unix.SYS_EXECVEAT, -1, p, vector(args...), env, unix.AT_SYMLINK_NOFOLLOW), shown(args, "prog", p))
	for _, flags := range []int{unix.O_RDONLY, unix.O_PATH} {
		fd := t.Open(p, flags, 0)
		got := t.execs(unix.SYS_EXECVEAT, fd, "", vector(args...), env, unix.AT_EMPTY_PATH)
		// Since Linux 6.14 the name is the file's own, before it was the descriptor's.
		t.Check(got == shown(args, "prog", p) || got == shown(args, itoa(fd), p), "by descriptor: %s", got)
	}
}

func execveatErrors(t *T) {
	p := t.program(self, "prog")
	l := t.Symlink("prog", "l")
	a, e := vector("x"), vector()
	dir := t.OpenDir()
	t.noExec(unix.EBADF, unix.SYS_EXECVEAT, -1, "prog", a, e, 0)
	t.noExec(unix.EBADF, unix.SYS_EXECVEAT, -1, "", a, e, unix.AT_EMPTY_PATH)
	t.noExec(unix.ENOTDIR, unix.SYS_EXECVEAT, t.Open(p, unix.O_RDONLY, 0), "prog", a, e, 0)
	t.noExec(unix.ENOENT, unix.SYS_EXECVEAT, dir, "", a, e, 0)
	t.noExec(unix.EACCES, unix.SYS_EXECVEAT, dir, "", a, e, unix.AT_EMPTY_PATH)
	t.noExec(unix.ELOOP, unix.SYS_EXECVEAT, dir, "l", a, e, unix.AT_SYMLINK_NOFOLLOW)
	t.noExec(unix.ELOOP, unix.SYS_EXECVEAT, unix.AT_FDCWD, l, a, e, unix.AT_SYMLINK_NOFOLLOW)
	t.noExec(unix.EINVAL, unix.SYS_EXECVEAT, dir, "prog", a, e, 1)
	t.noExec(unix.ENOENT, unix.SYS_EXECVEAT, dir, "no", a, e, 0)
}

func execDeleted(t *T) {
	p := t.program(self, "prog")
	fd := t.Open(p, unix.O_RDONLY, 0)
	t.Do(unix.SYS_UNLINK, p)
	t.noExec(unix.ENOENT, unix.SYS_EXECVE, p, vector("x"), vector())
	args := []string{"x", childFlag, "show"}
	got := t.execs(unix.SYS_EXECVEAT, fd, "", vector(args...), vector(environment...), unix.AT_EMPTY_PATH)
	gone := p + " (deleted)"
	t.Check(got == shown(args, "prog", gone) || got == shown(args, itoa(fd), gone), "by descriptor: %s", got)
}
