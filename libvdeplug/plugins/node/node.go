// SPDX-License-Identifier: Apache-2.0

package node

import (
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"vuos.dev/libvdeplug/internal/deadline"
	"vuos.dev/libvdeplug/internal/mactable"
	"vuos.dev/libvdeplug/plug"
)

// maxPorts is how many plugs can be connected at a time.
const maxPorts = 4096

// stallAfter is how long a port may take nothing until frames for it are
// dropped.
const stallAfter = 100 * time.Millisecond

// member is a port, or the host: the program that has the Conn.
type member interface {
	// deliver hands over a frame, which is not kept.
	deliver(frame []byte)
}

// node is a running switch, hub, multi or bonding.
type node struct {
	*config
	ctl   *net.UnixListener
	table *mactable.Table[member] // of a switch
	tally plug.Tally
	host  *host
	wd    deadline.Deadline
	done  chan struct{} // closed by Close
	wg    sync.WaitGroup

	mu     sync.Mutex // protects what follows, and changes of ports
	closed bool
	conns  map[net.Conn]struct{} // control connections
	free   []int                 // numbers of ports that were freed
	next   int                   // number of the next port

	ports atomic.Pointer[[]*port] // never changed, only replaced
	turn  atomic.Uint32           // bonding: the port that is next
}

// start makes the node and has it run.
func start(cfg *config) (*node, error) {
	ctl, err := cfg.listen()
	if err != nil {
		return nil, &plug.OpError{Plugin: cfg.plugin, Addr: cfg.dir, Err: err}
	}
	n := &node{config: cfg, ctl: ctl, done: make(chan struct{}), conns: map[net.Conn]struct{}{}}
	n.host = newHost(n)
	n.ports.Store(new([]*port))
	if cfg.kind == switchNode {
		n.table = mactable.New[member](cfg.hashSize, cfg.expire, uint64(cfg.hashSeed))
	}
	n.wg.Go(n.accept)
	return n, nil
}

// Send implements plug.Conn: the frames come in at the host's port.
func (n *node) Send(frames [][]byte) (sent int, err error) {
	legal, illegal := plug.CheckFrames(frames, plug.MaxFrame)
	links := n.kind == multiNode || n.kind == bondingNode
	for _, f := range frames[:legal] {
		if err := n.state(); err != nil {
			return sent, err
		}
		select {
		case <-n.wd.Passed():
			return sent, os.ErrDeadlineExceeded
		default:
		}
		if links && len(*n.ports.Load()) == 0 {
			return sent, &plug.OpError{Plugin: n.plugin, Addr: n.dir, What: "send", Err: plug.ErrNoCarrier}
		}
		n.forward(n.host, f, time.Now())
		sent++
	}
	return sent, illegal
}

// Recv implements plug.Conn: what is for the host.
func (n *node) Recv(bufs [][]byte, sizes []int) (int, error) {
	if err := plug.CheckBuffers(bufs, sizes, plug.MaxFrame); err != nil {
		return 0, err
	}
	return n.host.recv(bufs, sizes)
}

// MaxFrame implements plug.Conn.
func (n *node) MaxFrame() int { return plug.MaxFrame }

// SetReadDeadline implements plug.Conn.
func (n *node) SetReadDeadline(t time.Time) error {
	n.host.rd.Set(t)
	return n.state()
}

// SetWriteDeadline implements plug.Conn.
func (n *node) SetWriteDeadline(t time.Time) error {
	n.wd.Set(t)
	return n.state()
}

func (n *node) state() error {
	select {
	case <-n.done:
		return net.ErrClosed
	default:
		return nil
	}
}

// Stats implements plug.StatsReader.
func (n *node) Stats() plug.Stats { return n.tally.Stats() }

// Close implements plug.Conn: all plugs are disconnected.
func (n *node) Close() error {
	n.mu.Lock()
	if n.closed {
		n.mu.Unlock()
		return net.ErrClosed
	}
	n.closed = true
	close(n.done)
	for c := range n.conns {
		_ = c.Close()
	}
	n.mu.Unlock()
	n.host.rd.Set(time.Time{})
	n.wd.Set(time.Time{})
	err := n.ctl.Close() // removes the socket
	n.wg.Wait()
	_ = os.Remove(n.dir) // stays if somebody else has something in it
	return plug.IOError(n.plugin, n.dir, "close", err)
}

var (
	_ plug.Conn        = (*node)(nil)
	_ plug.StatsReader = (*node)(nil)
)
