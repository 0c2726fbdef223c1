// SPDX-License-Identifier: Apache-2.0

package node

import (
	"errors"
	"io"
	"net"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"vuos.dev/libvdeplug/internal/vdewire"
)

// requestTimeout is how long a plug may take to say what it wants.
const requestTimeout = 10 * time.Second

var (
	errFull    = errors.New("no free port")
	errNotYour = errors.New("the data socket is not the caller's")
)

// accept takes plugs in until the node is closed.
func (n *node) accept() {
	for {
		c, err := n.ctl.AcceptUnix()
		if err == nil {
			if n.hold(c) {
				n.wg.Go(func() { n.serve(c) })
			}
			continue
		}
		select {
		case <-n.done:
			return
		case <-time.After(stallAfter): // out of descriptors, or the like
		}
	}
}

// hold notes a control connection, so that Close closes it, or closes it now.
func (n *node) hold(c net.Conn) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed || len(n.conns) >= maxPorts {
		_ = c.Close()
		return false
	}
	n.conns[c] = struct{}{}
	return true
}

// serve has one plug join, and lasts as long as it is connected.
func (n *node) serve(c *net.UnixConn) {
	defer func() {
		n.mu.Lock()
		delete(n.conns, c)
		n.mu.Unlock()
		_ = c.Close()
	}()
	p, err := n.join(c)
	if err != nil {
		return // the plug sees its connection end
	}
	defer p.close()
	if !n.add(p) {
		return
	}
	n.wg.Go(p.run)
	defer n.remove(p)
	reply, err := vdewire.MarshalReply(p.path)
	if err != nil {
		return
	}
	if _, err := c.Write(reply); err != nil {
		return
	}
	// The stream is silent from now on; its end is the end of the port.
	for buf := make([]byte, 64); err == nil; {
		_, err = c.Read(buf)
	}
}

// join reads the request and makes the port.
func (n *node) join(c *net.UnixConn) (*port, error) {
	if err := c.SetDeadline(time.Now().Add(requestTimeout)); err != nil {
		return nil, err
	}
	buf := make([]byte, vdewire.MaxRequest)
	size, err := io.ReadAtLeast(c, buf, vdewire.MinRequest)
	if err != nil {
		return nil, err
	}
	req, err := vdewire.ParseRequest(buf[:size])
	if err != nil {
		return nil, err
	}
	if err := owns(c, req.Path); err != nil {
		return nil, err
	}
	if err := c.SetDeadline(time.Time{}); err != nil {
		return nil, err
	}
	return n.newPort(req.Path)
}

// owns checks that the data socket at path belongs to the user at the other
// end of c: otherwise anybody could have us send to sockets that they may not.
func owns(c *net.UnixConn, path string) error {
	raw, err := c.SyscallConn()
	if err != nil {
		return err
	}
	var cred *unix.Ucred
	var credErr error
	if err := raw.Control(func(fd uintptr) {
		cred, credErr = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	}); err != nil {
		return err
	}
	if credErr != nil {
		return os.NewSyscallError("getsockopt", credErr)
	}
	var st unix.Stat_t
	if err := unix.Lstat(path, &st); err != nil {
		return os.NewSyscallError("stat", err)
	}
	if cred.Uid != 0 && cred.Uid != st.Uid {
		return errNotYour
	}
	return nil
}

// takeNumber returns a free port number.
func (n *node) takeNumber() (int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if last := len(n.free) - 1; last >= 0 {
		number := n.free[last]
		n.free = n.free[:last]
		return number, nil
	}
	if n.next >= maxPorts {
		return 0, errFull
	}
	n.next++
	return n.next, nil
}

func (n *node) freeNumber(number int) {
	n.mu.Lock()
	n.free = append(n.free, number)
	n.mu.Unlock()
}
