// SPDX-License-Identifier: Apache-2.0

package vde

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"vuos.dev/libvdeplug/internal/dgram"
	"vuos.dev/libvdeplug/internal/vdewire"
	"vuos.dev/libvdeplug/plug"
)

// answerTimeout is how long a switch may take to answer a request. Older
// versions of vde_switch answer nothing if the port cannot be had.
const answerTimeout = 3 * time.Second

// link is one connection to a switch.
type link struct {
	*dgram.Conn
	ctl *net.UnixConn
}

// Close ends both halves; the switch frees the port.
func (l *link) Close() error {
	err := l.ctl.Close()
	return errors.Join(err, l.Conn.Close())
}

// dial joins the switch.
func (t *target) dial(ctx context.Context, tally *plug.Tally) (*link, error) {
	ctlPath := filepath.Join(t.dir, t.socket)
	if _, err := dgram.UnixAddr(ctlPath); err != nil {
		return nil, t.fail("", err)
	}
	var d net.Dialer
	conn, err := d.DialContext(ctx, "unix", ctlPath)
	if err != nil {
		return nil, t.explain(err)
	}
	ctl := conn.(*net.UnixConn)
	fd, err := t.handshake(ctx, ctl)
	if err != nil {
		ctl.Close()
		return nil, err
	}
	file := dgram.NewFile(fd, ctlPath)
	data, err := dgram.New(file, dgram.Config{Plugin: t.plugin, Addr: t.dir, Tally: tally})
	if err != nil {
		file.Close()
		ctl.Close()
		return nil, t.fail("", err)
	}
	return &link{Conn: data, ctl: ctl}, nil
}

// handshake makes the data socket and connects it to the switch's.
func (t *target) handshake(ctx context.Context, ctl *net.UnixConn) (fd int, err error) {
	fd, path, err := t.bind()
	if err != nil {
		return -1, t.fail("no place for a data socket", err)
	}
	// Once both sockets are connected to each other the name is of no use.
	defer os.Remove(path)
	peer, err := t.ask(ctx, ctl, path)
	if err == nil {
		err = connect(fd, peer)
	}
	if err != nil {
		unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

// ask sends the request and waits for the answer.
func (t *target) ask(ctx context.Context, ctl *net.UnixConn, path string) (peer string, err error) {
	req, err := vdewire.Request{Path: path, Port: t.port, Description: t.descr}.Marshal()
	if err != nil {
		return "", t.fail("", err)
	}
	stop := context.AfterFunc(ctx, func() { _ = ctl.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	if err := ctl.SetDeadline(time.Now().Add(answerTimeout)); err != nil {
		return "", t.fail("", err)
	}
	if _, err := ctl.Write(req); err != nil {
		return "", t.fail("request", err)
	}
	answer := make([]byte, vdewire.AddrLen)
	switch _, err := io.ReadFull(ctl, answer); {
	case ctx.Err() != nil:
		return "", t.fail("", ctx.Err())
	case err == io.EOF || errors.Is(err, unix.ECONNRESET):
		return "", t.fail("the switch refused "+t.portName(), nil)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return "", t.fail("the switch does not answer the request for "+t.portName(), nil)
	case err != nil:
		return "", t.fail("answer", err)
	}
	if peer, err = vdewire.ParseReply(answer); err != nil {
		return "", t.fail("answer", err)
	}
	return peer, ctl.SetDeadline(time.Time{})
}

func (t *target) portName() string {
	switch t.port {
	case vdewire.AnyPort:
		return "a port"
	case vdewire.Management:
		return "port 0"
	}
	return fmt.Sprintf("port %d", t.port)
}

// explain says in words why there was no connection to the control socket.
func (t *target) explain(err error) error {
	switch {
	case t.socket != "ctl" && errors.Is(err, fs.ErrNotExist):
		return t.fail(fmt.Sprintf("no port group %q", t.socket), err)
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, unix.ECONNREFUSED), errors.Is(err, unix.ENOTDIR):
		return t.fail("no switch there", err)
	}
	return t.fail("", err)
}

func (t *target) fail(what string, err error) error {
	return &plug.OpError{Plugin: t.plugin, Addr: t.dir, What: what, Err: err}
}
