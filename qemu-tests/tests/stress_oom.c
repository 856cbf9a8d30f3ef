// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every memory allocation of every command fails once: the command gives ENOMEM or does without,
 * and leaves everything as it was.
 *
 * Needs a kernel with fault injection (CONFIG_FAILSLAB, CONFIG_FAIL_PAGE_ALLOC).
 */
#include "stress.h"

#include <sys/mman.h>

#define ALLOCATIONS_MAX	200

static int device;
static int fail_nth;		/* of this thread: the how manieth allocation fails */

/* What a case finds, in a process of its own. */
static struct shared {
	unsigned int failed, survived;
	char text[256];
} *shared;

struct operation {
	const char *name;
	/* sets the stage, once per attempt; what it opened is closed by the end of the process */
	void (*prepare)(void);
	/* the command: 0 or more, or a negative errno */
	int (*run)(void);
	bool inside;		/* in a context */
	bool moves;		/* the caller is in another context after success */
};

static int handle = -1;
static uint32_t ids[8];

static int run_info(void)
{
	struct vcontext_info arg = { .size = sizeof(arg) };

	return call(device, VCONTEXT_INFO, &arg);
}

static int run_new(void)
{
	return context_new(device, 0, NULL);
}

static int run_create(void)
{
	return context_create(device);
}

static int run_create_named(void)
{
	return context_open(device, VCONTEXT_OPEN_CREATE, 12345, 0);
}

static void prepare_named(void)
{
	handle = run_create_named();
	if (handle < 0)
		die("VCONTEXT_OPEN");
}

static void prepare_handle(void)
{
	handle = context_create(device);
	if (handle < 0)
		die("VCONTEXT_OPEN");
}

static int run_enter(void)
{
	return context_enter(handle);
}

static int run_add_flags(void)
{
	struct vcontext_flags arg = { .size = sizeof(arg), .flags = VCONTEXT_PRIVATE };

	return call(handle, VCONTEXT_ADD_FLAGS, &arg);
}

static int run_stat(void)
{
	struct vcontext_stat arg = { .size = sizeof(arg) };

	return call(handle, VCONTEXT_STAT, &arg);
}

static int run_list(void)
{
	struct vcontext_list arg = { .size = sizeof(arg), .count = ARRAY_SIZE(ids),
				     .ids = (uintptr_t)ids };

	return call(device, VCONTEXT_LIST, &arg);
}

static int run_poll(void)
{
	struct pollfd p = { .fd = handle, .events = POLLIN };
	int ret = poll(&p, 1, 0);

	return ret < 0 ? -errno : ret;
}

static int run_fork(void)
{
	pid_t pid = fork();

	if (!pid)
		_exit(0);
	if (pid < 0)
		return -errno;
	must_wait(pid);
	return 0;
}

static int run_walk(void)
{
	char buffer[8192];
	int fd = open("/proc", O_RDONLY | O_DIRECTORY), err = 0;

	if (fd < 0)
		return -errno;
	if (syscall(SYS_getdents64, fd, buffer, sizeof(buffer)) < 0)
		err = -errno;
	close(fd);
	return err;
}

static const struct operation operations[] = {
	{ .name = "INFO", .run = run_info },
	{ .name = "NEW", .run = run_new, .moves = true },
	{ .name = "NEW inside a context", .run = run_new, .inside = true, .moves = true },
	{ .name = "OPEN of a new one", .run = run_create },
	{ .name = "OPEN of a new one inside a context", .run = run_create, .inside = true },
	{ .name = "OPEN of a new named one", .run = run_create_named },
	{ .name = "OPEN of one that exists", .run = run_create_named, .prepare = prepare_named },
	{ .name = "ENTER", .run = run_enter, .prepare = prepare_handle, .moves = true },
	{ .name = "ADD_FLAGS", .run = run_add_flags, .prepare = prepare_handle },
	{ .name = "STAT", .run = run_stat, .prepare = prepare_handle },
	{ .name = "LIST", .run = run_list, .prepare = prepare_handle },
	{ .name = "poll()", .run = run_poll, .prepare = prepare_handle },
	{ .name = "fork() inside a context", .run = run_fork, .inside = true },
	{ .name = "a walk over /proc inside a context", .run = run_walk, .inside = true },
};

