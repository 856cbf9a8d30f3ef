// SPDX-License-Identifier: GPL-2.0-only
/* Processes 1 of PID namespaces, in contexts with the flag fakeinit. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "init.h"

int init_line;

int context_pid_ns(int handle)
{
	int fd = ioctl(handle, VCONTEXT_PID_NS);

	return fd < 0 ? -errno : fd;
}

int context_kill(int handle, int signal)
{
	return ioctl(handle, VCONTEXT_KILL, (long)signal) < 0 ? -errno : 0;
}

int fakeinit_open(void)
{
	int handle;

	if (ktap_plain())
		return -1;
	handle = context_open(VCONTEXT_ID_ANY, VCONTEXT_OPEN_CREATE, VCONTEXT_FAKEINIT, NULL);
	ktap_need(handle >= 0, "expected a handle, came %s", errno_name(-handle));
	return handle;
}

static void go_inside(int handle)
{
	if (handle >= 0)
		expect_error(context_enter(handle), 0);
}

static void mount_proc(void)
{
	ktap_need(!mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) &&
		  !mount("proc", "/proc", "proc", 0, NULL), "mount: %s", errno_name(errno));
}

struct init init_start(int handle, void (*function)(void *), void *data)
{
	struct init init = { .handle = handle };
	int line[2];
	char byte;

	ktap_need(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, line), "socketpair: %s",
		  errno_name(errno));
	init.pid = syscall(SYS_clone, CLONE_NEWPID | CLONE_NEWNS | SIGCHLD, 0, 0, 0, 0);
	ktap_need(init.pid >= 0, "expected a PID namespace, came %s", errno_name(errno));
	if (!init.pid) {
		close(line[0]);
		init_line = line[1];
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		/* from outside it can be found in /proc until it enters */
		ktap_need(read(line[1], &byte, 1) == 1, "expected to go on, came the end");
		mount_proc();
		go_inside(handle);
		function(data);
		_exit(0);
	}
	close(line[1]);
	init.line = line[0];
	init.ns = open(ktap_text("/proc/%d/ns/pid", init.pid), O_RDONLY | O_CLOEXEC);
	ktap_need(init.ns >= 0 && write(init.line, "", 1) == 1, "expected its namespace, came %s",
		  errno_name(errno));
	return init;
}

void as_init(void (*function)(void *), void *data)
{
	struct init init = init_start(fakeinit_open(), function, data);

	wait_exit(init.pid, 0);
}

static void sit(void *unused)
{
	char byte;

	(void)unused;
	signal(SIGCHLD, SIG_IGN);
	ktap_need(write(init_line, "", 1) == 1, "write: %s", errno_name(errno));
	while (read(init_line, &byte, 1) < 0 && errno == EINTR)
		;
}

struct init init_sit(int handle)
{
	struct init init = init_start(handle, sit, NULL);
	char byte;

	ktap_need(read(init.line, &byte, 1) == 1, "expected process 1 to be ready, came its end");
	return init;
}

void init_end(struct init *init)
{
	/* its end of the line may be in the hands of others too, who were forked since */
	ktap_need(write(init->line, "", 1) == 1, "write: %s", errno_name(errno));
	close(init->line);
	wait_exit(init->pid, 0);
}

pid_t fork_into(int ns)
{
	int own = open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC);
	pid_t pid;

	ktap_need(!setns(ns, CLONE_NEWPID), "setns: %s", errno_name(errno));
	pid = fork_or_fail();
	if (pid)
		ktap_need(!setns(own, CLONE_NEWPID), "setns: %s", errno_name(errno));
	close(own);
	return pid;
}

pid_t start_inside(int ns, int handle, void (*function)(void *), void *data)
{
	pid_t pid = fork_into(ns);

	if (!pid) {
		ktap_need(!unshare(CLONE_NEWNS), "unshare: %s", errno_name(errno));
		mount_proc();
		go_inside(handle);
		function(data);
		_exit(0);
	}
	return pid;
}
