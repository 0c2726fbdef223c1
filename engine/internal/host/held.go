// SPDX-License-Identifier: Apache-2.0

package host

import (
	"runtime"
	"strconv"
	"strings"
	"sync"
	"weak"

	"golang.org/x/sys/unix"
	"vuos.dev/engine"
)

// Held is an inode held by an O_PATH descriptor, as a struct path of the kernel holds it: renamed or
// removed, it stays the same inode. There is one for each inode and kernel mount at a time, so that equal inodes are
// equal nodes, and it goes when nothing refers to it any more.
type Held struct {
	fd   int
	name string // canonical path by which it was found
}

// heldKey is what one Held is told from another by. The inode number is its own as long as it is held.
type heldKey struct {
	dev, ino, mount uint64
}

// holding are all inodes that are held. Who takes one out closes its descriptor.
var holding = struct {
	sync.Mutex
	by     map[heldKey]heldFD
	max    int  // 0: not known yet
	asking bool // who holds nothing any more is being looked for
}{by: map[heldKey]heldFD{}}

type heldFD struct {
	ref weak.Pointer[Held]
	fd  int
}

// heldLimit bounds how many are held, by the descriptors that umvu may have.
func heldLimit() int {
	var r unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &r); err != nil {
		return 256
	}
	return int(min(r.Cur/4, 1<<16))
}

// HeldCount is how many inodes are held.
func HeldCount() int {
	holding.Lock()
	defer holding.Unlock()
	return len(holding.by)
}

// identity are the flags to ask a descriptor for what never changes: no server is asked for that.
const identity = unix.AT_EMPTY_PATH | unix.AT_STATX_DONT_SYNC

// hold takes over the O_PATH descriptor fd, which was found by name. It is nil if there are too many already, or if the
// kernel does not tell what fd is.
func hold(fd int, name string) *Held {
	var st unix.Statx_t
	if err := unix.Statx(fd, "", identity, unix.STATX_INO|unix.STATX_MNT_ID, &st); err != nil {
		unix.Close(fd)
		return nil
	}
	key := heldKey{unix.Mkdev(st.Dev_major, st.Dev_minor), st.Ino, st.Mnt_id}
	holding.Lock()
	defer holding.Unlock()
	if old, found := holding.by[key]; found {
		if h := old.ref.Value(); h != nil {
			unix.Close(fd)
			return h
		}
		unix.Close(old.fd)
		delete(holding.by, key)
	}
	if holding.max == 0 {
		holding.max = heldLimit()
	}
	if len(holding.by) >= holding.max {
		collect()
		unix.Close(fd)
		return nil
	}
	h := &Held{fd: fd, name: name}
	mine := heldFD{weak.Make(h), fd}
	holding.by[key] = mine
	runtime.AddCleanup(h, func(key heldKey) {
		holding.Lock()
		defer holding.Unlock()
		if holding.by[key] == mine {
			delete(holding.by, key)
			unix.Close(mine.fd)
		}
	}, key)
	return h
}

// collect looks for what is held by nobody any more. It is called with the mutex held.
func collect() {
	if holding.asking {
		return
	}
	holding.asking = true
	go func() {
		LetGo()
		holding.Lock()
		defer holding.Unlock()
		holding.asking = false
	}()
}

// LetGo closes the descriptors of what is held by nobody any more, which otherwise happens some time later.
func LetGo() {
	runtime.GC()
	holding.Lock()
	defer holding.Unlock()
	for key, h := range holding.by {
		if h.ref.Value() == nil {
			delete(holding.by, key)
			unix.Close(h.fd)
		}
	}
}

// link is the text of the descriptor's link in /proc: the path of the inode as it is now.
func (h *Held) link() (string, error) {
	buf := make([]byte, 2*unix.PathMax)
	n, err := unix.Readlink(h.magic(), buf)
	if err != nil {
		return "", err
	}
	return string(buf[:n]), nil
}

// magic is a path that names exactly the inode.
func (h *Held) magic() string { return "/proc/self/fd/" + strconv.Itoa(h.fd) }

var (
	_ engine.NodeHolder   = Node{}
	_ engine.NodeParenter = Node{}
	_ engine.NodeUpper    = Node{}
)

// Hold implements engine.NodeHolder. Where umvu has too few descriptors the inode stays known by its path.
func (n Node) Hold(c engine.Call) (engine.Node, error) {
	if n.Held() {
		return n, nil
	}
	return n.holdAs(c, n.Name())
}

// Held tells whether n is the inode itself, and not only a path.
func (n Node) Held() bool { return n.at != nil && n.path == "" }

func (n Node) holdAs(c engine.Call, name string) (engine.Node, error) {
	fd := -1
	err := n.do(c, func(p place) (err error) {
		fd, err = unix.Openat(p.dirfd, p.path, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
		return err
	})
	switch err {
	case nil:
	case unix.EMFILE, unix.ENFILE:
		return n, nil
	default:
		return nil, err
	}
	h := hold(fd, name)
	if h == nil {
		return n, nil
	}
	return Node{at: h, typ: n.typ}, nil
}

// Descriptor is the inode that the O_PATH descriptor fd, which it owns from then on, stands for. EMFILE if too many are
// held.
func Descriptor(fd int) (Node, error) {
	var st unix.Statx_t
	if err := unix.Statx(fd, "", identity, unix.STATX_TYPE, &st); err != nil {
		unix.Close(fd)
		return Node{}, err
	}
	h := hold(fd, "")
	if h == nil {
		return Node{}, unix.EMFILE
	}
	return Node{at: h, typ: uint32(st.Mode) & unix.S_IFMT}, nil
}

// Current is the path of the inode as it is now, where it is held, and the one by which it was found otherwise. ENOENT if
// it was removed.
func (n Node) Current() (string, error) {
	if n.at == nil {
		return n.path, nil
	}
	dir, err := n.at.link()
	switch {
	case err != nil:
		return "", err
	case strings.HasSuffix(dir, " (deleted)"):
		return "", unix.ENOENT
	case n.path == "":
		return dir, nil
	}
	return join(dir, n.path), nil
}

// Parent implements engine.NodeParenter.
func (n Node) Parent(c engine.Call) (engine.Node, string, error) {
	if n.path == "/" {
		return n, "", nil
	}
	if n.path != "" {
		dir, name := cut(n.path)
		if n.at == nil && dir == "" {
			dir = "/"
		}
		return Node{at: n.at, path: dir, typ: unix.S_IFDIR}, name, nil
	}
	path, err := n.Current()
	switch {
	case err == unix.ENAMETOOLONG:
		path = n.Name()
	case err != nil:
		return nil, "", err
	case path == "/":
		return n, "", nil
	}
	up, err := n.Up(c)
	_, name := cut(path)
	return up, name, err
}

// cut divides a path in front of its last name.
func cut(path string) (dir, name string) {
	i := strings.LastIndexByte(path, '/')
	return path[:max(i, 0)], path[i+1:]
}

// Up implements engine.NodeUpper, for a held directory.
func (n Node) Up(c engine.Call) (engine.Node, error) {
	dir, _ := cut(n.Name())
	return Node{at: n.at, path: "..", typ: unix.S_IFDIR}.holdAs(c, dir)
}
