// SPDX-License-Identifier: Apache-2.0

package syscalls

import (
	"bytes"
	"encoding/binary"
	"path"
	"strings"

	"golang.org/x/sys/unix"
)

var unixSocketCases = []Case{
	{"unix/stream", Anyone, unixStream},
	{"unix/dgram", Anyone, unixDgram},
	{"unix/sender", Anyone, unixSender},
	{"unix/messages", Anyone, unixMessages},
	{"unix/credentials", Anyone, unixCredentials},
	{"unix/in-a-namespace", Root, unixNamespace},
	{"unix/bind-errors", Anyone, unixBindErrors},
	{"unix/connect-errors", Anyone, unixConnectErrors},
	{"unix/names", Anyone, unixNames},
	{"unix/relative-and-symlink", Anyone, unixRelative},
	{"unix/longest-path", Anyone, unixLongest},
	{"unix/abstract", Anyone, unixAbstract},
	{"unix/permission", User, unixPermission},
	{"unix/rename-and-unlink", Anyone, unixRename},
}

// unixAddr is a struct sockaddr_un for path and its length. A path that starts with a
// NUL byte is an abstract name.
func unixAddr(path string) ([]byte, int) {
	b := binary.LittleEndian.AppendUint16(nil, unix.AF_UNIX)
	b = append(b, path...)
	if path == "" || path[0] != 0 {
		b = append(b, 0)
	}
	return b, len(b)
}

// bindAt binds a socket to a name relative to the scratch directory, whose own path may
// be too long for an address, and returns that name.
func (t *T) bindAt(s int, name string) string {
	old := t.Open(".", unix.O_PATH, 0)
	t.Do(unix.SYS_CHDIR, t.Dir)
	addr, n := unixAddr(name)
	t.Do(unix.SYS_BIND, s, addr, n)
	t.Do(unix.SYS_FCHDIR, old)
	t.Close(old)
	return name
}

// unixSocket makes a socket of the UNIX domain.
func (t *T) unixSocket(kind int) int {
	return t.Do(unix.SYS_SOCKET, unix.AF_UNIX, kind|unix.SOCK_CLOEXEC, 0)
}

// connects connects a new stream socket to path.
func (t *T) connects(path string) int {
	s := t.unixSocket(unix.SOCK_STREAM)
	addr, n := unixAddr(path)
	t.Do(unix.SYS_CONNECT, s, addr, n)
	return s
}

// noConnect checks that a socket cannot be connected to path.
func (t *T) noConnect(want unix.Errno, kind int, path string) {
	s := t.unixSocket(kind)
	addr, n := unixAddr(path)
	t.Fails(want, unix.SYS_CONNECT, s, addr, n)
	t.Close(s)
}

func unixStream(t *T) {
	t.Umask(0o022)
	t.enter(t.Dir)
	l := t.unixSocket(unix.SOCK_STREAM)
	t.bindAt(l, "s")
	same(t, "mode", t.Lstat(t.Path("s")).Mode, unix.S_IFSOCK|0o755)
	t.noConnect(unix.ECONNREFUSED, unix.SOCK_STREAM, "s")
	t.Do(unix.SYS_LISTEN, l, 5)
	c := t.connects("s")
	a := t.Do(unix.SYS_ACCEPT4, l, nil, nil, unix.SOCK_CLOEXEC)
	t.Write(c, "hello")
	same(t, "received", t.Read(a, 9), "hello")
	t.Write(a, "back")
	same(t, "received", t.Read(c, 9), "back")
	t.Close(c)
	same(t, "end", t.Read(a, 9), "")
	t.Check(t.Fstat(l).Ino != t.Lstat("s").Ino, "socket and its name are one inode")
}

func unixDgram(t *T) {
	t.enter(t.Dir)
	r, s := t.unixSocket(unix.SOCK_DGRAM), t.unixSocket(unix.SOCK_DGRAM)
	t.bindAt(r, "r")
	t.bindAt(s, "s")
	addr, n := unixAddr("r")
	t.Returns(3, unix.SYS_SENDTO, s, []byte("abc"), 3, 0, addr, n)
	from, size := make([]byte, 110), int32(110)
	b := make([]byte, 9)
	t.Returns(3, unix.SYS_RECVFROM, r, b, 9, 0, from, &size)
	want, n := unixAddr("s")
	same(t, "sender", string(from[:size]), string(want[:n]))
	t.Do(unix.SYS_CONNECT, s, addr, n)
	t.Write(s, "de")
	same(t, "received", t.Read(r, 9), "de")
	addr, n = unixAddr("no")
	t.Fails(unix.ENOENT, unix.SYS_SENDTO, s, b, 3, 0, addr, n)
}

