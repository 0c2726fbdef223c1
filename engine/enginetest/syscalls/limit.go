// SPDX-License-Identifier: Apache-2.0

package syscalls

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

var limitCases = []Case{
	{"limit/many-open-files", Anyone, limitManyFiles},
	{"limit/emfile", Anyone, limitEmfile},
	{"limit/below-what-is-open", Anyone, limitBelow},
	{"limit/below-many-that-are-open", Anyone, limitBelowMany},
	{"limit/every-limit-is-kept", Anyone, limitKept},
	{"limit/inherited", Anyone, limitInherited},
	{"limit/proc-limits", Anyone, limitProc},
}

func limitManyFiles(t *T) {
	var r unix.Rlimit
	t.Do(unix.SYS_PRLIMIT64, 0, unix.RLIMIT_NOFILE, nil, &r)
	count := manyFiles
	if r.Max < uint64(count)+100 {
		t.Skipf("hard limit of %d descriptors, %d are wanted", r.Max, count+100)
	}
	setLimit(t, unix.RLIMIT_NOFILE, r.Max)
	dir := t.OpenDir()
	fds := make([]int, count)
	for i := range fds {
		name := fmt.Sprintf("f%d", i%100)
		fds[i] = t.Do(unix.SYS_OPENAT, dir, name, unix.O_CREAT|unix.O_RDWR|unix.O_APPEND, 0o644)
		t.Check(fds[i] > dir+i, "descriptor %d is the %dth after %d", fds[i], i+1, dir)
	}
	for i := 0; i < count; i += 7 {
		t.Write(fds[i], "x")
	}
	for i := 0; i < count; i += 500 {
		same(t, "name", t.readlink(procFD(fds[i])), t.Path(fmt.Sprintf("f%d", i%100)))
		t.SameInode(t.Fstat(fds[i]), t.Stat(t.Path(fmt.Sprintf("f%d", i%100))))
	}
	for _, fd := range fds {
		t.Close(fd)
	}
	same(t, "files", len(t.names(t.Dir)), min(count, 100))
}

func limitEmfile(t *T) {
	p := t.File("f", "")
	setLimit(t, unix.RLIMIT_NOFILE, 100)
	last := -1
	for {
		fd, err := sys(unix.SYS_OPENAT, unix.AT_FDCWD, p, unix.O_RDONLY, 0)
		if err != nil {
			same(t, "error", err, error(unix.EMFILE))
			break
		}
		last = fd
	}
	same(t, "last descriptor", last, 99)
	t.Fails(unix.EMFILE, unix.SYS_OPENAT, unix.AT_FDCWD, t.Dir, unix.O_PATH, 0)
	t.Fails(unix.EMFILE, unix.SYS_DUP, last)
	t.Fails(unix.EMFILE, unix.SYS_PIPE2, &[2]int32{}, 0)
	t.Fails(unix.EMFILE, unix.SYS_SOCKET, unix.AF_UNIX, unix.SOCK_STREAM, 0)
	t.Fails(unix.EMFILE, unix.SYS_OPENAT, unix.AT_FDCWD, t.Path("new"), unix.O_CREAT|unix.O_RDWR, 0o644)
	t.Close(50)
	same(t, "freed descriptor", t.Open(p, unix.O_RDONLY, 0), 50)
	t.Returns(50, unix.SYS_DUP2, last, 50)
	t.Close(last)
	t.Close(98)
}

// Descriptors above a lowered limit stay open and usable.
func limitBelow(t *T) {
	p := t.File("f", "abc")
	fd := t.Open(p, unix.O_RDWR, 0)
	t.occupy(fd, 300, 302)
	setLimit(t, unix.RLIMIT_NOFILE, 64)
	same(t, "read", t.Read(300, 1), "a")
	same(t, "size", t.Fstat(302).Size, 3)
	t.SameInode(t.Stat(procFD(301)), t.Stat(p))
	t.Check(t.Open(p, unix.O_RDONLY, 0) < 64, "a new descriptor is above the limit")
	t.Fails(unix.EBADF, unix.SYS_DUP2, fd, 303)
	t.Close(302)
}

