// SPDX-License-Identifier: GPL-2.0-only
/*
 * What common operations cost where this program is told to go first: host (nowhere), context (into
 * a new context), namespace (into a new PID namespace with its own /proc).  A line for each
 * operation: its name, a tab, instructions.
 */
#include "cost.h"

#include <sched.h>
#include <sys/mount.h>

static void ask_parent(void)
{
	syscall(SYS_getppid);
}

static void signal_self(void)
{
	kill(getpid(), 0);
}

static void read_status(void)
{
	char text[4096];
	int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);

	if (fd < 0 || read(fd, text, sizeof(text)) <= 0)
		die("/proc/self/status");
	close(fd);
}

static void list_proc(void)
{
	walk_proc();
}

static void make_process(void)
{
	pid_t pid = fork();

	if (!pid)
		_exit(0);
	if (pid < 0 || waitpid(pid, NULL, 0) != pid)
		die("fork");
}

static const struct {
	const char *name;
	void (*run)(void);
	unsigned int count, batch;
} operations[] = {
	{ "getppid()", ask_parent, 100, 50 },
	{ "kill(self, 0)", signal_self, 100, 50 },
	{ "open, read, close /proc/self/status", read_status, 100, 5 },
	{ "list /proc", list_proc, 60, 1 },
	{ "fork, exit, wait", make_process, 200, 1 },
};

static void enter_context(void)
{
	int device = open_device();

	if (device < 0 || context_new(device, 0, NULL))
		die("VCONTEXT_NEW");
	close(device);
}

/* Process 1 of a namespace measures; its parent waits. */
static void enter_namespace(void)
{
	pid_t pid;

	if (unshare(CLONE_NEWPID | CLONE_NEWNS))
		die("unshare");
	pid = must_fork();
	if (pid)
		_exit(must_wait(pid));
	if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("proc", "/proc", "proc", 0, NULL))
		die("/proc of a namespace");
}

int main(int argc, char **argv)
{
	size_t i;

	if (argc != 2) {
		fprintf(stderr, "usage: ops host|context|namespace\n");
		return 2;
	}
	if (!strcmp(argv[1], "context"))
		enter_context();
	else if (!strcmp(argv[1], "namespace"))
		enter_namespace();
	for (i = 0; i < ARRAY_SIZE(operations); i++)
		printf("%s\t%.0f\n", operations[i].name,
		       measure(operations[i].run, operations[i].count, operations[i].batch).quartile);
	return 0;
}
