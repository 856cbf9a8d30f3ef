// SPDX-License-Identifier: GPL-2.0-only
/*
 * What contexts cost, in instructions (vm --icount) and bytes.
 *
 * Making one: at most 3,000 instructions over a bare fork, which is what VCONTEXT_NEW adds to one
 * if the device is open.  To open it, and the way by a handle (OPEN, ENTER), which makes a file as
 * well, are told, not judged.  Having one: at most 512 bytes.  In one, to list /proc, kill(-1),
 * setpriority(PRIO_USER) and getpriority(PRIO_USER) cost the same whether 10 or 10,000 are alive.
 */
#include "cost.h"

#include <sched.h>
#include <sys/mman.h>
#include <sys/resource.h>

#define FEW		10
#define INSTRUCTIONS	3000
#define BYTES		512
#define GROWTH		1.002
#define STACK		8192

static int device;
static int handle = -1;
static unsigned int many = 10000;

/* What processes tell each other. */
static struct shared {
	_Atomic uint64_t inside;	/* of the call alone, in the child */
	_Atomic unsigned int alive;
	_Atomic unsigned int failed;
	struct cost list, kill, set, get;
	unsigned int numbers;
} *shared;

/* Making a context */

/* What the others do besides: the clock, and a page that the child writes to. */
static void bare(void)
{
	uint64_t begin = instructions();

	shared->inside = instructions() - begin;
}

static void by_new(void)
{
	struct vcontext_new arg = { .size = sizeof(arg) };
	uint64_t begin = instructions();
	int err = ioctl(device, VCONTEXT_NEW, &arg);

	shared->inside = instructions() - begin;
	if (err)
		shared->failed++;
}

static void by_name(void)
{
	struct vcontext_new arg = { .size = sizeof(arg) };
	uint64_t begin = instructions();
	int fd = open_device();

	if (fd < 0 || ioctl(fd, VCONTEXT_NEW, &arg) || close(fd))
		shared->failed++;
	shared->inside = instructions() - begin;
}

static void by_handle(void)
{
	uint64_t begin = instructions();
	int fd = context_create(device);

	if (fd < 0 || context_enter(fd))
		shared->failed++;
	shared->inside = instructions() - begin;
}

static void only_enter(void)
{
	uint64_t begin = instructions();

	if (context_enter(handle))
		shared->failed++;
	shared->inside = instructions() - begin;
}

struct making {
	const char *name;
	void (*run)(void);
	struct samples whole, inside;
};

static struct making makings[] = {
	{ .name = "fork, exit, wait", .run = bare },
	{ .name = "  VCONTEXT_NEW", .run = by_new },
	{ .name = "  open the device, VCONTEXT_NEW, close", .run = by_name },
	{ .name = "  VCONTEXT_OPEN, VCONTEXT_ENTER", .run = by_handle },
	{ .name = "  VCONTEXT_ENTER of one that exists", .run = only_enter },
};

static void sample(struct making *making)
{
	uint64_t begin = instructions();
	pid_t pid = fork();

	if (!pid) {
		making->run();
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, NULL, 0) != pid)
		die("fork");
	add_sample(&making->whole, instructions() - begin);
	add_sample(&making->inside, shared->inside);
}

/* In turns, so that what changes in the course of time changes for all. */
static void measure_makings(unsigned int rounds)
{
	size_t i;

	handle = context_create(device);
	if (handle < 0)
		die("VCONTEXT_OPEN");
	for (i = 0; i < ARRAY_SIZE(makings); i++)
		makings[i].whole.count = makings[i].inside.count = 0;
	while (rounds--)
		for (i = 0; i < ARRAY_SIZE(makings); i++)
			sample(&makings[i]);
	close(handle);
}

/* Prints the table and returns what VCONTEXT_NEW adds to a bare fork. */
static struct cost print_makings(void)
{
	double clock = clock_cost();
	struct cost base = { 0 }, added = { 0 };
	size_t i;

	puts("# Instructions, lower quartiles.  The device is open already, but where it says otherwise.");
	printf("# %-40s %9s %9s %9s %9s\n", "", "quartile", "over bare", "mean", "the calls");
	for (i = 0; i < ARRAY_SIZE(makings); i++) {
		struct cost whole = cost_of(&makings[i].whole, 1, clock);
		struct cost inside = cost_of(&makings[i].inside, 1, clock);

		if (!i)
			base = whole;
		if (i == 1) {
			added.quartile = whole.quartile - base.quartile;
			added.mean = whole.mean - base.mean;
		}
		printf("# %-40s %9.0f %9.0f %9.0f", makings[i].name, whole.quartile,
		       whole.quartile - base.quartile, whole.mean);
		if (i)
			printf(" %9.0f", inside.quartile);
		printf("\n");
	}
	return added;
}

/* Living in one */

static void list_proc(void)
{
	shared->numbers = walk_proc();
}

static void kill_all(void)
{
	kill(-1, 0);
}

static void set_priority(void)
{
	setpriority(PRIO_USER, 0, 0);
}

static void get_priority(void)
{
	getpriority(PRIO_USER, 0);
}

static void measure_view(void)
{
	shared->list = measure(list_proc, 60, 1);
	shared->kill = measure(kill_all, 40, 1);
	shared->set = measure(set_priority, 40, 1);
	shared->get = measure(get_priority, 40, 1);
}

struct resident {
	int order, done;	/* the ends of the pipes that the parent has */
};

/* A process in a context of its own that measures when told to. */
static struct resident settle(void)
{
	int order[2], done[2];
	char c = 0;

