// SPDX-License-Identifier: Apache-2.0

package node

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"vuos.dev/libvdeplug/internal/dgram"
	"vuos.dev/libvdeplug/plug"
)

// port is a connected plug.
type port struct {
	n      *node
	number int
	path   string // of our data socket
	data   *dgram.Conn

	mu      sync.Mutex // protects what follows, and the order of frames
	stalled bool
}

// dataPath returns the path of the data socket of a port.
func dataPath(dir string, number int) string {
	return filepath.Join(dir, fmt.Sprintf("port%04d", number))
}

// newPort makes a port with a data socket connected to the plug's at peer.
func (n *node) newPort(peer string) (*port, error) {
	number, err := n.takeNumber()
	if err != nil {
		return nil, err
	}
	p := &port{n: n, number: number, path: dataPath(n.dir, number)}
	if err := p.open(peer); err != nil {
		n.freeNumber(number)
		return nil, err
	}
	return p, nil
}

func (p *port) open(peer string) error {
	fd, err := dgram.Unix(unix.SOCK_DGRAM)
	if err != nil {
		return err
	}
	_ = os.Remove(p.path) // left behind by a switch that was killed
	err = unix.Bind(fd, &unix.SockaddrUnix{Name: p.path})
	if err == nil {
		err = p.n.permit(p.path, p.n.mode)
	}
	if err == nil {
		err = unix.Connect(fd, &unix.SockaddrUnix{Name: peer})
	}
	if err != nil {
		unix.Close(fd)
		_ = os.Remove(p.path)
		return err
	}
	file := dgram.NewFile(fd, p.path)
	if p.data, err = dgram.New(file, dgram.Config{Plugin: p.n.plugin, Addr: p.n.dir, Tally: &p.n.tally}); err != nil {
		file.Close()
	}
	return err
}

// close ends the port. It must not be in the node's list any more.
func (p *port) close() {
	_ = p.data.Close()
	_ = os.Remove(p.path)
	p.n.freeNumber(p.number)
}

// deliver implements member.
func (p *port) deliver(frame []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	ok, err := p.data.TrySend(frame)
	if !ok && err == nil && !p.stalled {
		_ = p.data.SetWriteDeadline(time.Now().Add(stallAfter))
		_, err = p.data.Send([][]byte{frame})
		ok = err == nil
		_ = p.data.SetWriteDeadline(time.Time{})
	}
	if !ok {
		p.n.tally.Dropped(1)
	}
	p.stalled = !ok && (err == nil || errors.Is(err, os.ErrDeadlineExceeded))
}

// portBatch is how many frames a port takes in at a time.
const portBatch = 16

// run forwards what comes in until the port is closed.
func (p *port) run() {
	bufs, sizes := plug.Buffers(p.data, portBatch)
	for {
		count, err := p.data.Recv(bufs, sizes)
		if err != nil {
			return
		}
		now := time.Now()
		for i := range count {
			p.n.forward(p, bufs[i][:sizes[i]], now)
		}
	}
}

// add puts p into the list of ports; false after Close.
func (n *node) add(p *port) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed {
		return false
	}
	ports := append(slices.Clone(*n.ports.Load()), p)
	n.ports.Store(&ports)
	return true
}

// remove takes p out of the list of ports and of the forwarding table.
func (n *node) remove(p *port) {
	n.mu.Lock()
	ports := slices.DeleteFunc(slices.Clone(*n.ports.Load()), func(q *port) bool { return q == p })
	n.ports.Store(&ports)
	n.mu.Unlock()
	if n.table != nil {
		n.table.Forget(p)
	}
}
