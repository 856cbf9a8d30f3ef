// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lives in contexts.  A life enters one in one of all ways, does there what processes do, in random
 * order, and ends.
 *
 * When they are over nothing is counted any more, the module can be unloaded, and memory is what it
 * was after the first of them, which have filled what the kernel keeps for the next ones.
 */
#include "module.h"
#include "soak_life.h"

#define WORKERS		16
#define PATIENCE	1800	/* seconds that a life may take, on a loaded machine */
#define WARMING		60	/* lives of each worker before memory is looked at */

#define TOLERANCE	1024	/* KiB that may differ, see memory_is_back() */

static unsigned long seed = 20261129;
static unsigned int rounds = 1500;	/* of each worker: about four hours of an emulated processor */

/* Ways into a context: each is the life then.  A user has the first ones. */

static void enter_new(struct random *r)
{
	static const uint32_t flags[] = { VCONTEXT_SCHED, VCONTEXT_NPROC, VCONTEXT_PRIVATE,
					  VCONTEXT_HIDEINFO };
	uint32_t some = 0;
	size_t i;
	int err;

	for (i = 0; i < ARRAY_SIZE(flags); i++)
		if (!random_below(r, 3))
			some |= flags[i];
	err = context_new(device, some, NULL);
	if (err)
		wrong("VCONTEXT_NEW with %#x: %s", some, strerror(-err));
	live(r);
}

static int must_enter(int handle)
{
	int err = handle < 0 ? handle : context_enter(handle);

	if (err)
		wrong("VCONTEXT_ENTER: %s", strerror(-err));
	return err;
}

static void enter_handle(struct random *r)
{
	int handle = context_create(device);

	if (must_enter(handle))
		return;
	if (random_below(r, 2))
		close(handle);
	live(r);
}

/* Shared with other lives, and made by the first of them. */
static void enter_named(struct random *r)
{
	int handle = context_open(device, VCONTEXT_OPEN_CREATE, 2 + random_below(r, 4), 0);

	if (!must_enter(handle))
		live(r);
}

static void enter_first(struct random *r)
{
	pid_t pid;
	int err;

	if (unshare(CLONE_NEWPID)) {
		wrong("unshare: %s", strerror(errno));
		return;
	}
	pid = must_fork();
	if (pid) {
		must_wait(pid);
		return;
	}
	err = context_new(device, VCONTEXT_FAKEINIT, NULL);
	if (err)
		wrong("VCONTEXT_NEW with fakeinit: %s", strerror(-err));
	live(r);
}

static void enter_at_exec(struct random *r)
{
	int handle = context_create(device), err;
	char text[32];
	char *const argv[] = { "soak", "-l", text, NULL };

	err = handle < 0 ? handle : call(handle, VCONTEXT_ENTER_AT_EXEC, NULL);
	if (err)
		wrong("VCONTEXT_ENTER_AT_EXEC: %s", strerror(-err));
	snprintf(text, sizeof(text), "%llu", (unsigned long long)random_u64(r));
	execv("/proc/self/exe", argv);
	wrong("execve(): %s", strerror(errno));
}

/* The others enter what one outside keeps, and forgets. */
static void enter_kept(struct random *r)
{
	struct vcontext_keep keep = {
		.size = sizeof(keep),
		.mounts = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC),
		.names = open("/proc/self/ns/uts", O_RDONLY | O_CLOEXEC),
	};
	unsigned int lives = 1 + random_below(r, 2);
	int handle = context_create(device), err;

	err = handle < 0 ? handle : call(handle, VCONTEXT_KEEP, &keep);
	if (err)
		wrong("VCONTEXT_KEEP: %s", strerror(-err));
	while (lives--) {
		pid_t pid = must_fork();

		if (!pid) {
			if (!must_enter(handle))
				live(r);
			_exit(0);
		}
		must_wait(pid);
	}
	err = call(handle, VCONTEXT_FORGET, NULL);
	if (err)
		wrong("VCONTEXT_FORGET: %s", strerror(-err));
}

static void (*const ways[])(struct random *r) = {
	enter_new, enter_handle, enter_named, enter_first, enter_at_exec, enter_kept,
};

#define USERS_WAYS	2

/* Workers */

