// SPDX-License-Identifier: Apache-2.0

package syscalls

import "golang.org/x/sys/unix"

var renameat2Cases = []Case{
	{"renameat2/noreplace", Anyone, renameNoreplace},
	{"renameat2/exchange", Anyone, renameExchange},
	{"renameat2/exchange-types", Anyone, renameExchangeTypes},
	{"renameat2/flags", Anyone, renameat2Flags},
	{"renameat2/whiteout", Root, renameWhiteout},
}

// here is the directory of the caller, for both paths of a rename.
const here = unix.AT_FDCWD

func renameNoreplace(t *T) {
	p, q := t.File("f", "abc"), t.Path("g")
	t.Probe([]unix.Errno{unix.EINVAL, unix.ENOSYS}, unix.SYS_RENAMEAT2, here, p, here, q, unix.RENAME_NOREPLACE)
	t.Holds(q, "abc")
	t.Missing(p)
	for _, over := range []string{t.File("h", "kept"), t.Mkdir("d"), t.Symlink("no", "l"), q} {
		t.Fails(unix.EEXIST, unix.SYS_RENAMEAT2, here, q, here, over, unix.RENAME_NOREPLACE)
	}
	t.Holds(t.Path("h"), "kept")
	t.Fails(unix.ENOENT, unix.SYS_RENAMEAT2, here, p, here, t.Path("x"), unix.RENAME_NOREPLACE)
	// The missing source is noticed before the existing target.
	t.Fails(unix.ENOENT, unix.SYS_RENAMEAT2, here, p, here, q, unix.RENAME_NOREPLACE)
}

func renameExchange(t *T) {
	p, q := t.File("f", "abc"), t.File("g", "def")
	a, b := t.Stat(p), t.Stat(q)
	t.Probe([]unix.Errno{unix.EINVAL, unix.ENOSYS}, unix.SYS_RENAMEAT2, here, p, here, q, unix.RENAME_EXCHANGE)
	t.SameInode(t.Stat(p), b)
	t.SameInode(t.Stat(q), a)
	t.Holds(p, "def")
	t.Holds(q, "abc")
	t.Fails(unix.ENOENT, unix.SYS_RENAMEAT2, here, p, here, t.Path("no"), unix.RENAME_EXCHANGE)
	t.Fails(unix.ENOENT, unix.SYS_RENAMEAT2, here, t.Path("no"), here, p, unix.RENAME_EXCHANGE)
	t.Do(unix.SYS_RENAMEAT2, here, p, here, p, unix.RENAME_EXCHANGE)
	t.Holds(p, "def")
}

func renameExchangeTypes(t *T) {
	p, d := t.File("f", "abc"), t.Mkdir("d")
	t.Probe([]unix.Errno{unix.EINVAL, unix.ENOSYS}, unix.SYS_RENAMEAT2, here, p, here, d, unix.RENAME_EXCHANGE)
	t.Holds(d, "abc")
	same(t, "type", t.Stat(p).Mode&unix.S_IFMT, unix.S_IFDIR)
	t.Mkdir("a")
	t.Mkdir("b")
	t.Do(unix.SYS_RENAMEAT2, here, d, here, t.File("a/x", "x"), unix.RENAME_EXCHANGE)
	t.Holds(t.Path("a/x"), "abc")
	t.Do(unix.SYS_RENAMEAT2, here, t.Path("a"), here, t.Path("b"), unix.RENAME_EXCHANGE)
	t.Holds(t.Path("b/x"), "abc")
	t.Do(unix.SYS_RENAMEAT2, here, t.Symlink("no", "l"), here, t.Path("b/x"), unix.RENAME_EXCHANGE)
	same(t, "text", t.readlink(t.Path("b/x")), "no")
	t.Mkdir("b/c")
	t.Fails(unix.EINVAL, unix.SYS_RENAMEAT2, here, t.Path("b"), here, t.Path("b/c"), unix.RENAME_EXCHANGE)
	t.Fails(unix.EINVAL, unix.SYS_RENAMEAT2, here, t.Path("b/c"), here, t.Path("b"), unix.RENAME_EXCHANGE)
}

func renameat2Flags(t *T) {
	p, q := t.File("f", "abc"), t.Path("g")
	for _, flags := range []int{8, 1 << 20, unix.RENAME_NOREPLACE | unix.RENAME_EXCHANGE, unix.RENAME_WHITEOUT | unix.RENAME_EXCHANGE} {
		t.Fails(unix.EINVAL, unix.SYS_RENAMEAT2, here, p, here, q, flags)
	}
	t.Do(unix.SYS_RENAMEAT2, here, p, t.OpenDir(), "g", 0)
	t.Holds(q, "abc")
}

func renameWhiteout(t *T) {
	p, q := t.File("f", "abc"), t.Path("g")
	t.Probe([]unix.Errno{unix.EINVAL, unix.EPERM, unix.ENOSYS}, unix.SYS_RENAMEAT2, here, p, here, q, unix.RENAME_WHITEOUT)
	t.Holds(q, "abc")
	st := t.Lstat(p)
	same(t, "type", st.Mode&unix.S_IFMT, unix.S_IFCHR)
	same(t, "rdev", st.Rdev, 0)
}
