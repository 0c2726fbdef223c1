// SPDX-License-Identifier: Apache-2.0

package client

import (
	"bytes"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
	"vuos.dev/vufuse/proto"
)

var _ engine.NodeReadlinker = (*node)(nil)

// Readlink implements [engine.NodeReadlinker]. With FUSE_CACHE_SYMLINKS the target is asked for
// once.
func (n *node) Readlink(c engine.Call) (string, error) {
	if n.isBad() {
		return "", unix.EIO
	}
	if n.typ != unix.S_IFLNK {
		return "", unix.EINVAL
	}
	n.mu.Lock()
	target, linked := n.target, n.linked
	n.mu.Unlock()
	if linked {
		return target, nil
	}
	buf := make([]byte, proto.PageSize-1)
	r := &Request{Op: proto.Readlink, Node: n.id, Buf: buf}
	if err := n.fs.do(c, r); err != nil {
		return "", err
	}
	if r.N == 0 {
		return "", unix.EIO
	}
	b := buf[:r.N]
	if i := bytes.IndexByte(b, 0); i >= 0 {
		b = b[:i] // as the kernel reads it
	}
	n.accessed()
	target = string(b)
	if n.fs.has(proto.CacheSymlinks) {
		n.mu.Lock()
		n.target, n.linked = target, true
		n.mu.Unlock()
	}
	return target, nil
}
