// SPDX-License-Identifier: Apache-2.0

package syscalls

import "golang.org/x/sys/unix"

var inodeCases = []Case{
	{"inode/stable-numbers", Anyone, inodeStable},
	{"inode/one-device", Anyone, inodeDevice},
	{"inode/link-counts", Anyone, inodeLinks},
	{"inode/dot-and-dotdot", Anyone, inodeDots},
	{"inode/entry-numbers", Anyone, inodeEntries},
}

func inodeStable(t *T) {
	p := t.File("f", "abc")
	st := t.Stat(p)
	fd := t.Open(p, unix.O_RDWR, 0)
	t.Write(fd, "xxxxxxxx")
	t.Do(unix.SYS_RENAME, p, t.Path("g"))
	t.Do(unix.SYS_FCHMOD, fd, 0o600)
	t.SameInode(t.Fstat(fd), st)
	t.SameInode(t.Stat(t.Path("g")), st)
	t.Close(fd)
	t.SameInode(t.Stat(t.Path("g")), st)
}

func inodeDevice(t *T) {
	dev := t.Stat(t.Dir).Dev
	seen := map[uint64]string{t.Stat(t.Dir).Ino: "the directory"}
	for _, p := range []string{t.File("f", ""), t.Mkdir("d"), t.File("d/f", ""), t.Symlink("f", "l")} {
		st := t.Lstat(p)
		same(t, "device of "+p, st.Dev, dev)
		t.Check(seen[st.Ino] == "", "%s has the inode number of %s", p, seen[st.Ino])
		seen[st.Ino] = p
	}
	t.Check(t.Stat("/proc/self").Dev != dev, "/proc is on the same device")
}

func inodeLinks(t *T) {
	p := t.File("f", "abc")
	fd := t.Open(p, unix.O_RDONLY, 0)
	for i, name := range []string{"a", "b", "c"} {
		t.Do(unix.SYS_LINK, p, t.Path(name))
		same(t, "links", int(t.Fstat(fd).Nlink), i+2)
	}
	t.SameInode(t.Stat(t.Path("b")), t.Fstat(fd))
	t.Do(unix.SYS_UNLINK, p)
	same(t, "links", t.Stat(t.Path("a")).Nlink, 3)
	t.Do(unix.SYS_RENAME, t.File("other", ""), t.Path("a"))
	same(t, "links", t.Fstat(fd).Nlink, 2)
	d := t.Mkdir("d")
	for i := range uint64(3) {
		n := t.Stat(d).Nlink
		t.Check(isDirLinks(n, i), "directory with %d subdirectories has %d links", i, n)
		t.Mkdir("d/" + string(rune('a'+i)))
	}
	t.Do(unix.SYS_RMDIR, t.Path("d/b"))
	t.Check(isDirLinks(t.Stat(d).Nlink, 2), "directory with 2 subdirectories has %d links", t.Stat(d).Nlink)
}

func inodeDots(t *T) {
	t.Mkdir("d")
	t.Mkdir("d/e")
	t.SameInode(t.Stat(t.Path("d/.")), t.Stat(t.Path("d")))
	t.SameInode(t.Stat(t.Path("d/e/..")), t.Stat(t.Path("d")))
	t.SameInode(t.Stat(t.Path("d/e/../..")), t.Stat(t.Dir))
	t.SameInode(t.Stat("/.."), t.Stat("/"))
	t.SameInode(t.Stat("/../../.."), t.Stat("/"))
	t.SameInode(t.Stat("//"), t.Stat("/"))
	t.SameInode(t.Stat("/../.."+t.Dir), t.Stat(t.Dir))
	t.Do(unix.SYS_RENAME, t.Path("d/e"), t.Path("e"))
	t.SameInode(t.Stat(t.Path("e/..")), t.Stat(t.Dir))
}

func inodeEntries(t *T) {
	t.File("f", "")
	t.Symlink("f", "l")
	t.Mkdir("d")
	for _, e := range t.entries(t.Dir, 4096) {
		if e.name != ".." {
			same(t, "d_ino of "+e.name, e.ino, t.Lstat(t.Path(e.name)).Ino)
		}
	}
}
