// SPDX-License-Identifier: Apache-2.0

package syscalls

import (
	"os"
	"os/signal"
	"unsafe"

	"golang.org/x/sys/unix"
)

// sigaction is struct kernel_sigaction of x86-64.
type sigaction struct {
	_     uintptr // handler
	flags uint64
	_     uintptr // restorer
	mask  uint64
}

// saRestart is SA_RESTART: interrupted calls begin again.
const saRestart = 0x10000000

// handle installs a handler that does nothing for s. With restart, interrupted calls
// begin again; without, they fail with EINTR. The handler is the Go runtime's, which
// always asks for SA_RESTART: the flag is changed behind its back.
func handle(t *T, s unix.Signal, restart bool) {
	c := make(chan os.Signal, 1024)
	signal.Notify(c, s)
	var a sigaction
	t.Do(unix.SYS_RT_SIGACTION, int(s), nil, &a, unsafe.Sizeof(a.mask))
	if restart {
		a.flags |= saRestart
	} else {
		a.flags &^= saRestart
	}
	t.Do(unix.SYS_RT_SIGACTION, int(s), &a, nil, unsafe.Sizeof(a.mask))
}
