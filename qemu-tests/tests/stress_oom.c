// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every memory allocation of every command fails once: the command gives ENOMEM or does without,
 * and leaves everything as it was.
 *
 * Needs a kernel with fault injection (CONFIG_FAILSLAB, CONFIG_FAIL_PAGE_ALLOC).
 */
#include "faults.h"
#include "tie.h"

#include <netinet/in.h>

#include <linux/capability.h>

struct command {
	const char *name;
	/* sets the stage, once per attempt; what it opened is closed by the end of the process */
	void (*prepare)(void);
	/* the command: 0 or more, or a negative errno */
	int (*run)(void);
	bool inside;		/* in a context */
	bool moves;		/* the caller is in another context after success */
	uint64_t drops;		/* and has lost these capabilities */
};

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

/* With no_new_privs, which comes if a capability that "secure" keeps goes. */
#define DROP	(1ULL << CAP_NET_RAW | 1ULL << CAP_CHOWN)

static int run_new_lower(void)
{
	struct vcontext_new arg = { .size = sizeof(arg), .drop = DROP };

	return call(device, VCONTEXT_NEW, &arg);
}

static int run_lower(void)
{
	struct vcontext_lower arg = { .size = sizeof(arg), .drop = DROP };

	return call(device, VCONTEXT_LOWER, &arg);
}

static int run_bind(void)
{
	return tie_to(device, "127.0.0.1 fd00::1", 0);
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

static void prepare_lower(void)
{
	struct vcontext_open arg = {
		.size = sizeof(arg), .how = VCONTEXT_OPEN_CREATE, .id = VCONTEXT_ID_ANY,
		.drop = DROP,
	};

	handle = call(device, VCONTEXT_OPEN, &arg);
	if (handle < 0)
		die("VCONTEXT_OPEN");
}

static int run_lower_context(void)
{
	struct vcontext_lower arg = { .size = sizeof(arg), .drop = DROP };

	return call(handle, VCONTEXT_LOWER_CONTEXT, &arg);
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

static const struct command commands[] = {
	{ .name = "INFO", .run = run_info },
	{ .name = "NEW", .run = run_new, .moves = true },
	{ .name = "NEW inside a context", .run = run_new, .inside = true, .moves = true },
	{ .name = "NEW with a lower ceiling", .run = run_new_lower, .moves = true, .drops = DROP },
	{ .name = "LOWER", .run = run_lower, .drops = DROP },
	{ .name = "LOWER inside a context", .run = run_lower, .inside = true, .drops = DROP },
	{ .name = "BIND", .run = run_bind },
	{ .name = "OPEN of a new one", .run = run_create },
	{ .name = "OPEN of a new one inside a context", .run = run_create, .inside = true },
	{ .name = "OPEN of a new named one", .run = run_create_named },
	{ .name = "OPEN of one that exists", .run = run_create_named, .prepare = prepare_named },
	{ .name = "ENTER", .run = run_enter, .prepare = prepare_handle, .moves = true },
	{ .name = "ENTER with a lower ceiling", .run = run_enter, .prepare = prepare_lower,
	  .moves = true, .drops = DROP },
	{ .name = "LOWER_CONTEXT", .run = run_lower_context, .prepare = prepare_handle },
	{ .name = "ADD_FLAGS", .run = run_add_flags, .prepare = prepare_handle },
	{ .name = "STAT", .run = run_stat, .prepare = prepare_handle },
	{ .name = "LIST", .run = run_list, .prepare = prepare_handle },
	{ .name = "poll()", .run = run_poll, .prepare = prepare_handle },
	{ .name = "fork() inside a context", .run = run_fork, .inside = true },
	{ .name = "a walk over /proc inside a context", .run = run_walk, .inside = true },
};

/* What a process has lost, if it had all: the same in all of its sets, or it gives up. */
static uint64_t lost(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];
	uint64_t sets[3], bounding = 0;
	int cap;

	if (syscall(SYS_capget, &header, data))
		die("capget");
	for (cap = 0; cap <= CAP_LAST_CAP; cap++)
		bounding |= (uint64_t)prctl(PR_CAPBSET_READ, cap, 0, 0, 0) << cap;
	sets[0] = (uint64_t)data[1].permitted << 32 | data[0].permitted;
	sets[1] = (uint64_t)data[1].inheritable << 32 | data[0].inheritable;
	sets[2] = (uint64_t)data[1].effective << 32 | data[0].effective | 1ULL << CAP_SETPCAP;
	if (sets[0] != bounding || sets[1] != bounding || sets[2] != bounding)
		give_up("bounding set %#lx, permitted %#lx, inheritable %#lx, effective %#lx",
			bounding, sets[0], sets[1], sets[2]);
	return ~bounding & ((1ULL << (CAP_LAST_CAP + 1)) - 1);
}

/* Everything but the right to lower a ceiling without no_new_privs. */
static void raise_all(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &header, data))
		die("capget");
	data[0].inheritable = data[0].permitted;
	data[1].inheritable = data[1].permitted;
	data[0].effective &= ~(1U << CAP_SETPCAP);
	if (syscall(SYS_capset, &header, data))
		die("capset");
}

