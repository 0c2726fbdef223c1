// SPDX-License-Identifier: Apache-2.0

package ptp

import (
	"errors"
	"fmt"
	"net"
	"os"
	"sync"

	"golang.org/x/sys/unix"

	"vuos.dev/libvdeplug/internal/dgram"
	"vuos.dev/libvdeplug/plug"
)

// suffix makes the path of the second end's socket.
const suffix = "+"

// datagram is one end of the line in the older protocol: two datagram sockets
// that send to each other's path.
type datagram struct {
	*dgram.Conn
	ln        *line
	in, out   string // paths of our socket and the peer's
	mu        sync.Mutex
	connected bool
}

// openDatagram binds our socket at in. The directory must be locked.
func (l *line) openDatagram(in, out string, tally *plug.Tally) (*datagram, error) {
	fd, err := dgram.Unix(unix.SOCK_DGRAM)
	if err != nil {
		return nil, err
	}
	err = unix.Bind(fd, &unix.SockaddrUnix{Name: in})
	if err == unix.EADDRINUSE {
		if err = l.clear(fd, in); err == nil {
			err = unix.Bind(fd, &unix.SockaddrUnix{Name: in})
		}
	}
	if err == nil {
		err = l.permit(in)
	}
	if err != nil {
		unix.Close(fd)
		return nil, err
	}
	file := dgram.NewFile(fd, in)
	c, err := dgram.New(file, dgram.Config{
		Plugin: l.plugin, Addr: l.path, Tally: tally, Transient: peerLeft,
	})
	if err != nil {
		file.Close()
		_ = os.Remove(in)
		return nil, err
	}
	return &datagram{Conn: c, ln: l, in: in, out: out}, nil
}

// clear removes the socket at path if nobody has it open.
func (l *line) clear(fd int, path string) error {
	// Connecting is how to find out. It fails with EPERM if the socket there
	// is connected to another one.
	if err := unix.Connect(fd, &unix.SockaddrUnix{Name: path}); err == unix.ECONNREFUSED {
		return removeStale(path)
	}
	return l.taken()
}

// peerLeft tells whether err says that the peer has closed its socket, or
// connected it elsewhere.
func peerLeft(err error) bool {
	return errors.Is(err, unix.ECONNREFUSED) || errors.Is(err, unix.ECONNRESET)
}

// Send implements plug.Conn. It connects to whoever is at the other end now.
func (d *datagram) Send(frames [][]byte) (sent int, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for attempt := 0; ; attempt++ {
		switch err := d.connect(); {
		case errors.Is(err, net.ErrClosed):
			return sent, err
		case err != nil:
			return sent, d.ln.fail("send", fmt.Errorf("%w: %w", plug.ErrNoCarrier, err))
		}
		n, err := d.Conn.Send(frames[sent:])
		sent += n
		lost := peerLeft(err) || errors.Is(err, unix.ENOTCONN) || errors.Is(err, unix.EDESTADDRREQ)
		if !lost {
			return sent, err
		}
		d.connected = false
		if attempt > 0 {
			return sent, d.ln.fail("send", fmt.Errorf("%w: %w", plug.ErrNoCarrier, err))
		}
	}
}

// connect connects the socket to the peer's, if it is not connected.
func (d *datagram) connect() (err error) {
	if d.connected {
		return nil
	}
	ctlErr := d.Control(func(fd uintptr) {
		err = unix.Connect(int(fd), &unix.SockaddrUnix{Name: d.out})
	})
	if ctlErr != nil {
		return ctlErr
	}
	d.connected = err == nil
	return err
}

// Close implements plug.Conn.
func (d *datagram) Close() error {
	err := d.Conn.Close()
	if err == nil {
		_ = os.Remove(d.in)
	}
	return err
}
