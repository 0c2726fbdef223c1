// SPDX-License-Identifier: Apache-2.0

//go:build cgo

// Package constructor looks what the process was started with before Go's runtime does anything: the C library
// calls it before main.
package constructor

/*
#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct {
	unsigned long ignored, blocked, closed;
	struct rlimit no_file;
} found;

// The calls are the kernel's own: the library's hide two signals.
__attribute__((constructor)) static void look(void)
{
	for (int sig = 1; sig <= 64; sig++) {
		unsigned long action[4] = {0};
		syscall(SYS_rt_sigaction, sig, 0, action, 8L);
		if (action[0] == 1)
			found.ignored |= 1UL << (sig - 1);
	}
	syscall(SYS_rt_sigprocmask, 0, 0, &found.blocked, 8L);
	for (int fd = 0; fd < 3; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
			found.closed |= 1UL << fd;
	getrlimit(RLIMIT_NOFILE, &found.no_file);
}

static unsigned long ignored(void) { return found.ignored; }
static unsigned long blocked(void) { return found.blocked; }
static unsigned long closed(void) { return found.closed; }
static struct rlimit no_file(void) { return found.no_file; }
*/
import "C"

// Found is what it has seen: ignored and blocked signals, the standard descriptors that were closed, all as sets of
// bits, and RLIMIT_NOFILE.
func Found() (ignored, blocked, closed, soft, hard uint64) {
	limit := C.no_file()
	return uint64(C.ignored()), uint64(C.blocked()), uint64(C.closed()), uint64(limit.rlim_cur), uint64(limit.rlim_max)
}