static void __attribute__((noreturn, format(printf, 1, 2))) give_up(const char *what, ...)
{
	va_list args;

	va_start(args, what);
	vsnprintf(shared->text, sizeof(shared->text), what, args);
	va_end(args);
	_exit(1);
}

/* The command with its @n-th allocation failing.  Exit status 0: it failed, 2: there is none. */
static void __attribute__((noreturn)) attempt(const struct operation *operation, int n)
{
	uint32_t before, after;
	char text[16] = "";
	bool moved;
	int ret;

	if (operation->inside && context_new(device, 0, NULL))
		die("VCONTEXT_NEW");
	if (operation->prepare)
		operation->prepare();
	fail_nth = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	before = context_info(device).id;
	snprintf(text, sizeof(text), "%d", n);
	if (fail_nth < 0 || write(fail_nth, text, strlen(text)) < 0)
		die("/proc/thread-self/fail-nth");
	ret = operation->run();
	memset(text, 0, sizeof(text));
	if (pread(fail_nth, text, sizeof(text) - 1, 0) <= 0)
		give_up("fail-nth can't be read");
	(void)!pwrite(fail_nth, "0", 1, 0);
	if (atoi(text))
		_exit(2);
	after = context_info(device).id;
	moved = before != after;
	if (ret < 0 && ret != -ENOMEM && ret != -ENFILE && ret != -EAGAIN)
		give_up("allocation %d: %s", n, strerror(-ret));
	if (moved != (operation->moves && ret >= 0))
		give_up("allocation %d: context %u before, %u after", n, before, after);
	if (ret < 0)
		shared->failed++;
	else
		shared->survived++;
	_exit(0);
}

static void run(const struct operation *operation)
{
	uint32_t contexts = context_info(device).contexts;
	char name[128];
	int n, status, tries;

	memset(shared, 0, sizeof(*shared));
	for (n = 1; n < ALLOCATIONS_MAX; n++) {
		pid_t pid = must_fork();

		if (!pid)
			attempt(operation, n);
		status = must_wait(pid);
		if (status)
			break;
	}
	/* a handle is closed when the process ends, its file a little later */
	for (tries = 0; tries < 100 && context_info(device).contexts != contexts; tries++)
		nap(10000);
	printf("# %s: %u allocations, %u fatal\n", operation->name,
	       shared->failed + shared->survived, shared->failed);
	snprintf(name, sizeof(name), "%s without memory", operation->name);
	result(status == 2 && context_info(device).contexts == contexts, name,
	       "%s (status %d), %u contexts before, %u after", shared->text, status, contexts,
	       context_info(device).contexts);
}

/* All allocations may fail, also those that may sleep, and say nothing about it. */
static bool set_up(void)
{
#define FAIL "/sys/kernel/debug/"
	static const char *const settings[][2] = {
		{ FAIL "failslab/ignore-gfp-wait", "N" },
		{ FAIL "failslab/verbose", "0" },
		{ FAIL "fail_page_alloc/ignore-gfp-wait", "N" },
		{ FAIL "fail_page_alloc/ignore-gfp-highmem", "N" },
		{ FAIL "fail_page_alloc/min-order", "0" },
		{ FAIL "fail_page_alloc/verbose", "0" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(settings); i++)
		if (!write_text(settings[i][0], settings[i][1])) {
			printf("# %s: %s\n", settings[i][0], strerror(errno));
			return false;
		}
	return true;
}

int main(void)
{
	struct state before;
	size_t i;

	device = open_device();
	if (device < 0)
		die(VCONTEXT_DEVICE);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		      -1, 0);
	if (shared == MAP_FAILED)
		die("mmap");
	plan(ARRAY_SIZE(operations) + 3);
	if (!set_up()) {
		for (i = 0; i < ARRAY_SIZE(operations) + 3; i++)
			skip("commands without memory", "this kernel has no fault injection");
		return 0;
	}
	before = state_now(device);
	for (i = 0; i < ARRAY_SIZE(operations); i++)
		run(&operations[i]);
	check_state(device, &before);
	return failures ? 1 : 0;
}
