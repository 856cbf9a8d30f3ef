// SPDX-License-Identifier: GPL-2.0-only
/* Operations on processes. */

#include "ops.h"

static pid_t idle;

pid_t start_idle(void)
{
	pid_t pid = must_fork();

	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	idle = pid;
	return pid;
}

static void ask_own(void)
{
	syscall(SYS_getpid);
}

static void signal_other(void)
{
	if (kill(idle, 0))
		die("kill");
}

static void handle(int sig)
{
}

static void prepare_signal(void)
{
	signal(SIGUSR1, handle);
}

static void signal_self(void)
{
	kill(getpid(), SIGUSR1);
}

static void make_process(void)
{
	pid_t pid = fork();

	if (!pid)
		_exit(0);
	if (pid < 0 || waitpid(pid, NULL, 0) != pid)
		die("fork");
}

/* A program that does nothing but end, so that what is measured is the kernel's. */
static void run_program(void)
{
	char *const argv[] = { "nothing", NULL };
	pid_t pid = fork();
	int status;

	if (!pid) {
		execve("/tmp/nothing", argv, argv + 1);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
		die("/tmp/nothing");
}

static void read_status(void)
{
	char text[4096];
	int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);

	if (fd < 0 || read(fd, text, sizeof(text)) <= 0)
		die("/proc/self/status");
	close(fd);
}

const struct operation process_operations[] = {
	{ "getpid", ask_own, 100, 50 },
	{ "fork, exit, wait", make_process, 400, 1 },
	{ "fork, exec, exit, wait", run_program, 400, 1 },
	{ "kill: is it there", signal_other, 100, 50 },
	{ "kill: a signal that is handled", signal_self, 100, 20, prepare_signal },
	{ "open, read, close /proc/self/status", read_status, 200, 5 },
	{ }
};
