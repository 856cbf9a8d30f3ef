// SPDX-License-Identifier: GPL-2.0-only
/* Operations that walk over processes, among many of others. */

#include "ops.h"

#include <ctype.h>
#include <dirent.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/resource.h>

#define SYSTEM	100	/* processes besides the foreign ones, most of them the kernel's threads */
#define MOST	(10000 + SYSTEM)
#define STACK	8192

static _Atomic unsigned int *alive;
static int hold[2];

/* One of many that do nothing but be there, until the parent is gone. */
static int inhabit(void *unused)
{
	char c;

	++*alive;
	(void)!read(hold[0], &c, 1);
	_exit(0);
}

static char *prepare(void)
{
	char *stacks = mmap(NULL, (size_t)MOST * STACK, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	alive = mmap(NULL, sizeof(*alive), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		     -1, 0);
	if (stacks == MAP_FAILED || alive == MAP_FAILED || pipe2(hold, O_CLOEXEC))
		die("memory");
	if (!write_text("/proc/sys/kernel/threads-max", "100000"))
		die("threads-max");
	return stacks;
}

static unsigned int count_processes(void)
{
	DIR *proc = opendir("/proc");
	unsigned int count = 0;
	struct dirent *entry;

	if (!proc)
		die("/proc");
	while ((entry = readdir(proc)))
		count += isdigit((unsigned char)entry->d_name[0]) != 0;
	closedir(proc);
	return count;
}

/*
 * So that there are @upto, besides as many others in every kernel: how many threads one has depends
 * on what it has done so far.  They share the parent's memory, which saves half of what a process
 * takes, and its descriptors, so that the pipe is closed for all at once.
 */
void crowd_grow(unsigned int upto)
{
	static unsigned int started;
	unsigned int others, until;
	static char *stacks;

	if (!stacks)
		stacks = prepare();
	others = count_processes() - started;
	if (others > SYSTEM)
		die("%u processes of the system", others);
	for (until = upto + SYSTEM - others; started < until; started++)
		if (clone(inhabit, stacks + (size_t)(started + 1) * STACK,
			  CLONE_VM | CLONE_FILES | SIGCHLD, NULL) < 0)
			die("process %u", started);
	while (*alive < started)
		nap(1000);
}

static void list_proc(void)
{
	walk_proc();
}

/* Looks at whom it would reach, and asks for leave. */
static void kill_all(void)
{
	kill(-1, 0);
}

static void set_priority(void)
{
	setpriority(PRIO_USER, 0, 0);
}

static void ask_priority(void)
{
	getpriority(PRIO_USER, 0);
}

static const struct operation walks[] = {
	{ "list /proc", list_proc, 40, 1 },
	{ "kill(-1)", kill_all, 60, 1 },
	{ "setpriority(PRIO_USER)", set_priority, 60, 1 },
	{ "getpriority(PRIO_USER)", ask_priority, 60, 1 },
};

void crowd_measure(unsigned int foreign)
{
	char name[64];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(walks); i++) {
		snprintf(name, sizeof(name), "%s, %u foreign processes", walks[i].name, foreign);
		print_row(name, measure_operation(&walks[i]).quartile);
	}
}
