// SPDX-License-Identifier: Apache-2.0

package syscalls

import (
	"fmt"
	"strings"

	"golang.org/x/sys/unix"
)

var symlinkCases = []Case{
	{"symlink/text-is-kept", Anyone, symlinkText},
	{"symlink/errors", Anyone, symlinkErrors},
	{"symlink/resolution", Anyone, symlinkResolution},
	{"symlink/loops", Anyone, symlinkLoops},
	{"symlink/forty-links", Anyone, symlinkForty},
	{"readlink/buffer", Anyone, readlinkBuffer},
	{"readlink/errors", Anyone, readlinkErrors},
}

// readlink is the text of a symbolic link.
func (t *T) readlink(path string) string {
	b := make([]byte, 4096)
	return string(b[:t.Do(unix.SYS_READLINKAT, unix.AT_FDCWD, path, b, len(b))])
}

func symlinkText(t *T) {
	for i, text := range []string{"x", "/", "../..", "a//b/", "no such\nfile\xff", strings.Repeat("y", 255), strings.Repeat("z/", 1000)} {
		p := t.Path(fmt.Sprint(i))
		t.Do(unix.SYS_SYMLINK, text, p)
		same(t, "text", t.readlink(p), text)
		same(t, "size", t.Lstat(p).Size, int64(len(text)))
	}
	t.Do(unix.SYS_SYMLINKAT, "rel", t.OpenDir(), "l")
	same(t, "text", t.readlink(t.Path("l")), "rel")
	st := t.Lstat(t.Path("l"))
	same(t, "uid", int(st.Uid), unix.Geteuid())
}

func symlinkErrors(t *T) {
	p := t.File("f", "")
	t.Fails(unix.EEXIST, unix.SYS_SYMLINK, "x", p)
	t.Fails(unix.EEXIST, unix.SYS_SYMLINK, "x", t.Dir)
	t.Fails(unix.EEXIST, unix.SYS_SYMLINK, "x", t.Symlink("no", "l"))
	t.Fails(unix.ENOENT, unix.SYS_SYMLINK, "", t.Path("e"))
	t.Fails(unix.ENOENT, unix.SYS_SYMLINK, "x", "")
	t.Fails(unix.ENOENT, unix.SYS_SYMLINK, "x", t.Path("no/l"))
	t.Fails(unix.ENOTDIR, unix.SYS_SYMLINK, "x", t.Path("f/l"))
	t.Fails(unix.ENAMETOOLONG, unix.SYS_SYMLINK, strings.Repeat("x", 4096), t.Path("e"))
	t.Fails(unix.ENAMETOOLONG, unix.SYS_SYMLINK, "x", t.Path(strings.Repeat("x", 256)))
	t.Fails(unix.EBADF, unix.SYS_SYMLINKAT, "x", -1, "e")
	t.Fails(unix.ENOTDIR, unix.SYS_SYMLINKAT, "x", t.Open(p, unix.O_RDONLY, 0), "e")
	t.Fails(unix.EFAULT, unix.SYS_SYMLINK, nil, t.Path("e"))
	t.Fails(unix.EFAULT, unix.SYS_SYMLINK, "x", nil)
	t.Missing(t.Path("e"))
}

func symlinkResolution(t *T) {
	t.Mkdir("d")
	t.Mkdir("d/e")
	f := t.Stat(t.File("d/e/f", "abc"))
	t.Symlink("d/e", "rel")
	t.Symlink(t.Path("d"), "abs")
	t.Symlink("../../rel/f", "d/e/up")
	t.Symlink("e/../e/./f", "d/dots")
	t.Symlink("rel", "chain")
	for _, p := range []string{"rel/f", "abs/e/f", "d/e/up", "d/dots", "chain/f", "abs/e/up", "chain/../e/f", "rel/../dots"} {
		t.SameInode(t.Stat(t.Path(p)), f)
	}
	// `..` behind a link is the parent of the link's target.
	t.SameInode(t.Stat(t.Path("rel/..")), t.Stat(t.Path("d")))
	t.SameInode(t.Stat(t.Path("rel/../..")), t.Stat(t.Dir))
	t.Symlink("d/e/f", "file")
	t.Fails(unix.ENOTDIR, unix.SYS_OPENAT, unix.AT_FDCWD, t.Path("file/.."), unix.O_RDONLY, 0)
}