/* All of it, or nothing: a user namespace is closed to who has lowered the ceiling. */
static void check_ceiling(const struct command *command, int n, bool done)
{
	uint64_t want = done ? command->drops : 0;
	bool closed;

	if (lost() != want)
		give_up("allocation %d: lost %#lx, not %#lx", n, lost(), want);
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != !!want)
		give_up("allocation %d: no_new_privs is %d", n, !want);
	closed = unshare(CLONE_NEWUSER) && errno == EPERM;
	if (closed != (command->inside || (done && (command->moves || want))))
		give_up("allocation %d: user namespaces are %s", n, closed ? "closed" : "open");
}

/* The command with its @n-th allocation failing: 0 or more, or a negative errno. */
static int run_failing(const struct command *command, int n)
{
	int ret;

	open_fail_nth();
	set_fail_nth(n);
	ret = command->run();
	if (end_fail_nth())
		_exit(UNMET);
	return ret;
}

static void __attribute__((noreturn)) attempt_command(const struct command *command, int n)
{
	uint32_t before, after;
	bool moved;
	int ret;

	raise_all();
	if (command->inside && context_new(device, 0, NULL))
		die("VCONTEXT_NEW");
	if (command->prepare)
		command->prepare();
	before = context_info(device).id;
	ret = run_failing(command, n);
	after = context_info(device).id;
	moved = before != after;
	if (ret < 0 && ret != -ENOMEM && ret != -ENFILE && ret != -EAGAIN)
		give_up("allocation %d: %s", n, strerror(-ret));
	if (moved != (command->moves && ret >= 0))
		give_up("allocation %d: context %u before, %u after", n, before, after);
	check_ceiling(command, n, ret >= 0);
	if (ret < 0)
		found->failed++;
	else
		found->survived++;
	_exit(MET);
}

static void run(const struct command *command)
{
	uint32_t contexts = context_info(device).contexts;
	char name[128];
	int n, status, tries;

	memset(found, 0, sizeof(*found));
	for (n = 1; n < ALLOCATIONS_MAX; n++) {
		pid_t pid = must_fork();

		if (!pid)
			attempt_command(command, n);
		status = must_wait(pid);
		if (status)
			break;
	}
	/* a handle is closed when the process ends, its file a little later */
	for (tries = 0; tries < 100 && context_info(device).contexts != contexts; tries++)
		nap(10000);
	printf("# %s: %u allocations, %u fatal\n", command->name,
	       found->failed + found->survived, found->failed);
	snprintf(name, sizeof(name), "%s without memory", command->name);
	result(status == UNMET && context_info(device).contexts == contexts, name,
	       "%s (status %d), %u contexts before, %u after", found->text, status, contexts,
	       context_info(device).contexts);
}

int main(void)
{
	struct state before;
	size_t i;

	device = open_device();
	if (device < 0)
		die(VCONTEXT_DEVICE);
	plan(ARRAY_SIZE(commands) + 3);
	if (!faults_set_up()) {
		for (i = 0; i < ARRAY_SIZE(commands) + 3; i++)
			skip("commands without memory", "this kernel has no fault injection");
		return 0;
	}
	before = state_now(device);
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		run(&commands[i]);
	check_state(device, &before);
	return failures ? 1 : 0;
}