// The name of a socket is the path to which it was bound, word for word.
func unixSender(t *T) {
	t.Mkdir("d")
	t.Mkdir("d/e")
	t.enter(t.Path("d"))
	r := t.unixSocket(unix.SOCK_DGRAM)
	t.bindAt(r, "r")
	to, toLen := unixAddr("../r")
	paths := []string{"s", "./e//s", "../s", "e/../../d/e/./t", "../../" + path.Base(t.Dir) + "/u", "/proc/self/cwd/v"}
	if len(t.Dir) < 100 {
		paths = append(paths, t.Path("w"), t.Path("d/..//x"))
	}
	for _, p := range paths {
		s := t.unixSocket(unix.SOCK_DGRAM)
		addr, n := unixAddr(p)
		t.Do(unix.SYS_BIND, s, addr, n)
		same(t, "type", t.Lstat(p).Mode&unix.S_IFMT, unix.S_IFSOCK)
		t.Returns(1, unix.SYS_SENDTO, s, []byte("x"), 1, 0, to, toLen)
		from, size, b := make([]byte, 110), int32(110), make([]byte, 9)
		t.Returns(1, unix.SYS_RECVFROM, r, b, 9, 0, from, &size)
		same(t, "sender of "+p, string(from[:size]), string(addr))
		size = 110
		t.Do(unix.SYS_GETSOCKNAME, s, from, &size)
		same(t, "name of "+p, string(from[:size]), string(addr))
		t.Returns(1, unix.SYS_SENDTO, r, []byte("x"), 1, 0, addr, n)
		t.Returns(1, unix.SYS_READ, s, b, 9)
	}
}

// sendmsg takes a path in the message.
func unixMessages(t *T) {
	t.enter(t.Dir)
	r, s := t.unixSocket(unix.SOCK_DGRAM), t.unixSocket(unix.SOCK_DGRAM)
	t.bindAt(r, "r")
	addr, n := unixAddr("./r")
	h, _ := message([]byte("abc"), nil)
	h.Name, h.Namelen = &addr[0], uint32(n)
	before := h
	t.Returns(3, unix.SYS_SENDMSG, s, &h, 0)
	same(t, "header", h, before)
	same(t, "received", t.Read(r, 9), "abc")
	missing, n := unixAddr("no")
	h.Name, h.Namelen = &missing[0], uint32(n)
	t.Fails(unix.ENOENT, unix.SYS_SENDMSG, s, &h, 0)
	t.Do(unix.SYS_CONNECT, s, addr, len(addr))
	h.Name, h.Namelen = nil, 0
	t.Returns(3, unix.SYS_SENDMSG, s, &h, 0)
}

// Who connects or sends is known to the other side.
func unixCredentials(t *T) {
	t.enter(t.Dir)
	l, r := t.unixSocket(unix.SOCK_STREAM), t.unixSocket(unix.SOCK_DGRAM)
	t.bindAt(l, "l")
	t.Do(unix.SYS_LISTEN, l, 5)
	t.bindAt(r, "r")
	t.Do(unix.SYS_SETSOCKOPT, r, unix.SOL_SOCKET, unix.SO_PASSCRED, &[]int32{1}[0], 4)
	want := [3]int32{int32(unix.Getpid()), int32(unix.Getuid()), int32(unix.Getgid())}
	check := func() {
		c := t.connects("l")
		a := t.Do(unix.SYS_ACCEPT4, l, nil, nil, unix.SOCK_CLOEXEC)
		var cred [3]int32
		size := int32(12)
		t.Do(unix.SYS_GETSOCKOPT, a, unix.SOL_SOCKET, unix.SO_PEERCRED, &cred, &size)
		same(t, "SO_PEERCRED", cred, want)
		t.Close(c)
		t.Close(a)
		s := t.unixSocket(unix.SOCK_DGRAM)
		addr, n := unixAddr("r")
		t.Returns(1, unix.SYS_SENDTO, s, []byte("x"), 1, 0, addr, n)
		data, control := make([]byte, 2), make([]byte, 64)
		h, _ := message(data, control)
		t.Returns(1, unix.SYS_RECVMSG, r, &h, 0)
		messages, err := unix.ParseSocketControlMessage(control[:h.Controllen])
		t.NoError(err, "control data")
		same(t, "messages", len(messages), 1)
		got, err := unix.ParseUnixCredentials(&messages[0])
		t.NoError(err, "credentials")
		same(t, "SCM_CREDENTIALS", [3]int32{got.Pid, int32(got.Uid), int32(got.Gid)}, want)
	}
	check()
	if !t.IsRoot() {
		return
	}
	t.Do(unix.SYS_CHMOD, t.Dir, 0o777)
	t.Do(unix.SYS_CHMOD, "l", 0o777)
	t.Do(unix.SYS_CHMOD, "r", 0o777)
	onOwnThread(func() {
		t.Do(unix.SYS_SETRESGID, 12, 12, 12)
		t.Do(unix.SYS_SETRESUID, 34, 34, 34)
		want[1], want[2] = 34, 12
		check()
	})
}