// They do not count: what is free below the limit can be had.
func limitBelowMany(t *T) {
	p := t.File("f", "abc")
	null := t.Open("/dev/null", unix.O_RDONLY, 0)
	for fd := 60; fd < 120; fd++ {
		t.Returns(fd, unix.SYS_DUP2, null, fd)
	}
	setLimit(t, unix.RLIMIT_NOFILE, 60)
	fd := t.Open(p, unix.O_RDONLY, 0)
	same(t, "read", t.Read(t.Do(unix.SYS_DUP, fd), 9), "abc")
	same(t, "read", t.Read(t.Open(p, unix.O_RDWR, 0), 9), "abc")
}

func limitKept(t *T) {
	for resource := range 16 {
		var old, r, got unix.Rlimit
		t.Do(unix.SYS_GETRLIMIT, resource, &old)
		r = old
		r.Cur = min(old.Max, 1<<40) / 2
		switch resource {
		case unix.RLIMIT_CPU, unix.RLIMIT_AS, unix.RLIMIT_DATA, unix.RLIMIT_STACK, unix.RLIMIT_RTTIME, unix.RLIMIT_NPROC:
			r.Cur = old.Cur // less could end the process
		}
		t.Do(unix.SYS_SETRLIMIT, resource, &r)
		t.Do(unix.SYS_GETRLIMIT, resource, &got)
		same(t, fmt.Sprintf("getrlimit %d", resource), got, r)
		got = unix.Rlimit{}
		t.Do(unix.SYS_PRLIMIT64, 0, resource, &old, &got)
		same(t, fmt.Sprintf("prlimit %d", resource), got, r)
	}
	t.Fails(unix.EINVAL, unix.SYS_GETRLIMIT, 99, &unix.Rlimit{})
	t.Fails(unix.EINVAL, unix.SYS_SETRLIMIT, unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: 5, Max: 4})
	t.Fails(unix.EFAULT, unix.SYS_SETRLIMIT, unix.RLIMIT_NOFILE, nil)
	t.Fails(unix.ESRCH, unix.SYS_PRLIMIT64, 1<<22+1, unix.RLIMIT_NOFILE, nil, nil)
}

const rlimitLocks = 10 // RLIMIT_LOCKS, without meaning since Linux 2.4.25

// childLimit prints the soft limit of a resource: RESOURCE.
func childLimit(args []string) error {
	n, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	var r unix.Rlimit
	_, err = sys(unix.SYS_GETRLIMIT, n, &r)
	fmt.Print(r.Cur)
	return err
}

func limitInherited(t *T) {
	for _, resource := range []int{rlimitLocks, unix.RLIMIT_FSIZE, unix.RLIMIT_CORE} {
		var r unix.Rlimit
		t.Do(unix.SYS_GETRLIMIT, resource, &r)
		r.Cur = min(r.Max, 123_456_789)
		t.Do(unix.SYS_SETRLIMIT, resource, &r)
		same(t, "limit of a child", t.Output(t.Child("limit", itoa(resource))), fmt.Sprint(r.Cur))
	}
}

func limitProc(t *T) {
	var r unix.Rlimit
	t.Do(unix.SYS_GETRLIMIT, rlimitLocks, &r)
	r.Cur = min(r.Max, 4321)
	t.Do(unix.SYS_SETRLIMIT, rlimitLocks, &r)
	b, err := os.ReadFile("/proc/self/limits")
	t.NoError(err, "limits")
	for line := range strings.Lines(string(b)) {
		if f := strings.Fields(line); len(f) > 3 && f[1] == "file" && f[2] == "locks" {
			same(t, "Max file locks", f[3], fmt.Sprint(r.Cur))
			return
		}
	}
	t.Errorf("/proc/self/limits has no line on file locks")
}
