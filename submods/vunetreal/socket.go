// SPDX-License-Identifier: Apache-2.0

package vunetreal

import (
	"golang.org/x/sys/unix"

	"vuos.dev/engine"
)

// socket is a socket of the kernel's. The guest gets the descriptor and uses it
// without the engine; none of the methods below is called then.
type socket struct{ fd int }

var (
	_ engine.Socket     = (*socket)(nil)
	_ engine.HostSocket = (*socket)(nil)
)

// HostFD implements [engine.HostSocket]: the descriptor becomes the engine's.
func (s *socket) HostFD() int {
	fd := s.fd
	s.fd = -1
	return fd
}

// Release implements [engine.File].
func (s *socket) Release(engine.Call) {
	if s.fd >= 0 {
		_ = unix.Close(s.fd) // nothing can be done about it
		s.fd = -1
	}
}

// The rest of [engine.Socket] is the kernel's business.

func (*socket) Bind(engine.Call, []byte) error                 { return unix.EOPNOTSUPP }
func (*socket) Connect(engine.Call, []byte) error              { return unix.EOPNOTSUPP }
func (*socket) Listen(engine.Call, int) error                  { return unix.EOPNOTSUPP }
func (*socket) Sockname(engine.Call) ([]byte, error)           { return nil, unix.EOPNOTSUPP }
func (*socket) Peername(engine.Call) ([]byte, error)           { return nil, unix.EOPNOTSUPP }
func (*socket) Shutdown(engine.Call, int) error                { return unix.EOPNOTSUPP }
func (*socket) Ready() uint32                                  { return 0 }
func (*socket) Notify(func())                                  {}
func (*socket) Setsockopt(engine.Call, int, int, []byte) error { return unix.EOPNOTSUPP }

func (*socket) Accept(engine.Call) (engine.Socket, []byte, error) {
	return nil, nil, unix.EOPNOTSUPP
}

func (*socket) Getsockopt(engine.Call, int, int, int) ([]byte, error) {
	return nil, unix.EOPNOTSUPP
}

func (*socket) Send(engine.Call, *engine.Message, int) (int, error) { return 0, unix.EOPNOTSUPP }
func (*socket) Recv(engine.Call, *engine.Message, int) (int, error) { return 0, unix.EOPNOTSUPP }

func (*socket) Ioctl(engine.Call, engine.Memory, uint32, uint64) (int, error) {
	return 0, unix.EOPNOTSUPP
}