// A socket is reached from where other file systems are mounted as well.
func unixNamespace(t *T) {
	t.enter(t.Dir)
	l, r := t.unixSocket(unix.SOCK_STREAM), t.unixSocket(unix.SOCK_DGRAM)
	t.bindAt(l, "l")
	t.bindAt(r, "r")
	t.Do(unix.SYS_LISTEN, l, 5)
	t.inNamespace(func() {
		t.Do(unix.SYS_CHDIR, t.Dir)
		t.Do(unix.SYS_MOUNT, "none", "/dev/shm", "tmpfs", 0, "size=1m")
		t.connects("l")
		addr, n := unixAddr("r")
		t.Returns(1, unix.SYS_SENDTO, t.unixSocket(unix.SOCK_DGRAM), []byte("x"), 1, 0, addr, n)
	})
}

func unixBindErrors(t *T) {
	t.enter(t.Dir)
	t.File("f", "")
	t.Symlink("no", "l")
	s := t.unixSocket(unix.SOCK_STREAM)
	for path, want := range map[string]unix.Errno{
		"f": unix.EADDRINUSE, "l": unix.EADDRINUSE, ".": unix.EADDRINUSE, "no/s": unix.ENOENT,
		"f/s": unix.ENOTDIR, "/": unix.EADDRINUSE, "new/": unix.ENOENT,
	} {
		addr, n := unixAddr(path)
		t.Fails(want, unix.SYS_BIND, s, addr, n)
	}
	addr, n := unixAddr("s")
	t.Fails(unix.EINVAL, unix.SYS_BIND, s, addr, 1)
	t.Fails(unix.EINVAL, unix.SYS_BIND, s, append(addr, make([]byte, 200)...), 150)
	t.Fails(unix.EFAULT, unix.SYS_BIND, s, nil, n)
	t.Do(unix.SYS_BIND, s, addr, n)
	addr, n = unixAddr("t")
	t.Fails(unix.EINVAL, unix.SYS_BIND, s, addr, n)
	t.Missing("t")
}

func unixConnectErrors(t *T) {
	t.enter(t.Dir)
	t.File("f", "")
	t.Symlink("self", "self")
	t.bindAt(t.unixSocket(unix.SOCK_DGRAM), "d")
	for path, want := range map[string]unix.Errno{
		"no": unix.ENOENT, "no/s": unix.ENOENT, "f": unix.ECONNREFUSED, ".": unix.ECONNREFUSED,
		"f/s": unix.ENOTDIR, "self": unix.ELOOP, "d": unix.EPROTOTYPE, "d/": unix.ENOTDIR,
	} {
		t.noConnect(want, unix.SOCK_STREAM, path)
	}
}

func unixNames(t *T) {
	t.enter(t.Dir)
	l := t.unixSocket(unix.SOCK_STREAM)
	t.bindAt(l, "s")
	t.Do(unix.SYS_LISTEN, l, 5)
	c := t.connects("./s")
	a := t.Do(unix.SYS_ACCEPT, l, nil, nil)
	want, n := unixAddr("s")
	b, size := make([]byte, 110), int32(110)
	for _, get := range []struct {
		nr uintptr
		fd int
	}{{unix.SYS_GETSOCKNAME, l}, {unix.SYS_GETPEERNAME, c}, {unix.SYS_GETSOCKNAME, a}} {
		size = 110
		t.Do(get.nr, get.fd, b, &size)
		same(t, callName(get.nr), string(b[:size]), string(want[:n]))
	}
	size = 110
	t.Do(unix.SYS_GETSOCKNAME, c, b, &size)
	same(t, "length of an unbound name", size, 2)
	t.Fails(unix.ENOTSOCK, unix.SYS_GETSOCKNAME, t.OpenDir(), b, &size)
	var cred [3]int32
	size = 12
	t.Do(unix.SYS_GETSOCKOPT, c, unix.SOL_SOCKET, unix.SO_PEERCRED, &cred, &size)
	same(t, "SO_PEERCRED pid", int(cred[0]), unix.Getpid())
}

