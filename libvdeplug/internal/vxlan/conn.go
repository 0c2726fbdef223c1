// SPDX-License-Identifier: Apache-2.0

package vxlan

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"vuos.dev/libvdeplug/internal/mactable"
	"vuos.dev/libvdeplug/internal/mmsg"
	"vuos.dev/libvdeplug/plug"
)

// Conn is a plug in an overlay: frames to addresses that are known go to
// where these were last seen, all others to the multicast group.
type Conn struct {
	cfg    *Config
	header Header
	table  *mactable.Table[netip.AddrPort]
	tally  plug.Tally
	closed atomic.Bool

	// from maps the source of a datagram to where an answer goes; ok is false
	// for what we sent ourselves. Called with rmu held.
	from func(src netip.AddrPort) (dst netip.AddrPort, ok bool)
	// goodbye tells whether to send an empty packet to the group at the end,
	// by which the others forget us (vxvde).
	goodbye bool

	pollFile *os.File // becomes readable when any of fds is
	poll     syscall.RawConn
	files    []*os.File // of fds
	fds      []int      // valid while rmu or wmu is held and closed is not set
	out      syscall.RawConn

	rmu   sync.Mutex // protects what follows
	rb    *mmsg.Batch
	turn  int // index of the socket that is read first
	rop   op
	read  func(uintptr) bool
	wmu   sync.Mutex // protects what follows
	wb    *mmsg.Batch
	wop   op
	write func(uintptr) bool
}

// op is the call under way.
type op struct {
	bufs     [][]byte
	from, to int
	n        int
	err      error
}

// newConn makes a Conn of bound sockets, which it owns; the last one is sent
// from.
func newConn(cfg *Config, fds ...int) (*Conn, error) {
	c := &Conn{
		cfg: cfg, header: NewHeader(cfg.VNI), fds: fds,
		table: mactable.New[netip.AddrPort](cfg.HashSize, cfg.Expire, 0),
		rb:    mmsg.New(HeaderLen, true),
		wb:    mmsg.New(HeaderLen, true),
	}
	for i := range mmsg.Size {
		copy(c.wb.Head(i), c.header[:])
	}
	for _, fd := range fds {
		c.files = append(c.files, os.NewFile(uintptr(fd), "udp"))
	}
	last := c.files[len(c.files)-1]
	var err error
	c.pollFile = last
	if len(fds) > 1 {
		c.pollFile, err = pollset(fds...)
	}
	if err == nil {
		c.poll, err = c.pollFile.SyscallConn()
	}
	if err == nil {
		c.out, err = last.SyscallConn()
	}
	if err != nil {
		return nil, errors.Join(err, c.closeFiles())
	}
	c.read, c.write = c.readAny, c.writeOut
	return c, nil
}

// closeFiles closes all descriptors.
func (c *Conn) closeFiles() (err error) {
	for _, f := range append(c.files, c.pollFile) {
		if f == nil {
			continue
		}
		if e := f.Close(); e != nil && !errors.Is(e, os.ErrClosed) {
			err = e
		}
	}
	return err
}

// Close implements plug.Conn.
func (c *Conn) Close() error {
	if c.closed.Swap(true) {
		return net.ErrClosed
	}
	// Who waits is woken and leaves; then the descriptors are ours alone.
	past := time.Unix(1, 0)
	_ = c.pollFile.SetReadDeadline(past)
	last := c.files[len(c.files)-1]
	_ = last.SetWriteDeadline(past)
	c.rmu.Lock()
	defer c.rmu.Unlock()
	c.wmu.Lock()
	defer c.wmu.Unlock()
	if c.goodbye {
		c.wb.PutTo(0, nil, c.cfg.Group)
		_, _ = c.wb.Send(uintptr(c.fds[len(c.fds)-1]), 0, 1) // a courtesy; entries expire without it
	}
	return plug.IOError(c.cfg.Plugin, c.cfg.Name, "close", c.closeFiles())
}

func (c *Conn) fail(what string, err error) error {
	if err != nil && c.closed.Load() {
		return net.ErrClosed
	}
	return plug.IOError(c.cfg.Plugin, c.cfg.Name, what, err)
}

// MaxFrame implements plug.Conn.
func (c *Conn) MaxFrame() int { return plug.MaxFrame }

// SetReadDeadline implements plug.Conn.
func (c *Conn) SetReadDeadline(t time.Time) error {
	err := c.pollFile.SetReadDeadline(t)
	return c.rearm(err, c.pollFile.SetReadDeadline)
}

// SetWriteDeadline implements plug.Conn.
func (c *Conn) SetWriteDeadline(t time.Time) error {
	set := c.files[len(c.files)-1].SetWriteDeadline
	return c.rearm(set(t), set)
}

// rearm repeats the wake-up of a Close that has come in between.
func (c *Conn) rearm(err error, set func(time.Time) error) error {
	if c.closed.Load() {
		_ = set(time.Unix(1, 0))
		return net.ErrClosed
	}
	return c.fail("deadline", err)
}

// Stats implements plug.StatsReader.
func (c *Conn) Stats() plug.Stats { return c.tally.Stats() }

var (
	_ plug.Conn        = (*Conn)(nil)
	_ plug.StatsReader = (*Conn)(nil)
)
