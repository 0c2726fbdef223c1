// SPDX-License-Identifier: Apache-2.0

package engine

import "golang.org/x/sys/unix"

// SIFSTACK is the file type of a network stack's mount point.
const SIFSTACK = 0o160000

// Stack is a network stack. It is the root node of a file system mounted with a
// network type; Type returns [SIFSTACK].
type Stack interface {
	Node

	// Socket is socket(2). Errors: EAFNOSUPPORT for a family that the stack does
	// not have, EPROTONOSUPPORT, ESOCKTNOSUPPORT, EPERM for a raw socket without
	// CAP_NET_RAW over the stack (its owner has it).
	Socket(c Call, domain, typ, protocol int) (Socket, error)

	// Families lists the address families that the stack has.
	Families() []int
}

// StackFiles is a Stack with files of its own where the kernel shows those of a network namespace. They are seen by the
// processes whose default stack for AF_INET it is; without it they see the kernel's.
type StackFiles interface {
	ProcNet() FileSystem     // in the place of /proc/net
	SysClassNet() FileSystem // in the place of /sys/class/net
	ProcSysNet() FileSystem  // in the place of /proc/sys/net
}

// HostSocket is a socket of the kernel's that stands for itself (vunetreal): the
// guest gets the descriptor, and the engine is not involved any more.
type HostSocket interface {
	HostFD() int
}

// Socket is an open socket of a [Stack]. Addresses are sockaddr structures in the kernel's
// layout, at most 128 bytes.
//
// No method waits: what would wait returns EAGAIN (EINPROGRESS for Connect), and
// Notify tells when to try again. The engine does the waiting, with timeouts and
// signals.
type Socket interface {
	File

	Bind(c Call, addr []byte) error
	Connect(c Call, addr []byte) error
	Listen(c Call, backlog int) error
	Accept(c Call) (s Socket, peer []byte, err error)
	Sockname(c Call) ([]byte, error)
	Peername(c Call) ([]byte, error)
	Shutdown(c Call, how int) error

	// Getsockopt returns at most max bytes of the option's value.
	Getsockopt(c Call, level, name int, max int) ([]byte, error)
	Setsockopt(c Call, level, name int, value []byte) error

	// Send sends m.Data to m.Addr (nil: the connected peer) and returns how many bytes
	// were taken. flags are MSG_*.
	Send(c Call, m *Message, flags int) (int, error)
	// Recv fills m.Data (its length is the room there is), m.Addr, m.Control and m.Flags and
	// returns the count: that of the message with MSG_TRUNC in flags.
	Recv(c Call, m *Message, flags int) (int, error)

	// Ioctl is ioctl(2) on the socket: SIOC* and FIONREAD.
	Ioctl(c Call, m Memory, cmd uint32, arg uint64) (int, error)

	// Ready returns the poll(2) events that are true now.
	Ready() uint32
	// Notify has f called, at once and from any goroutine, whenever an event may have
	// become true. f must not call back into the socket. A second call replaces f.
	Notify(f func())
}

// SocketNumberer is a Socket that shows its inode number (/proc/net, sock_diag).
type SocketNumberer interface {
	// Number tells the number that fstat(2) and /proc/PID/fd show in the guests. It is called once, before the socket is
	// used.
	Number(ino uint64)
}

// SocketMapper is a Socket that guests can map into their memory (PACKET_RX_RING). What they do there makes no system
// call: the engine looks again at Ready now and then while it shows that the socket is readable.
type SocketMapper interface {
	// Mmap is mmap(2): it returns the descriptor of the file that is mapped instead, which stays the socket's.
	Mmap(c Call, off, length int64) (fd int, err error)
}

// SocketAsker is a Socket with options whose value in getsockopt(2) is a question (PACKET_HDRLEN).
type SocketAsker interface {
	// Ask answers it; asked is false for options that are none of these.
	Ask(c Call, level, name int, question []byte) (value []byte, asked bool, err error)
}

// Message is what sendmsg and recvmsg carry.
type Message struct {
	Data    []byte
	Addr    []byte
	Control []byte // in the kernel's cmsg layout
	Flags   int    // MSG_TRUNC, MSG_CTRUNC, ... of a received message
}

// StatSocket fills st as the kernel does for a socket inode.
func StatSocket(st *unix.Statx_t, ino uint64, uid, gid uint32) {
	*st = unix.Statx_t{
		Mask: unix.STATX_BASIC_STATS, Blksize: 4096, Nlink: 1, Uid: uid, Gid: gid,
		Mode: unix.S_IFSOCK | 0o777, Ino: ino, Dev_minor: 8,
	}
}