func unixRelative(t *T) {
	t.Mkdir("d")
	t.Mkdir("d/e")
	t.enter(t.Path("d/e"))
	l := t.unixSocket(unix.SOCK_STREAM)
	addr, n := unixAddr("../s")
	t.Do(unix.SYS_BIND, l, addr, n)
	t.Do(unix.SYS_LISTEN, l, 9)
	t.Symlink("../s", "d/e/l")
	t.Symlink("d", "m")
	t.connects("l")
	t.connects("../../m/s")
	t.connects("../../m/e/l")
	t.Do(unix.SYS_CHDIR, "..")
	t.connects("s")
	t.connects("/proc/self/cwd/s")
}

// An address has room for 108 bytes of path; that many need no terminator.
func unixLongest(t *T) {
	t.enter(t.Dir)
	name := strings.Repeat("n", 100)
	addr, _ := unixAddr("./////./" + name)
	t.Check(len(addr) == 2+108+1, "address of %d bytes", len(addr))
	l := t.unixSocket(unix.SOCK_STREAM)
	t.Do(unix.SYS_BIND, l, addr, 110)
	same(t, "type", t.Lstat(name).Mode&unix.S_IFMT, unix.S_IFSOCK)
	t.Do(unix.SYS_LISTEN, l, 1)
	t.Do(unix.SYS_CONNECT, t.unixSocket(unix.SOCK_STREAM), addr, 110)
	t.Fails(unix.EINVAL, unix.SYS_BIND, t.unixSocket(unix.SOCK_STREAM), addr, 111)
	// What lies behind a NUL byte does not count.
	b, _ := unixAddr("short")
	t.Do(unix.SYS_BIND, t.unixSocket(unix.SOCK_STREAM), append(b, bytes.Repeat([]byte{'x'}, 50)...), 50)
	t.Lstat("short")
}

// Abstract names have nothing to do with files.
func unixAbstract(t *T) {
	name := "\x00vutest" + t.Dir[max(0, len(t.Dir)-80):]
	l := t.unixSocket(unix.SOCK_STREAM)
	addr, n := unixAddr(name)
	t.Do(unix.SYS_BIND, l, addr, n)
	t.Do(unix.SYS_LISTEN, l, 5)
	c := t.connects(name)
	t.Write(c, "x")
	same(t, "received", t.Read(t.Do(unix.SYS_ACCEPT, l, nil, nil), 9), "x")
	t.noConnect(unix.ECONNREFUSED, unix.SOCK_STREAM, name+"no")
	same(t, "entries", len(t.names(t.Dir)), 0)
	// A bind of the family alone chooses an abstract name of five digits.
	s := t.unixSocket(unix.SOCK_STREAM)
	t.Do(unix.SYS_BIND, s, addr, 2)
	b, size := make([]byte, 110), int32(110)
	t.Do(unix.SYS_GETSOCKNAME, s, b, &size)
	same(t, "length", size, 2+1+5)
}

func unixPermission(t *T) {
	t.enter(t.Dir)
	l := t.unixSocket(unix.SOCK_STREAM)
	t.bindAt(l, "s")
	t.Do(unix.SYS_LISTEN, l, 5)
	t.Do(unix.SYS_CHMOD, "s", 0o500)
	t.noConnect(unix.EACCES, unix.SOCK_STREAM, "s")
	t.Do(unix.SYS_CHMOD, "s", 0o200)
	t.connects("s")
	t.Mkdir("d")
	t.Do(unix.SYS_CHMOD, "d", 0o500)
	addr, n := unixAddr("d/s")
	t.Fails(unix.EACCES, unix.SYS_BIND, t.unixSocket(unix.SOCK_STREAM), addr, n)
	t.Do(unix.SYS_CHMOD, "d", 0o700)
}

func unixRename(t *T) {
	t.enter(t.Dir)
	l := t.unixSocket(unix.SOCK_STREAM)
	t.bindAt(l, "s")
	t.Do(unix.SYS_LISTEN, l, 5)
	t.Do(unix.SYS_RENAME, "s", "t")
	t.connects("t")
	t.Do(unix.SYS_LINK, "t", "u")
	t.Do(unix.SYS_UNLINK, "t")
	t.connects("u")
	t.noConnect(unix.ENOENT, unix.SOCK_STREAM, "t")
	t.Close(l)
	t.noConnect(unix.ECONNREFUSED, unix.SOCK_STREAM, "u")
}
