// SPDX-License-Identifier: GPL-2.0-only
/*
 * What it costs to make a context, a namespace or a scope of Landlock and to have it end with its
 * only process, and what memory it takes.
 *
 * Entering it is measured in the process that does it, by a clock that counts instructions.  Of a
 * whole life the kernel does much later, in its own threads; so a process that runs when nobody
 * else does counts the instructions that are nobody's, and what remains of the time is work.
 */

#include "ops.h"

#include <sched.h>
#include <sys/mman.h>

#define ROUNDS		6
#define CALLS		60

/* What processes tell each other. */
static struct shared {
	_Atomic uint64_t turns;		/* of two instructions each, by who runs when nobody does */
	_Atomic uint64_t inside;	/* of the calls alone, in the child */
	_Atomic unsigned int alive;
} *shared;

static int device = -1;

struct kind {
	const char *name;
	int (*make)(int flags);		/* returns 0, or -1 if there is no such thing */
	int flags;
	unsigned int lives;		/* for one sample */
	unsigned int held;		/* how many are held at the same time to see their memory */
	long settle;			/* until all of it has ended, in microseconds */
	struct samples whole, inside;
	double memory[3];
};

static int nothing(int flags)
{
	return 0;
}

static int context_at_once(int flags)
{
	return context_new(device, 0, NULL);
}

static int context_by_handle(int flags)
{
	int handle = context_create(device);

	return handle < 0 ? handle : context_enter(handle);
}

/* Signals and abstract names do not reach out of it: the smallest that there is. */
static int landlock(int flags)
{
	struct {
		uint64_t access_fs, access_net, scoped;
	} attr = { .scoped = 3 };
	int fd = syscall(444 /* landlock_create_ruleset */, &attr, sizeof(attr), 0);

	if (fd < 0 || syscall(446 /* landlock_restrict_self */, fd, 0))
		return -1;
	return close(fd);
}

#define FIVE	(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWPID)
#define SOON	60000
#define LATE	400000

static struct kind context_kinds[] = {
	{ "(a process)", nothing, 0, 60, 2000, SOON },
	{ "a context", context_at_once, 0, 60, 2000, SOON },
	{ "a context by a handle", context_by_handle, 0, 60, 2000, SOON },
	{ }
};

static struct kind namespace_kinds[] = {
	{ "(a process)", nothing, 0, 60, 2000, SOON },
	{ "Landlock scope", landlock, 0, 60, 2000, SOON },
	{ "mount namespace", unshare, CLONE_NEWNS, 20, 200, SOON },
	{ "UTS namespace", unshare, CLONE_NEWUTS, 20, 2000, SOON },
	{ "IPC namespace", unshare, CLONE_NEWIPC, 20, 200, SOON },
	{ "PID namespace", unshare, CLONE_NEWPID, 20, 200, SOON },
	{ "network namespace", unshare, CLONE_NEWNET, 10, 100, LATE },
	{ "user namespace", unshare, CLONE_NEWUSER, 20, 200, SOON },
	{ "control group namespace", unshare, CLONE_NEWCGROUP, 20, 2000, SOON },
	{ "time namespace", unshare, CLONE_NEWTIME, 20, 200, SOON },
	{ "five, all but network", unshare, FIVE, 20, 200, SOON },
	{ "all six", unshare, FIVE | CLONE_NEWNET, 10, 100, LATE },
	{ }
};

/* Instructions */

/* Runs when nobody else does: the lowest of all, and what it does is known exactly. */
static pid_t start_filler(void)
{
	struct sched_param none = { 0 };
	pid_t pid = must_fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (sched_setscheduler(0, SCHED_IDLE, &none))
		die("SCHED_IDLE");
	for (;;)
		asm volatile("1: incq %0\n\tjmp 1b" : "+m" (shared->turns));
}

/* Of everybody else. */
static uint64_t work(void)
{
	return instructions() - 2 * shared->turns;
}

static void live(const struct kind *kind)
{
	pid_t pid = fork();

	if (!pid) {
		uint64_t begin = instructions();
		int err = kind->make(kind->flags);

		shared->inside = instructions() - begin;
		_exit(err ? 1 : 0);
	}
	if (pid < 0 || must_wait(pid))
		die("%s", kind->name);
}