func symlinkLoops(t *T) {
	t.Symlink("self", "self")
	t.Symlink("b", "a")
	t.Symlink("a", "b")
	t.Symlink("dir/x", "dir")
	var st unix.Stat_t
	for _, p := range []string{"self", "a", "b", "dir", "self/x", "a/.."} {
		t.Fails(unix.ELOOP, unix.SYS_STAT, t.Path(p), &st)
		t.Fails(unix.ELOOP, unix.SYS_OPENAT, unix.AT_FDCWD, t.Path(p), unix.O_RDONLY, 0)
		t.Fails(unix.ELOOP, unix.SYS_OPENAT, unix.AT_FDCWD, t.Path(p), unix.O_RDWR|unix.O_CREAT, 0o644)
		t.Fails(unix.ELOOP, unix.SYS_TRUNCATE, t.Path(p), 0)
		t.Fails(unix.ELOOP, unix.SYS_CHDIR, t.Path(p))
	}
	t.Do(unix.SYS_LSTAT, t.Path("self"), &st)
	t.Fails(unix.EEXIST, unix.SYS_MKDIR, t.Path("self"), 0o755)
	t.Do(unix.SYS_UNLINK, t.Path("self"))
}

// At most 40 links are followed in one walk (MAXSYMLINKS), wherever they stand.
func symlinkForty(t *T) {
	t.File("0", "abc")
	for i := range 41 {
		t.Symlink(fmt.Sprint(i), fmt.Sprint(i+1))
	}
	t.Holds(t.Path("40"), "abc")
	var st unix.Stat_t
	t.Fails(unix.ELOOP, unix.SYS_STAT, t.Path("41"), &st)
	t.Do(unix.SYS_LSTAT, t.Path("41"), &st)
	t.Symlink(".", "here")
	t.Do(unix.SYS_STAT, t.Path(strings.Repeat("here/", 40)+"0"), &st)
	t.Fails(unix.ELOOP, unix.SYS_STAT, t.Path(strings.Repeat("here/", 41)+"0"), &st)
	t.Do(unix.SYS_STAT, t.Path(strings.Repeat("here/", 20)+"20"), &st)
	t.Fails(unix.ELOOP, unix.SYS_STAT, t.Path(strings.Repeat("here/", 21)+"20"), &st)
}

func readlinkBuffer(t *T) {
	p := t.Symlink("abcdef", "l")
	b := []byte("........")
	t.Returns(6, unix.SYS_READLINK, p, b, 8)
	same(t, "buffer, not terminated", string(b), "abcdef..")
	b = []byte("........")
	t.Returns(3, unix.SYS_READLINK, p, b, 3)
	same(t, "buffer, cut short", string(b), "abc.....")
	t.Returns(6, unix.SYS_READLINKAT, t.OpenDir(), "l", b, 6)
	g := newGuarded(t, 1)
	t.Returns(6, unix.SYS_READLINK, p, g.last(6), 6)
	t.Fails(unix.EFAULT, unix.SYS_READLINK, p, g.last(3), 6)
}

func readlinkErrors(t *T) {
	p, l := t.File("f", ""), t.Symlink("x", "l")
	b := make([]byte, 8)
	t.Fails(unix.EINVAL, unix.SYS_READLINK, p, b, 8)
	t.Fails(unix.EINVAL, unix.SYS_READLINK, t.Dir, b, 8)
	t.Fails(unix.EINVAL, unix.SYS_READLINK, l, b, 0)
	t.Fails(unix.EINVAL, unix.SYS_READLINK, l, b, -1)
	t.Fails(unix.ENOENT, unix.SYS_READLINK, t.Path("no"), b, 8)
	t.Fails(unix.ENOENT, unix.SYS_READLINK, "", b, 8)
	t.Fails(unix.ENOTDIR, unix.SYS_READLINK, p+"/x", b, 8)
	t.Fails(unix.EFAULT, unix.SYS_READLINK, l, nil, 8)
	t.Fails(unix.EFAULT, unix.SYS_READLINK, nil, b, 8)
	t.Fails(unix.EBADF, unix.SYS_READLINKAT, -1, "l", b, 8)
	t.Fails(unix.ENOENT, unix.SYS_READLINKAT, t.OpenDir(), "", b, 8)
	t.Fails(unix.ENOENT, unix.SYS_READLINKAT, t.Open(p, unix.O_PATH, 0), "", b, 8)
}