static void __attribute__((noreturn)) begin_life(struct random *r)
{
	bool user = random_below(r, 2);

	setpgid(0, 0);
	if (setresuid(LEFT_USER, user ? LEFT_USER : 0, user ? LEFT_USER : 0))
		wrong("setresuid: %s", strerror(errno));
	alarm(PATIENCE);
	ways[random_below(r, user ? USERS_WAYS : ARRAY_SIZE(ways))](r);
	_exit(0);
}

static void __attribute__((noreturn)) worker(unsigned int number, unsigned int first,
					     unsigned int end)
{
	unsigned int round;
	int status;

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	for (round = first; round < end; round++) {
		struct random r = { seed ^ (uint64_t)number << 48 ^ (uint64_t)round << 16 };
		pid_t pid = must_fork();

		if (!pid)
			begin_life(&r);
		status = must_wait(pid);
		if (status == 128 + SIGALRM)
			wrong("worker %u, round %u: no end", number, round);
		else if (status && status < 128)
			wrong("worker %u, round %u: exit status %d", number, round, status);
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
	}
	while (wait(NULL) > 0)
		;
	_exit(0);
}

static void run_workers(unsigned int first, unsigned int end)
{
	pid_t pids[WORKERS];
	double begin = now();
	unsigned int i;

	for (i = 0; i < WORKERS; i++) {
		pids[i] = must_fork();
		if (!pids[i])
			worker(i, first, end);
	}
	for (i = 0; i < WORKERS; i++)
		if (must_wait(pids[i]))
			wrong("a worker ended before its work");
	printf("# %u lives in %.0f s\n", WORKERS * (end - first), now() - begin);
}

/* What is left */

static bool memory_is_back(const struct memory *before)
{
	struct memory after = memory_now();

	memory_print("after", &after);
	return after.slab - before->slab <= TOLERANCE &&
	       after.percpu - before->percpu <= TOLERANCE &&
	       after.kernel - before->kernel <= TOLERANCE;
}

static void check_memory(const struct memory *before)
{
	int tries = 10;
	bool back;

	while (!(back = memory_is_back(before)) && --tries)
		nap(1000000);
	result(back, "memory is what it was", "more than %d KiB are missing", TOLERANCE);
}

static void check_left(const struct state *before, const struct left *left)
{
	struct left after = left_now();
	int tries;

	for (tries = 0; tries < 100 && memcmp(&after, left, sizeof(after)); tries++) {
		nap(100000);
		after = left_now();
	}
	result(after.processes == left->processes, "no process is left", "%d before, %d after",
	       left->processes, after.processes);
	result(after.sockets == left->sockets, "no socket is left", "%d before, %d after",
	       left->sockets, after.sockets);
	result(comes_true(counts_none), "no process is counted", "for the user, in context 0");
	result(comes_true(no_objects), "no object of IPC is left", "the watcher sees some");
	result(comes_true(no_keys), "no key is left", "/proc/key-users has the users");
	check_state(device, before);
}

static void check_unload(void)
{
	int err;

	close(device);
	module_find();
	err = module_unload_soon();
	result(!err, "the module unloads", "%s", strerror(-err));
	if (!err && module_load())
		die("loading the module");
}

static void read_options(int argc, char **argv)
{
	int option;

	while ((option = getopt(argc, argv, "s:n:l:")) != -1) {
		char *end = "x";

		if (option == 'l') {
			wrongs_begin();
			life_alone = true;
			live(&(struct random){ strtoull(optarg, NULL, 0) });
		}
		if (option == 's')
			seed = strtoul(optarg, &end, 0);
		else if (option == 'n')
			rounds = strtoul(optarg, &end, 0);
		if (*end) {
			fprintf(stderr, "usage: soak [-s SEED] [-n ROUNDS]\n");
			exit(2);
		}
	}
}

int main(int argc, char **argv)
{
	struct memory memory;
	struct state before;
	struct left left;

	device = open_device();
	if (device < 0)
		die(VCONTEXT_DEVICE);
	read_options(argc, argv);
	plan(11);
	printf("# seed %lu, %u lives\n", seed, WORKERS * rounds);
	wrongs_begin();
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	hold_user();
	before = state_now(device);
	left = left_now();
	run_workers(0, rounds < WARMING ? rounds / 2 : WARMING);
	memory = memory_now();
	memory_print("before", &memory);
	run_workers(rounds < WARMING ? rounds / 2 : WARMING, rounds);
	verdict("lives in contexts");
	check_left(&before, &left);
	check_memory(&memory);
	check_unload();
	return failures ? 1 : 0;
}