	if (pipe2(order, O_CLOEXEC) || pipe2(done, O_CLOEXEC))
		die("pipe");
	if (!must_fork()) {
		close(order[1]);
		if (context_new(device, 0, NULL))
			shared->failed++;
		shared->alive++;
		while (read(order[0], &c, 1) == 1) {
			measure_view();
			(void)!write(done[1], &c, 1);
		}
		_exit(0);
	}
	close(order[0]);
	close(done[1]);
	return (struct resident){ order[1], done[0] };
}

static void ask(const struct resident *resident)
{
	char c = 0;

	if (write(resident->order, &c, 1) != 1 || read(resident->done, &c, 1) != 1)
		die("the process that measures is gone");
}

/* One of many that do nothing but be there, until @hold is closed. */
static int inhabit(void *arg)
{
	const int *hold = arg;
	char c;

	if (context_new(device, 0, NULL))
		shared->failed++;
	shared->alive++;
	(void)!read(hold[0], &c, 1);
	_exit(0);
}

/*
 * They share the parent's memory, which saves half of what a process takes.  Its end of the pipe
 * must be closed for all, so they have no descriptors of their own either.
 */
static void populate(int *hold, unsigned int upto)
{
	static unsigned int started = 1;
	static char *stacks;

	if (!stacks) {
		stacks = mmap(NULL, (size_t)many * STACK, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		/* forks that are measured don't copy them */
		if (stacks == MAP_FAILED || madvise(stacks, (size_t)many * STACK, MADV_DONTFORK))
			die("stacks");
	}
	for (; started < upto; started++)
		if (clone(inhabit, stacks + (size_t)started * STACK,
			  CLONE_VM | CLONE_FILES | SIGCHLD, hold) < 0)
			die("process %u", started);
	while (shared->alive + shared->failed < upto)
		nap(1000);
}

static void print_view(unsigned int contexts)
{
	printf("# %6u contexts: listing /proc in one %.0f, kill(-1, 0) %.0f, "
	       "setpriority(PRIO_USER) %.0f, getpriority(PRIO_USER) %.0f; it lists %u numbers\n",
	       contexts, shared->list.quartile, shared->kill.quartile, shared->set.quartile,
	       shared->get.quartile, shared->numbers);
}

static void judge_growth(const char *what, struct cost few, struct cost now)
{
	result(now.quartile <= few.quartile * GROWTH, what, "%.0f with %u, %.0f with %u",
	       few.quartile, FEW, now.quartile, many);
}

static void populous(void)
{
	struct resident resident;
	struct cost list, kill, set, get, added;
	unsigned int alive;
	double kibibytes;
	int hold[2];
	FILE *f;

	write_text("/proc/sys/kernel/pid_max", "100000");
	write_text("/proc/sys/kernel/threads-max", "100000");
	/* The tree of numbers is as deep with few processes as with many. */
	write_text("/proc/sys/kernel/ns_last_pid", "10000");
	if (pipe2(hold, O_CLOEXEC))
		die("pipe");
	resident = settle();
	populate(hold, FEW);
	ask(&resident);
	print_view(FEW);
	list = shared->list;
	kill = shared->kill;
	set = shared->set;
	get = shared->get;

	populate(hold, many);
	alive = context_info(device).contexts;
	ask(&resident);
	print_view(alive);
	result(alive == many && !shared->failed, "as many contexts alive as wanted",
	       "%u of %u, %u failures", alive, many, shared->failed);
	result(shared->numbers == 2, "/proc in one has its own process and process 1",
	       "%u numbers", shared->numbers);
	judge_growth("listing it does not grow with the others", list, shared->list);
	judge_growth("nor does kill(-1)", kill, shared->kill);
	judge_growth("nor setpriority() of a user", set, shared->set);
	judge_growth("nor getpriority()", get, shared->get);

	measure_makings(150);
	added = print_makings();
	result(added.quartile <= INSTRUCTIONS, "VCONTEXT_NEW when there are many",
	       "%.0f instructions over a bare fork", added.quartile);
	f = fopen("/proc/meminfo", "re");
	while (f && fscanf(f, "MemAvailable: %lf", &kibibytes) != 1)
		if (fscanf(f, "%*[^\n]\n"))
			continue;
	if (f)
		fclose(f);
	printf("# %.0f MiB of memory are still free\n", kibibytes / 1024);
	close(resident.order);
	close(resident.done);
	close(hold[1]);
	while (wait(NULL) > 0)
		;
	close(hold[0]);
}

/* Bytes of a context, or 0 if the kernel doesn't tell. */
static unsigned int object_size(void)
{
	unsigned int bytes = 0;
	FILE *f = fopen("/sys/kernel/slab/vcontext/object_size", "re");

	if (f && fscanf(f, "%u", &bytes) != 1)
		bytes = 0;
	if (f)
		fclose(f);
	return bytes;
}

int main(int argc, char **argv)
{
	struct state before;
	unsigned int bytes;
	struct cost added;

	if (argc > 2 || (argc == 2 && (many = atoi(argv[1])) < FEW)) {
		fprintf(stderr, "usage: cost [CONTEXTS]\n");
		return 2;
	}
	device = open_device();
	if (device < 0)
		die(VCONTEXT_DEVICE);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		      -1, 0);
	if (shared == MAP_FAILED)
		die("mmap");
	plan(12);
	before = state_now(device);

	measure_makings(600);
	added = print_makings();
	result(!shared->failed && added.quartile <= INSTRUCTIONS,
	       "VCONTEXT_NEW over a bare fork",
	       "%.0f instructions (mean %.0f), at most %d; %u failures", added.quartile, added.mean,
	       INSTRUCTIONS, shared->failed);
	bytes = object_size();
	printf("# a context is %u bytes\n", bytes);
	result(bytes && bytes <= BYTES, "the memory of a context", "%u bytes, at most %d", bytes,
	       BYTES);
	populous();
	check_state(device, &before);
	return failures ? 1 : 0;
}
