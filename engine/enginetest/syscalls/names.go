// SPDX-License-Identifier: Apache-2.0

package syscalls

import (
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

var nameCases = []Case{
	{"names/component-limit", Anyone, namesComponent},
	{"names/path-limit", Anyone, namesPath},
	{"names/any-byte", Anyone, namesBytes},
	{"names/case-and-encoding", Anyone, namesCase},
}

// pathCalls are calls with a path as their first argument that change nothing when it
// does not exist.
var pathCalls = []uintptr{
	unix.SYS_STAT, unix.SYS_LSTAT, unix.SYS_ACCESS, unix.SYS_CHDIR, unix.SYS_UNLINK, unix.SYS_RMDIR,
	unix.SYS_TRUNCATE, unix.SYS_CHMOD, unix.SYS_CHOWN, unix.SYS_LCHOWN, unix.SYS_OPEN, unix.SYS_READLINK,
	unix.SYS_UTIME, unix.SYS_UTIMES, unix.SYS_STATFS, unix.SYS_GETXATTR, unix.SYS_EXECVE,
}

// pathCall makes one of pathCalls with harmless other arguments.
func pathCall(nr uintptr, path any) (int, error) {
	b := make([]byte, 256)
	switch nr {
	case unix.SYS_STAT, unix.SYS_LSTAT, unix.SYS_STATFS:
		return sys(nr, path, b)
	case unix.SYS_READLINK:
		return sys(nr, path, b, len(b))
	case unix.SYS_GETXATTR:
		return sys(nr, path, "user.a", b, len(b))
	case unix.SYS_CHOWN, unix.SYS_LCHOWN:
		return sys(nr, path, -1, -1)
	}
	return sys(nr, path, 0, 0)
}

func namesComponent(t *T) {
	name := strings.Repeat("n", 255)
	p := t.File(name, "abc")
	t.Holds(p, "abc")
	t.Check(slices.Equal(t.names(t.Dir), []string{name}), "the name is listed as %q", t.names(t.Dir))
	t.Do(unix.SYS_RENAME, p, t.Path("f"))
	for _, bad := range []string{t.Path(name + "n"), t.Path(name + "n/x"), t.Path(name + "n/..")} {
		for _, nr := range pathCalls {
			r, err := pathCall(nr, bad)
			t.failedWith([]unix.Errno{unix.ENAMETOOLONG}, nr, r, err)
		}
		t.Fails(unix.ENAMETOOLONG, unix.SYS_MKDIR, bad, 0o755)
		t.Fails(unix.ENAMETOOLONG, unix.SYS_LINK, t.Path("f"), bad)
		t.Fails(unix.ENAMETOOLONG, unix.SYS_RENAME, t.Path("f"), bad)
		t.Fails(unix.ENAMETOOLONG, unix.SYS_OPENAT, unix.AT_FDCWD, bad, unix.O_CREAT|unix.O_RDWR, 0o644)
	}
	t.Fails(unix.ENOENT, unix.SYS_CHDIR, t.Path("no/"+name+"n"))
}

// A path may have 4095 bytes, with its terminator 4096 (PATH_MAX).
func namesPath(t *T) {
	t.File("f", "abc")
	pad := func(n int) string {
		head, tail := t.Dir+"/", "f"
		return head + strings.Repeat("/", n-len(head)-len(tail)) + tail
	}
	t.Holds(pad(4095), "abc")
	dots := t.Dir + strings.Repeat("/.", (4095-len(t.Dir)-2)/2) + "/f"
	t.Holds(dots, "abc")
	for _, n := range []int{4096, 4097, 8192, 100_000} {
		for _, nr := range pathCalls {
			r, err := pathCall(nr, pad(n))
			t.failedWith([]unix.Errno{unix.ENAMETOOLONG}, nr, r, err)
		}
	}
	t.Fails(unix.ENAMETOOLONG, unix.SYS_LINK, t.Path("f"), pad(4096))
	t.Fails(unix.ENAMETOOLONG, unix.SYS_SYMLINK, "x", pad(4096))
	t.Fails(unix.ENAMETOOLONG, unix.SYS_RENAME, pad(4096), t.Path("g"))
	t.Fails(unix.ENAMETOOLONG, unix.SYS_OPENAT2, unix.AT_FDCWD, pad(4096), how(0), howSize)
}

func namesBytes(t *T) {
	var want []string
	for b := 1; b < 256; b++ {
		if b != '/' && b != '.' {
			name := string([]byte{byte(b)})
			t.File(name, "")
			want = append(want, name)
		}
	}
	slices.Sort(want)
	t.Check(slices.Equal(t.names(t.Dir), want), "names of one byte are listed as %q", t.names(t.Dir))
	for _, name := range []string{"...", ". ", " ", "\n", "a\\b", "-rf", "\xff\xfe"} {
		t.Holds(t.File("x"+name, name), name)
	}
}

func namesCase(t *T) {
	names := []string{"A", "a", "e\u0301", "\u00e9"}
	for _, n := range names {
		t.File(n, n)
	}
	for _, n := range names {
		t.Holds(t.Path(n), n)
	}
	same(t, "names", len(t.names(t.Dir)), len(names))
}