static void sample_whole(struct kind *kind)
{
	uint64_t begin;
	unsigned int i;

	nap(SOON);
	begin = work();
	for (i = 0; i < kind->lives; i++)
		live(kind);
	nap(kind->settle);
	add_sample(&kind->whole, work() - begin);
}

/* In turns, so that what changes in the course of time changes for all. */
static void measure_instructions(struct kind *kinds)
{
	struct kind *kind;
	unsigned int i;
	pid_t filler;

	for (i = 0; i < CALLS; i++)
		for (kind = kinds; kind->name; kind++) {
			live(kind);
			add_sample(&kind->inside, shared->inside);
		}
	filler = start_filler();
	nap(LATE);
	for (i = 0; i < ROUNDS; i++)
		for (kind = kinds; kind->name; kind++)
			sample_whole(kind);
	kill(filler, SIGKILL);
	must_wait(filler);
}

/* Memory */

static const char *const lines[] = { "Slab:", "Percpu:", "PageTables:" };

static void read_memory(double *bytes)
{
	FILE *f = fopen("/proc/meminfo", "re");
	char line[128];
	size_t i;

	if (!f)
		die("/proc/meminfo");
	while (fgets(line, sizeof(line), f))
		for (i = 0; i < ARRAY_SIZE(lines); i++)
			if (!strncmp(line, lines[i], strlen(lines[i])))
				bytes[i] = 1024 * strtod(line + strlen(lines[i]), NULL);
	fclose(f);
}

/* A process in one of @kind, until the other end of @hold is closed. */
static void inhabit(const struct kind *kind, const int *hold)
{
	char c;

	close(hold[1]);
	if (kind->make(kind->flags))
		_exit(1);
	shared->alive++;
	(void)!read(hold[0], &c, 1);
	_exit(0);
}

/* What so many take more than there was before. */
static void hold(struct kind *kind)
{
	double before[ARRAY_SIZE(lines)], now[ARRAY_SIZE(lines)];
	unsigned int i;
	int pipes[2];

	nap(kind->settle);
	read_memory(before);
	if (pipe2(pipes, O_CLOEXEC))
		die("pipe");
	shared->alive = 0;
	for (i = 0; i < kind->held; i++)
		if (!must_fork())
			inhabit(kind, pipes);
	while (shared->alive < kind->held)
		nap(1000);
	nap(SOON);
	read_memory(now);
	for (i = 0; i < ARRAY_SIZE(lines); i++)
		kind->memory[i] = (now[i] - before[i]) / kind->held;
	close(pipes[1]);
	close(pipes[0]);
	while (wait(NULL) > 0)
		;
}

static void print_kind(struct kind *kind, struct kind *bare)
{
	double whole = cost_of(&kind->whole, kind->lives, 0).quartile;
	double inside = cost_of(&kind->inside, 1, clock_cost()).quartile;
	size_t i;

	printf("%s\t%.0f\t%.0f", kind->name, inside,
	       whole - cost_of(&bare->whole, bare->lives, 0).quartile);
	for (i = 0; i < ARRAY_SIZE(lines); i++)
		printf("\t%.0f", kind->memory[i] - bare->memory[i]);
	printf("\n");
}

/* A line for each: name, instructions to enter, of a whole life; bytes.  Beyond a bare process. */
void measure_lives(const char *of)
{
	bool contexts = !strcmp(of, "contexts");
	struct kind *kinds = contexts ? context_kinds : namespace_kinds, *kind;

	device = contexts ? open_device() : -1;
	if (contexts && device < 0)
		die(VCONTEXT_DEVICE);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		      -1, 0);
	if (shared == MAP_FAILED)
		die("memory");
	measure_instructions(kinds);
	for (kind = kinds; kind->name; kind++) {
		/* the first time for what stays: slabs that are filled again */
		hold(kind);
		hold(kind);
	}
	for (kind = kinds + 1; kind->name; kind++)
		print_kind(kind, kinds);
}
