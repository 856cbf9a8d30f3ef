// SPDX-License-Identifier: GPL-2.0-only
/* The flag sched: a whole context weighs as one process, whatever sessions and groups it makes. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "guest.h"

#define MANY	50
#define TOP	"/tmp/cgroup"

/* Who is busy tells how much of the processor it got; all begin and end at the same time. */
static struct shared {
	volatile unsigned int ready;
	volatile double end;	/* 0: not begun */
	double seconds[2 * MANY];
} *shared;

static double now(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static void be_busy(unsigned int slot)
{
	double start;

	__atomic_fetch_add(&shared->ready, 1, __ATOMIC_SEQ_CST);
	while (!shared->end)
		nap(10);
	start = now(CLOCK_PROCESS_CPUTIME_ID);
	while (now(CLOCK_MONOTONIC) < shared->end)
		;
	shared->seconds[slot] = now(CLOCK_PROCESS_CPUTIME_ID) - start;
}

/* A way in which processes of a context try to get more. */
struct way {
	const char *name;
	bool session, group, inside, cpu;
	bool alike;		/* sessions don't weigh as one anyway */
};

static const struct way ways[] = {
	{ "as they are", .alike = true },
	{ "each in a session of its own", .session = true },
	{ "each in a context inside", .inside = true, .alike = true },
	{ "with control groups for processors", .cpu = true },
	{ "with control groups, each in a session", .cpu = true, .session = true },
	{ "with control groups, each in one of its own", .cpu = true, .group = true },
};

static void join_group(unsigned int slot)
{
	mkdir(ktap_text(TOP "/test/%u", slot), 0777);
	ktap_need(!write_text(ktap_text(TOP "/test/%u/cgroup.procs", slot), "0"), "cgroup.procs");
}

/* @count busy processes in a context of their own, with the slots from @first on. */
static void start(const struct way *way, unsigned int first, unsigned int count)
{
	unsigned int i;

	if (fork_or_fail())
		return;
	setsid();
	if (!ktap_plain())
		enter_new(VCONTEXT_SCHED);
	for (i = first; i < first + count; i++) {
		if (fork_or_fail())
			continue;
		if (way->session)
			setsid();
		if (way->inside && !ktap_plain())
			enter_new(i & 1 ? VCONTEXT_SCHED : 0);
		if (way->group)
			join_group(i);
		be_busy(i);
		_exit(0);
	}
	pause();
}

static void use_groups(void)
{
	mkdir(TOP, 0777);
	ktap_need(!mount("cgroup2", TOP, "cgroup2", 0, NULL) || errno == EBUSY, "mount: %s",
		  errno_name(errno));
	mkdir(TOP "/test", 0777);
	ktap_need(!write_text(TOP "/test/cgroup.procs", "0"), "cgroup.procs");
	ktap_need(!write_text(TOP "/cgroup.subtree_control", "+cpu"), "+cpu of the root");
}

static void share_processor(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(0, &set);
	ktap_need(!sched_setaffinity(0, sizeof(set), &set), "sched_setaffinity");
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		      -1, 0);
}

static double sum(unsigned int first, unsigned int count)
{
	double all = 0;

	while (count--)
		all += shared->seconds[first++];
	return all;
}

static void run(unsigned int all)
{
	while (shared->ready < all)
		nap(50);
	shared->end = now(CLOCK_MONOTONIC) + ktap_seconds(8);
	nap(ktap_seconds(8) * 1000 + 3000);
}

static void run_way(const void *data)
{
	const struct way *way = data;
	double many, one;

	write_text("/proc/sys/kernel/sched_autogroup_enabled", way->alike ? "0" : "1");
	if (way->cpu)
		use_groups();
	share_processor();
	start(way, 0, MANY);
	start(&ways[0], MANY, 1);
	run(MANY + 1);
	many = sum(0, MANY);
	one = sum(MANY, 1);
	ktap_expect(one > 0.9 * many && many > 0.9 * one,
		    "%d got %.2f s, and 1 got %.2f s", MANY, many, one);
	ktap_note("%d got %.2f s, and 1 got %.2f s", MANY, many, one);
}

/* A context without the flag is many processes. */
static void run_without(const void *unused)
{
	double many, one;
	int i;

	(void)unused;
	use_groups();
	share_processor();
	for (i = 0; i < 10; i++) {
		if (fork_or_fail())
			continue;
		enter_new(0);
		be_busy(i);
		_exit(0);
	}
	start(&ways[0], 10, 10);
	run(20);
	many = sum(0, 10);
	one = sum(10, 10);
	ktap_expect(one < many / 5, "10 got %.2f s, 10 with the flag %.2f s", many, one);
}

/* A context is born with it. */
static void run_later(const void *unused)
{
	__u32 id;
	int handle = open_new(&id);

	(void)unused;
	expect_error(context_add_flags(handle, VCONTEXT_SCHED), EINVAL);
	handle = context_open(VCONTEXT_ID_ANY, VCONTEXT_OPEN_CREATE, VCONTEXT_SCHED, NULL);
	expect_error(context_add_flags(handle, VCONTEXT_SCHED), 0);
	close(handle);
}

/* Many come and go, in groups that come and go too. */
static void run_life(const void *unused)
{
	unsigned int i, n = 400 / ktap_seconds(1);

	(void)unused;
	use_groups();
	for (i = 0; i < n; i++) {
		pid_t pid = fork_or_fail();

		if (!pid) {
			join_group(i % 7);
			enter_new(VCONTEXT_SCHED);
			if (!fork_or_fail()) {
				join_group((i + 1) % 7);
				enter_new(VCONTEXT_SCHED);
				_exit(0);
			}
			join_group((i + 2) % 7);
			_exit(0);
		}
		wait_exit(pid, 0);
		rmdir(ktap_text(TOP "/test/%u", (i + 3) % 7));
	}
}

static const struct ktap_case cases[] = {
	{ "a context without the flag", run_without, .seconds = 60,
	  .anywhere = "there is no flag" },
	{ "not later", run_later },
	{ "life and end", run_life, .seconds = 60, .anywhere = "nothing has to end there" },
};

int main(int argc, char **argv)
{
	static struct ktap_case tests[ARRAY_SIZE(ways)];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ways); i++) {
		tests[i] = (struct ktap_case){ ktap_text("%d and 1, %s", MANY, ways[i].name), run_way,
					       &ways[i], .seconds = 60 };
		ktap_add(&tests[i]);
	}
	ktap_add_all(cases);
	return ktap_main(argc, argv);
}
