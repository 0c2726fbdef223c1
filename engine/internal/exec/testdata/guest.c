// SPDX-License-Identifier: Apache-2.0
// A guest that executes argv[2] in the way that argv[1] names.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;
static char **args;
static volatile int handled;

static void fail(const char *what) { perror(what); _exit(97); }

static void *from_thread(void *unused) {
	execve(args[0], args, environ);
	fail("execve");
	return unused;
}

static int finish(pid_t pid) {
	int status;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			fail("waitpid");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void on_signal(int sig) { handled += sig != 0; }

// A call that is trapped may be interrupted before anybody has received it.
static void exec_retry(void) {
	do
		execve(args[0], args, environ);
	while (errno == EINTR);
	fail("execve");
}

static void start_timer(void) {
	struct sigaction sa = {.sa_handler = on_signal};
	struct itimerval it = {{0, 300}, {0, 300}};
	sigaction(SIGALRM, &sa, 0);
	setitimer(ITIMER_REAL, &it, 0);
}

static int small_stack(void *unused) { from_thread(unused); return 0; }

int main(int argc, char **argv) {
	const char *how = argv[1];
	pid_t pid;
	if (argc < 3)
		return 96;
	args = argv + 2;
	if (!strcmp(how, "thread")) {
		pthread_t t;
		pthread_create(&t, 0, from_thread, 0);
		for (;;)
			pause();
	} else if (!strcmp(how, "vfork")) {
		if ((pid = vfork()) == 0)
			from_thread(0);
		return finish(pid);
	} else if (!strcmp(how, "spawn")) {
		if ((errno = posix_spawn(&pid, args[0], 0, 0, args, environ)))
			fail("posix_spawn");
		return finish(pid);
	} else if (!strcmp(how, "smallstack")) { // nothing below the child's stack
		char *s = mmap(0, 3 * 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		mprotect(s + 4096, 4096, PROT_READ | PROT_WRITE);
		pid = clone(small_stack, s + 8192, CLONE_VM | CLONE_VFORK | SIGCHLD, 0);
		return finish(pid);
	} else if (!strcmp(how, "noargs")) {
		syscall(SYS_execve, args[0], 0, environ);
		fail("execve");
	} else if (!strcmp(how, "at")) {
		int fd = open("/", O_RDONLY | O_DIRECTORY);
		syscall(SYS_execveat, fd, args[0], args, environ, 0);
		fail("execveat");
	} else if (!strcmp(how, "timer")) {
		for (int i = 0; i < 40; i++) {
			if ((pid = fork()) == 0) {
				if (i)
					dup2(open("/dev/null", O_WRONLY), 1);
				start_timer();
				exec_retry();
			}
			int rc = finish(pid); // the timer may hit before the new program is ready
			if (rc && rc != 128 + SIGALRM)
				return rc;
		}
		return 0;
	} else if (!strcmp(how, "kill")) {
		for (int i = 0; i < 60; i++) {
			if ((pid = fork()) == 0) {
				dup2(open("/dev/null", O_WRONLY), 1);
				from_thread(0);
			}
			for (volatile int k = 0; k < i * 20000; k++)
				;
			kill(pid, SIGKILL);
			int rc = finish(pid);
			if (rc && rc != 128 + SIGKILL)
				return rc;
		}
		printf("killed\n");
		return 0;
	} else if (!strcmp(how, "fails")) {
		// The call must fail like any other, with the stack and the strings in order.
		char copy[256];
		strcpy(copy, args[0]);
		long rc = execve(args[0], args, environ);
		printf("%ld %s %d\n", rc, strerror(errno), strcmp(copy, args[0]));
		return 0;
	} else if (!strcmp(how, "many")) {
		int n = 20000;
		char **v = calloc(n + 1, sizeof *v);
		v[0] = args[0];
		for (int i = 1; i < n; i++)
			v[i] = "x";
		execve(args[0], v, environ);
		fail("execve");
	}
	return 95;
}
