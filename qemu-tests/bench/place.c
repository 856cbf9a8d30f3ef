// SPDX-License-Identifier: GPL-2.0-only
/* Places where operations are measured: contexts, and a container that is made of namespaces. */

#include "ops.h"
#include "tie.h"

#include <sched.h>
#include <sys/mount.h>

/* Gives lo of the caller's network the address, which stays if it is there. */
void set_address(void)
{
	if (system("ip link set lo up; ip addr replace " ADDRESS "/24 dev lo"))
		die("ip");
}

/*
 * Processes get numbers as where many have been before: the tree in which a number is looked up is
 * as deep then whether few are alive or many.  Of the caller's PID namespace.
 */
void set_number(void)
{
	if (!write_text("/proc/sys/kernel/ns_last_pid", "10000"))
		die("ns_last_pid");
}

/* Into a new context, tied to @addresses if there are any. */
static void enter_context(const char *addresses, uint32_t flags)
{
	int device = open_device();

	if (device < 0 || context_new(device, 0, NULL))
		die("VCONTEXT_NEW");
	if (addresses && tie_to(device, addresses, flags))
		die("VCONTEXT_BIND");
	close(device);
}

static void host(void)
{
}

/* Somebody else is in a context. */
static void used(void)
{
	int ends[2];
	char byte;

	if (pipe(ends))
		die("pipe");
	if (must_fork()) {
		if (read(ends[0], &byte, 1) != 1)
			die("a process in a context");
		close(ends[0]);
		close(ends[1]);
		return;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	enter_context(NULL, 0);
	if (write(ends[1], "", 1) != 1)
		_exit(1);
	for (;;)
		pause();
}

static void context(void)
{
	enter_context(NULL, 0);
}

static void tied(void)
{
	enter_context(ADDRESS "/24", 0);
}

static void set(void)
{
	enter_context(ADDRESS "/24 10.79.0.2/24 fd79::1/64", VCONTEXT_BIND_LOOPBACK);
}

/*
 * All six that containers are made of, as one does it who is to be root in there only; process 1
 * waits for the process that measures.
 */
static void namespaces(void)
{
	pid_t pid;

	if (unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWPID |
		    CLONE_NEWNET))
		die("unshare");
	if (!write_text("/proc/self/setgroups", "deny") ||
	    !write_text("/proc/self/uid_map", "0 0 1") ||
	    !write_text("/proc/self/gid_map", "0 0 1"))
		die("user namespace");
	pid = must_fork();
	if (pid)
		_exit(must_wait(pid));
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("proc", "/proc", "proc", 0, NULL))
		die("/proc of a namespace");
	set_address();
	set_number();
	pid = must_fork();
	if (pid)
		_exit(must_wait(pid));
}

static const struct place {
	const char *name;
	void (*enter)(void);
} places[] = {
	{ "host", host },
	{ "used", used },
	{ "context", context },
	{ "tied", tied },
	{ "set", set },
	{ "namespaces", namespaces },
};

static const struct place *find(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(places); i++)
		if (!strcmp(name, places[i].name))
			return &places[i];
	return NULL;
}

bool is_place(const char *place)
{
	return find(place);
}

void go_to(const char *place)
{
	find(place)->enter();
}
