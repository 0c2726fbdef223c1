// SPDX-License-Identifier: Apache-2.0

package volume_test

import (
	"encoding/binary"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
	"vuos.dev/submods/vufuseext2/internal/e2test"
	"vuos.dev/submods/vufuseext2/internal/volume"
)

func mkfile(t testing.TB, v *volume.Volume, dir uint32, name string) volume.Attr {
	t.Helper()
	return must[volume.Attr](t)(v.Mknod(dir, name, unix.S_IFREG|0o644, 0, false, root))
}

func mkdir(t testing.TB, v *volume.Volume, dir uint32, name string) uint32 {
	t.Helper()
	return must[volume.Attr](t)(v.Mkdir(dir, name, 0o755, root)).Ino
}

// TestRename goes through the cases of renameat2(2).
func TestRename(t *testing.T) {
	for _, flavour := range []string{"ext4-4k", "ext4-inline", "ext2-old"} {
		t.Run(flavour, func(t *testing.T) {
			img := e2test.Mkfs(t, "16M", "", e2test.Flavours[flavour]...)
			v := open(t, img, true)
			a, b := mkdir(t, v, volume.Root, "a"), mkdir(t, v, volume.Root, "b")
			mkfile(t, v, a, "f")
			g := mkfile(t, v, b, "g")
			sub := mkdir(t, v, a, "sub")
			mkdir(t, v, b, "empty")
			full := mkdir(t, v, b, "full")
			mkfile(t, v, full, "x")

			rename := func(od uint32, on string, nd uint32, nn string, flags uint32, want error) {
				t.Helper()
				wantErr(t, on+" to "+nn, v.Rename(od, on, nd, nn, flags, root), want)
			}
			rename(a, "f", b, "g", unix.RENAME_NOREPLACE, unix.EEXIST)
			rename(a, "none", b, "h", 0, unix.ENOENT)
			rename(a, "f", b, "h", unix.RENAME_EXCHANGE, unix.ENOENT)
			rename(a, "f", b, "full", 0, unix.EISDIR)
			rename(a, "sub", b, "g", 0, unix.ENOTDIR)
			rename(a, "sub", b, "full", 0, unix.ENOTEMPTY)
			rename(volume.Root, "a", sub, "loop", 0, unix.EINVAL)
			rename(a, "f", b, "g", unix.RENAME_WHITEOUT, unix.EINVAL)
			rename(a, "f", b, strings.Repeat("n", 256), 0, unix.ENAMETOOLONG)
			rename(a, "f", b, "g", 0, nil)
			if n := must[volume.Attr](t)(v.GetAttr(g.Ino)).Nlink; n != 0 {
				t.Errorf("replaced file has %d links", n)
			}
			rename(a, "sub", b, "empty", 0, nil)
			rename(b, "empty", volume.Root, "moved", 0, nil)
			rename(volume.Root, "moved", b, "g", unix.RENAME_EXCHANGE, nil)
			rename(b, "full", volume.Root, "moved", unix.RENAME_EXCHANGE, nil)
			if up := list(t, v, full)[".."].Ino; up != volume.Root {
				t.Errorf(".. of a moved directory is %d", up)
			}
			links := map[string]uint32{"": 6, "a": 2, "b": 3}
			for name, want := range links {
				if got := walk(t, v, name).Nlink; got != want {
					t.Errorf("/%s has %d links, want %d", name, got, want)
				}
			}
			finish(t, v, img)
		})
	}
}

