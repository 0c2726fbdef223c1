// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"bytes"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"
	"vuos.dev/engine"
	"vuos.dev/engine/internal/guest"
	"vuos.dev/engine/internal/host"
)

// fifos are the fifos on virtual file systems that are or were open: a fifo of the kernel's stands for each.
type fifos struct {
	standIns
	next  atomic.Uint64
	where sync.Map // where it was opened last, *openedAt, by the stand-in's path
}

// of is the path of what stands for t.
func (f *fifos) of(c *call, t target) (string, error) {
	path, err := f.make(c, t.Node)
	if err != nil {
		return "", err
	}
	if _, found := f.where.Swap(path, &openedAt{pos: t.Pos, dir: t.dir, name: t.name}); !found && f.next.Load()%64 == 0 {
		f.where.Range(func(p, _ any) bool {
			if !f.has(p.(string)) {
				f.where.Delete(p)
			}
			return true
		})
	}
	return path, nil
}

func (f *fifos) make(c *call, n engine.Node) (string, error) {
	if p, found := f.at(n); found {
		return p, nil
	}
	made := filepath.Join(c.s.dir, "p"+strconv.FormatUint(f.next.Add(1), 10))
	if err := unix.Mkfifo(made, 0o600); err != nil {
		return "", err
	}
	p := f.put(c, n, made)
	if p != made {
		_ = unix.Unlink(made) // another guest was faster
	}
	return p, nil
}

// fifoOf is where the fifo was opened that descriptor fd of thread tid is; nil if it is none that something stands for.
func (s *Supervisor) fifoOf(tid, fd int) *openedAt {
	if fd < 0 || s.fifos.next.Load() == 0 {
		return nil
	}
	var buf [256]byte
	link, err := guest.FDLink(tid, fd, buf[:])
	if err != nil || !bytes.HasPrefix(link, []byte(s.dir)) {
		return nil
	}
	if at, found := s.fifos.where.Load(string(link)); found {
		return at.(*openedAt)
	}
	return nil
}

// openFifo opens a fifo, which may wait for its other end. The guest gets the kernel's own.
func (c *call) openFifo(t target, flags int) (engine.File, error) {
	n := t.Node
	var mask uint32
	switch flags & unix.O_ACCMODE {
	case unix.O_RDONLY:
		mask = unix.R_OK
	case unix.O_WRONLY:
		mask = unix.W_OK
	default:
		mask = unix.R_OK | unix.W_OK
	}
	if err := mayAccess(c, target{Pos: pos{Node: n}}, mask); err != nil {
		return nil, err
	}
	var path string
	if h, ok := n.(host.Node); ok {
		path = h.Reach(c, c.TID())
		defer runtime.KeepAlive(h)
	} else {
		var err error
		if path, err = c.s.fifos.of(c, t); err != nil {
			return nil, err
		}
	}
	fd, err := c.waitOpen(path, flags&^openOnly|unix.O_CLOEXEC)
	if err != nil {
		return nil, err
	}
	return host.NewFile(fd), nil
}

// waitOpen opens a fifo and gives up when the guest has a signal to handle.
func (c *call) waitOpen(path string, flags int) (int, error) {
	if flags&unix.O_NONBLOCK != 0 || flags&unix.O_ACCMODE == unix.O_RDWR {
		return unix.Open(path, flags, 0)
	}
	c.Block()
	type opened struct {
		fd  int
		err error
	}
	ch := make(chan opened, 1)
	go func() {
		fd, err := unix.Open(path, flags, 0)
		for err == unix.EINTR {
			fd, err = unix.Open(path, flags, 0)
		}
		ch <- opened{fd, err}
	}()
	select {
	case o := <-ch:
		return o.fd, o.err
	case <-c.Interrupted():
	}
	// Both ends at once let the waiting open go on.
	if both, err := unix.Open(path, unix.O_RDWR|unix.O_NONBLOCK|unix.O_CLOEXEC, 0); err == nil {
		defer unix.Close(both)
	}
	if o := <-ch; o.err == nil {
		unix.Close(o.fd)
	}
	return -1, unix.EINTR
}
