// SPDX-License-Identifier: Apache-2.0

#include "textflag.h"

#define SYS_rt_sigaction 13
#define SYS_rt_sigprocmask 14
#define SYS_fcntl 72
#define SYS_prlimit64 302
#define SIG_IGN 1
#define F_GETFD 1
#define EBADF 9
#define RLIMIT_NOFILE 7

// func entry()
// The stack is as the kernel has made it, and left so; below it there is room for what a call returns.
TEXT ·entry(SB), NOSPLIT|NOFRAME|TOPFRAME, $0
	MOVQ $1, BX

handlers:
	MOVQ BX, DI
	XORL SI, SI
	LEAQ -64(SP), DX
	MOVQ $8, R10
	MOVQ $0, -64(SP)
	MOVQ $SYS_rt_sigaction, AX
	SYSCALL
	CMPQ -64(SP), $SIG_IGN
	JNE  next
	LEAQ -1(BX), AX
	MOVQ ·ignored(SB), DX
	BTSQ AX, DX
	MOVQ DX, ·ignored(SB)

next:
	INCQ BX
	CMPQ BX, $64
	JBE  handlers

	XORL DI, DI // SIG_BLOCK
	XORL SI, SI
	LEAQ ·blocked(SB), DX
	MOVQ $8, R10
	MOVQ $SYS_rt_sigprocmask, AX
	SYSCALL

	MOVQ $2, BX

descriptors:
	MOVQ BX, DI
	MOVQ $F_GETFD, SI
	MOVQ $SYS_fcntl, AX
	SYSCALL
	CMPQ AX, $-EBADF
	JNE  open
	BTSQ BX, ·closed(SB)

open:
	DECQ BX
	JGE  descriptors

	XORL DI, DI
	MOVQ $RLIMIT_NOFILE, SI
	XORL DX, DX
	LEAQ ·noFile(SB), R10
	MOVQ $SYS_prlimit64, AX
	SYSCALL

	MOVL $1, ·known(SB)
	JMP  _rt0_amd64_linux(SB)
