// SPDX-License-Identifier: GPL-2.0-only
/* Processes in the files of control groups.  Context 0 counts and moves everybody there. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guest.h"

/*
 * The target's group, and one below it to which single threads can be moved.  They are made in
 * context 0, before there is any case.
 */
#define GROUP	"/sys/fs/cgroup/vcontext-test"
#define THREADS	GROUP "/threads"

static int fill_group(struct pair *pair)
{
	return -write_text(GROUP "/cgroup.procs", ktap_text("%d", pair->target));
}

static int read_numbers(struct pair *pair, const char *file)
{
	FILE *list = fopen(file, "re");
	bool found = false;
	int number;

	if (!list)
		return errno;
	while (fscanf(list, "%d", &number) == 1)
		found = found || number == pair->target;
	fclose(list);
	return found ? 0 : ESRCH;
}

static int do_read(struct pair *pair)
{
	return read_numbers(pair, GROUP "/cgroup.procs");
}

static int do_read_threads(struct pair *pair)
{
	return read_numbers(pair, GROUP "/cgroup.threads");
}

static int do_write(struct pair *pair)
{
	return write_text(GROUP "/cgroup.procs", ktap_text("%d", pair->target));
}

static int do_write_thread(struct pair *pair)
{
	return write_text(THREADS "/cgroup.threads", ktap_text("%d", pair->thread));
}

/* All that are in a group, without a number.  What counts is what comes of it. */
static int do_kill(struct pair *pair)
{
	int error = write_text(GROUP "/cgroup.kill", "1");

	if (!pair_sync(pair))
		return 0;
	return error ? error : EPERM;
}

static int do_freeze(struct pair *pair)
{
	int error = write_text(GROUP "/cgroup.freeze", "1");
	int tries;

	for (tries = 0; tries < 20; tries++) {
		if (number_in(AT_FDCWD, GROUP "/cgroup.events", "frozen ") == 1) {
			write_text(GROUP "/cgroup.freeze", "0");
			return 0;
		}
		nap(5);
	}
	(void)pair;
	return error ? error : EPERM;
}

/* Root of context 0 moves everybody, also to other processors than they had. */

#define CPUSET	"/sys/fs/cgroup/vcontext-cpuset"

static void inside(void *unused)
{
	(void)unused;
	enter_new(0);
}

static void run_cpuset(const void *unused)
{
	struct sitter sitter = sitter_start(inside, NULL);
	int error;

	(void)unused;
	mkdir(CPUSET, 0755);
	error = write_text("/sys/fs/cgroup/cgroup.subtree_control", "+cpuset") ?:
		write_text(CPUSET "/cpuset.cpus", "0") ?:
		write_text(CPUSET "/cgroup.procs", ktap_text("%d", sitter.pid)) ?:
		write_text("/sys/fs/cgroup/cgroup.subtree_control", "-cpuset");
	sitter_end(&sitter);
	rmdir(CPUSET);
	ktap_expect(!error, "expected it to be moved, came %s", errno_name(error));
}

static const struct ktap_case cases[] = {
	{ "context 0 moves a process to another cpuset", run_cpuset,
	  .anywhere = "context 0 may do what it may without contexts" },
};

static const struct act acts[] = {
	{ "read of cgroup.procs", .prepare = fill_group, .run = do_read, .hidden = { ESRCH },
	  .flags = ROOT_ONLY | HOST_MAY },
	{ "read of cgroup.threads", .prepare = fill_group, .run = do_read_threads,
	  .hidden = { ESRCH }, .flags = ROOT_ONLY | HOST_MAY },
	{ "write to cgroup.procs", .run = do_write, .hidden = { ESRCH }, .watcher = ESRCH,
	  .secure = EPERM, .flags = ROOT_ONLY | HOST_MAY },
	{ "write to cgroup.threads", .prepare = fill_group, .run = do_write_thread,
	  .hidden = { ESRCH }, .watcher = ESRCH, .secure = EPERM,
	  .flags = ROOT_ONLY | HOST_MAY },
	/* no context but 0 may do anything to a whole group, not even to one of its own */
	{ "write to cgroup.kill", .prepare = fill_group, .run = do_kill, .hidden = { EPERM },
	  .watcher = EPERM, .together = EPERM, .flags = ROOT_ONLY | HOST_MAY },
	{ "write to cgroup.freeze", .prepare = fill_group, .run = do_freeze, .hidden = { EPERM },
	  .watcher = EPERM, .together = EPERM, .flags = ROOT_ONLY | HOST_MAY },
};

int main(int argc, char **argv)
{
	int status;

	mkdir(GROUP, 0755);
	mkdir(THREADS, 0755);
	write_text(THREADS "/cgroup.type", "threaded");
	pair_add_all(acts);
	ktap_add_all(cases);
	status = ktap_main(argc, argv);
	rmdir(THREADS);
	rmdir(GROUP);
	return status;
}