// TestNames checks what may be a name and what may be removed.
func TestNames(t *testing.T) {
	img := e2test.Mkfs(t, "8M", "", "-t", "ext4")
	v := open(t, img, true)
	f := mkfile(t, v, volume.Root, strings.Repeat("n", 255))
	try := func(name string, want error) {
		t.Helper()
		_, err := v.Mknod(volume.Root, name, unix.S_IFREG, 0, false, root)
		wantErr(t, "create "+name, err, want)
	}
	try(strings.Repeat("n", 256), unix.ENAMETOOLONG)
	try(strings.Repeat("n", 255), unix.EEXIST)
	try("..", unix.EEXIST)
	try("a/b", unix.EINVAL)
	try("a\x00b", unix.EINVAL)
	try("", unix.EINVAL)
	wantErr(t, "unlink a directory", v.Unlink(volume.Root, "lost+found"), unix.EISDIR)
	wantErr(t, "rmdir a file", v.Rmdir(volume.Root, strings.Repeat("n", 255)), unix.ENOTDIR)
	wantErr(t, "unlink nothing", v.Unlink(volume.Root, "none"), unix.ENOENT)
	_, err := v.Lookup(f.Ino, "x")
	wantErr(t, "lookup in a file", err, unix.ENOTDIR)
	_, err = v.GetAttr(7)
	wantErr(t, "a reserved inode", err, unix.EUCLEAN)
	_, err = v.GetAttr(1 << 30)
	wantErr(t, "an inode too high", err, unix.EUCLEAN)
	_, err = v.Link(volume.Root, volume.Root, "hard", root)
	wantErr(t, "link a directory", err, unix.EPERM)

	dir := must[*volume.Dir](t)(v.OpenDir(mkdir(t, v, volume.Root, "gone")))
	if err := v.Rmdir(volume.Root, "gone"); err != nil {
		t.Fatal(err)
	}
	gone := list(t, v, volume.Root)["gone"]
	if gone.Ino != 0 {
		t.Error("a removed directory is listed")
	}
	dir.Close()
	finish(t, v, img)
}

