// SPDX-License-Identifier: Apache-2.0

package sockfd

import (
	"encoding/binary"
	"fmt"
	"os"
	"strconv"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// watcher tells the table of last closes. The kernel gives sockets events of inotify (net/socket.c:sock_alloc_file()),
// and IN_CLOSE comes from __fput().
type watcher struct {
	t   *Table
	f   *os.File
	raw syscall.RawConn
	mu  sync.Mutex // held while events are read and handled
	buf [4096]byte
}

func newWatcher(t *Table) (*watcher, error) {
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err != nil {
		return nil, fmt.Errorf("watch sockets: %w", err)
	}
	w := &watcher{t: t, f: os.NewFile(uintptr(fd), "inotify")}
	if w.raw, err = w.f.SyscallConn(); err != nil {
		w.f.Close()
		return nil, err
	}
	go func() { _ = w.raw.Read(func(fd uintptr) bool { return !w.read(int(fd)) }) }()
	return w, nil
}

// add watches the inode of a socket.
func (w *watcher) add(fd int) (wd int32, err error) {
	err = control(w.raw, func(in int) error {
		n, err := unix.InotifyAddWatch(in, "/proc/self/fd/"+strconv.Itoa(fd), unix.IN_CLOSE|unix.IN_ONESHOT)
		wd = int32(n)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("watch a socket: %w", err)
	}
	return wd, nil
}

// drain handles the events there are.
func (w *watcher) drain() { _ = w.raw.Control(func(fd uintptr) { w.read(int(fd)) }) }

// read handles events until there is none; false when the descriptor cannot be read.
func (w *watcher) read(fd int) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for {
		n, err := unix.Read(fd, w.buf[:])
		switch {
		case err == unix.EINTR:
			continue
		case err == unix.EAGAIN:
			return true
		case err != nil || n <= 0:
			return false
		}
		w.events(w.buf[:n])
	}
}

func (w *watcher) events(b []byte) {
	for len(b) >= unix.SizeofInotifyEvent {
		wd, mask := int32(binary.NativeEndian.Uint32(b)), binary.NativeEndian.Uint32(b[4:])
		b = b[min(len(b), unix.SizeofInotifyEvent+int(binary.NativeEndian.Uint32(b[12:]))):]
		switch {
		case mask&unix.IN_Q_OVERFLOW != 0:
			for _, x := range w.t.all() {
				if x.dead() {
					w.t.closed(x.wd)
				}
			}
		case mask&unix.IN_CLOSE != 0:
			w.t.closed(wd)
		}
	}
}

// control runs f with the descriptor of a connection.
func control(c syscall.RawConn, f func(fd int) error) (err error) {
	if cerr := c.Control(func(fd uintptr) { err = f(int(fd)) }); cerr != nil {
		return cerr
	}
	return err
}