// TestOrphan keeps using a file after its last name went, also across a crash.
func TestOrphan(t *testing.T) {
	img := e2test.Mkfs(t, "8M", "", "-t", "ext4")
	v := open(t, img, true)
	var files []volume.Attr
	for _, name := range []string{"a", "b", "c"} {
		f := must[volume.Attr](t)(v.Mknod(volume.Root, name, unix.S_IFREG|0o600, 0, true, root))
		if _, err := v.Write(f.Ino, []byte(strings.Repeat(name, 100000)), 0, false, root); err != nil {
			t.Fatal(err)
		}
		if err := v.Unlink(volume.Root, name); err != nil {
			t.Fatal(err)
		}
		v.Forget(f.Ino, 1)
		files = append(files, f)
	}
	v.Release(files[1].Ino) // out of the middle of the list
	if _, err := v.GetAttr(files[1].Ino); err != unix.ESTALE {
		t.Errorf("a deleted file: %v", err)
	}
	if got := readAll(t, v, files[0], 4096); string(got) != strings.Repeat("a", 100000) {
		t.Error("an unlinked file lost its contents")
	}
	if err := v.Sync(); err != nil {
		t.Fatal(err)
	}
	crashed := img + ".crashed"
	if err := os.WriteFile(crashed, must[[]byte](t)(os.ReadFile(img)), 0o600); err != nil {
		t.Fatal(err)
	}
	finish(t, v, img)

	w, err := volume.Open(crashed, volume.Options{Write: true, Warn: func(string) {}})
	if err != nil {
		t.Fatal(err)
	}
	if w.Writable() {
		t.Error("an image with orphans was opened for writing")
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	out := e2test.Repair(t, crashed)
	if !strings.Contains(out, "Clearing orphaned inode") {
		t.Errorf("e2fsck did not find the orphans:\n%s", out)
	}
	e2test.Fsck(t, crashed)
}

// TestTmpfile gives a file without a name one.
func TestTmpfile(t *testing.T) {
	img := e2test.Mkfs(t, "8M", "", "-t", "ext4")
	v := open(t, img, true)
	f := must[volume.Attr](t)(v.Tmpfile(volume.Root, 0o600, root))
	if _, err := v.Write(f.Ino, []byte("hello"), 0, false, root); err != nil {
		t.Fatal(err)
	}
	must[volume.Attr](t)(v.Link(f.Ino, volume.Root, "named", root))
	must[volume.Attr](t)(v.Tmpfile(volume.Root, 0o600, root))
	v.Release(f.Ino)
	finish(t, v, img)
	v = open(t, img, false)
	if got := readAll(t, v, walk(t, v, "named"), 100); string(got) != "hello" {
		t.Errorf("it holds %q", got)
	}
}

// TestTimes stores times of all epochs, owners of 32 bits and device numbers, and reads them back.
func TestTimes(t *testing.T) {
	img := e2test.Mkfs(t, "8M", "", "-t", "ext4")
	v := open(t, img, true)
	times := []time.Time{
		time.Unix(-1<<31, 1), time.Unix(-1, 999999999), time.Unix(0, 0), time.Unix(1<<31-1, 5), time.Unix(1<<31, 6),
		time.Unix(1<<32, 7), time.Unix(1<<33+12345, 8), time.Unix(1<<34-1<<31-1, 9),
	}
	uid, gid := uint32(4000000000), uint32(70000)
	var inos []uint32
	for i := range times {
		f := must[volume.Attr](t)(v.Mknod(volume.Root, string(rune('a'+i)), unix.S_IFCHR|0o644, 0x12345678, false, root))
		must[volume.Attr](t)(v.SetAttr(f.Ino, volume.SetAttr{Mtime: &times[i], Atime: &times[i], UID: &uid, GID: &gid}, root))
		inos = append(inos, f.Ino)
	}
	finish(t, v, img)
	v = open(t, img, false)
	for i, ino := range inos {
		a := must[volume.Attr](t)(v.GetAttr(ino))
		if !a.Mtime.Equal(times[i]) || !a.Atime.Equal(times[i]) {
			t.Errorf("times %v and %v, want %v", a.Mtime, a.Atime, times[i])
		}
		if a.UID != uid || a.GID != gid || a.Rdev != 0x12345678 {
			t.Errorf("owner %d:%d, device %x", a.UID, a.GID, a.Rdev)
		}
		if a.Btime.IsZero() || time.Since(a.Btime) > time.Hour {
			t.Errorf("created %v", a.Btime)
		}
	}
}

// TestACL checks what the kernel's ext4 does with modes, umasks and ACLs (fs/posix_acl.c).
func TestACL(t *testing.T) {
	img := e2test.Mkfs(t, "8M", "", "-t", "ext4")
	v := open(t, img, true)
	value := acl(1, 6, 2, 6, 4, 4, 0x10, 7, 0x20, 4)
	f := mkfile(t, v, volume.Root, "f")
	set := func(ino uint32, name string, value []byte, want error) {
		t.Helper()
		wantErr(t, name, v.Setxattr(ino, name, value, 0), want)
	}
	mode := func(ino uint32, want uint32) {
		t.Helper()
		if got := must[volume.Attr](t)(v.GetAttr(ino)).Mode & 0o7777; got != want {
			t.Errorf("mode %o, want %o", got, want)
		}
	}
	const access, def = "system.posix_acl_access", "system.posix_acl_default"
	set(f.Ino, access, value, nil)
	mode(f.Ino, 0o674)
	set(f.Ino, access, value[:10], unix.EINVAL)
	set(f.Ino, def, value, unix.EACCES)
	set(volume.Root, def, value, nil)
	got := must[volume.Attr](t)(v.Mknod(volume.Root, "inherits", unix.S_IFREG|0o666, 0, false, volume.Cred{Umask: 0o077}))
	mode(got.Ino, 0o664)
	if v := must[[]byte](t)(v.Getxattr(got.Ino, access)); len(v) != len(value) {
		t.Errorf("inherited %d bytes", len(v))
	}
	set(f.Ino, access, acl(1, 7, 4, 5, 0x20, 0), nil)
	mode(f.Ino, 0o750)
	_, err := v.Getxattr(f.Ino, access)
	wantErr(t, "an ACL that the mode says", err, unix.ENODATA)
	finish(t, v, img)
}

// acl makes an ACL of (tag, permissions) pairs.
func acl(pairs ...uint16) []byte {
	b := binary.LittleEndian.AppendUint32(nil, 2)
	for i := 0; i < len(pairs); i += 2 {
		b = binary.LittleEndian.AppendUint16(b, pairs[i])
		b = binary.LittleEndian.AppendUint16(b, pairs[i+1])
		id := ^uint32(0)
		if pairs[i] == 2 || pairs[i] == 8 {
			id = 1000
		}
		b = binary.LittleEndian.AppendUint32(b, id)
	}
	return b
}
