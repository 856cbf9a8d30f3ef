// SPDX-License-Identifier: GPL-2.0-only
/*
 * Any ioctl with any bytes gives an errno that <linux/vcontext.h> names, and leaks nothing.
 *
 * Processes of every kind (root and user; in context 0, the watcher's, named, allotted, locked,
 * private, hidden and deep ones) call at once with mutated structures, pointers, commands and
 * descriptors, as 64-bit and as 32-bit programs.  Each works in short-lived children, so that what
 * a call did to one (entered a context, locked itself in) does not stand in the way of the rest.
 * Most of these are kept from entering, because they have a second thread, which changes their
 * arguments meanwhile, or are traced.
 */
#include "stress.h"
#include "tie.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <linux/capability.h>

#define PAGE		4096
#define HANDLES		8
#define EPISODE_SECONDS	300
#define CAPABILITIES	((1ULL << (CAP_LAST_CAP + 1)) - 1)

enum kind {
	INFO, NEW, OPEN, LIST, LOWER, BIND, ENTER, ADD_FLAGS, STAT, LOWER_CONTEXT, PID_NS, KILL,
	AT_EXEC, KEEP, KEPT, FORGET, PROCESSES, SIGNAL, UNKNOWN, FOREIGN, KINDS
};

static const struct command {
	const char *name;
	unsigned int cmd;
	unsigned int size;
	bool handle;
	int errors[12];
} commands[KINDS] = {
#define ALWAYS	EFAULT, EINVAL, E2BIG
	[INFO] = { "INFO", VCONTEXT_INFO, sizeof(struct vcontext_info), false, { ALWAYS } },
	[NEW] = { "NEW", VCONTEXT_NEW, sizeof(struct vcontext_new), false,
		  { ALWAYS, EPERM, EBUSY, ENOSPC, ENOMEM } },
	[OPEN] = { "OPEN", VCONTEXT_OPEN, sizeof(struct vcontext_open), false,
		   { ALWAYS, EPERM, ENOENT, EEXIST, ENOSPC, ENOMEM, EMFILE, ENFILE } },
	[LIST] = { "LIST", VCONTEXT_LIST, sizeof(struct vcontext_list), false, { ALWAYS } },
	[LOWER] = { "LOWER", VCONTEXT_LOWER, sizeof(struct vcontext_lower), false,
		    { ALWAYS, ENOMEM } },
	[BIND] = { "BIND", VCONTEXT_BIND, sizeof(struct vcontext_bind), false,
		   { ALWAYS, EPERM, ENOSPC, ENOMEM } },
	[ENTER] = { "ENTER", VCONTEXT_ENTER, 0, true, { EPERM, EINVAL, EBUSY, ENOMEM } },
	[ADD_FLAGS] = { "ADD_FLAGS", VCONTEXT_ADD_FLAGS, sizeof(struct vcontext_flags), true,
			{ ALWAYS, EPERM } },
	[STAT] = { "STAT", VCONTEXT_STAT, sizeof(struct vcontext_stat), true, { ALWAYS } },
	[LOWER_CONTEXT] = { "LOWER_CONTEXT", VCONTEXT_LOWER_CONTEXT,
			    sizeof(struct vcontext_lower), true, { ALWAYS, EPERM } },
	[PID_NS] = { "PID_NS", VCONTEXT_PID_NS, 0, true,
		     { EPERM, ENOENT, EMFILE, ENFILE, ENOMEM } },
	[KILL] = { "KILL", VCONTEXT_KILL, 0, true, { EINVAL, EPERM, ENOENT } },
	[AT_EXEC] = { "ENTER_AT_EXEC", VCONTEXT_ENTER_AT_EXEC, 0, true, { EPERM, EINVAL } },
	[KEEP] = { "KEEP", VCONTEXT_KEEP, sizeof(struct vcontext_keep), true,
		   { ALWAYS, EPERM, EBADF, EEXIST, ENOMEM } },
	[KEPT] = { "KEPT", VCONTEXT_KEPT, 0, true, { EINVAL, EPERM, ENOENT, EMFILE, ENFILE } },
	[FORGET] = { "FORGET", VCONTEXT_FORGET, 0, true, { EPERM, ENOENT } },
	[PROCESSES] = { "PROCESSES", VCONTEXT_PROCESSES, sizeof(struct vcontext_processes), true,
			{ ALWAYS, EPERM } },
	[SIGNAL] = { "SIGNAL", VCONTEXT_SIGNAL, sizeof(struct vcontext_signal), true,
		     { ALWAYS, EPERM, ENOENT } },
	[UNKNOWN] = { "unknown", 0, 0, false, { ENOTTY } },
	[FOREIGN] = { "foreign", 0, 0, false, { ENOTTY } },
#undef ALWAYS
};

/* Who calls. */
static const struct caller {
	const char *name;
	bool user;
	bool named;		/* by a handle on context @id, else a new one with @flags */
	uint32_t id;
	uint32_t flags;
	int depth;		/* 0: context 0 */
} callers[] = {
	{ "root in context 0", .depth = 0 },
	{ "user in context 0", .user = true },
	{ "root in context 1", .named = true, .id = VCONTEXT_ID_WATCHER, .depth = 1 },
	{ "root in a named context", .named = true, .id = 77, .depth = 1 },
	{ "user in a named context", .user = true, .named = true, .id = 78, .depth = 1 },
	{ "root in an allotted context", .depth = 1 },
	{ "user in a context inside another", .user = true, .depth = 2 },
	{ "user in a locked context", .user = true, .flags = VCONTEXT_LOCK, .depth = 1 },
	{ "root in a private context", .flags = VCONTEXT_PRIVATE, .depth = 1 },
	{ "user in a hidden context", .user = true, .flags = VCONTEXT_HIDEINFO, .depth = 1 },
	{ "user as deep as can be", .user = true, .depth = VCONTEXT_DEPTH_MAX },
};

enum target { DEVICE, HANDLE, OTHER, BAD };

/* What all processes write into. */
static struct shared {
	_Atomic unsigned long calls;
	_Atomic unsigned long good[KINDS];
	_Atomic unsigned long errors[KINDS][256];
	_Atomic unsigned int wrong;
	char text[8][256];
} *shared;

static unsigned long seed = 20261123;
static unsigned long total = 1200000;

/* One short-lived process. */
static struct {
	const struct caller *caller;
	unsigned long number;		/* of the episode, to repeat it */
	unsigned long call;
	struct random random;
	int device;
	int spaces[2];			/* a mount and a UTS namespace, for KEEP */
	int handles[HANDLES];
	int others[8], nr_others;
	int path;			/* O_PATH on the device */
	unsigned char *memory;		/* two pages to write, none, one to read, none */
	volatile bool stop;		/* the second thread */
} self;

static uint32_t below(uint32_t limit)
{
	return random_below(&self.random, limit);
}

static bool one_in(uint32_t n)
{
	return !below(n);
}

static void complain(enum kind kind, enum target target, unsigned int cmd, int ret)
{
	static const char *const targets[] = { "the device", "a handle", "another file",
					       "no descriptor" };
	unsigned int n = atomic_fetch_add(&shared->wrong, 1);

	if (n >= ARRAY_SIZE(shared->text))
		return;
	snprintf(shared->text[n], sizeof(shared->text[n]),
		 "%s (%#x) on %s gave %s to %s; seed %lu, episode %lu, call %lu",
		 commands[kind].name, cmd, targets[target], ret < 0 ? strerror(-ret) : "success",
		 self.caller->name, seed, self.number, self.call);
}

static bool is_allowed(enum kind kind, enum target target, int ret)
{
	const struct command *command = &commands[kind];
	size_t i;

	if (target == BAD)
		return ret == -EBADF;
	if (kind == FOREIGN)
		return true;	/* other people's */
	if (target == OTHER)
		return ret == -ENOTTY || ret == -EINVAL;
	if (kind != UNKNOWN && command->handle != (target == HANDLE))
		return ret == -ENOTTY;
	if (ret >= 0)
		return kind == OPEN ? ret > 2 : !ret && kind != UNKNOWN;
	for (i = 0; i < ARRAY_SIZE(command->errors) && command->errors[i]; i++)
		if (ret == -command->errors[i])
			return true;
	return false;
}

/* The system call as a 32-bit program makes it. */
static int ioctl_32(int fd, unsigned int cmd, unsigned long arg)
{
	long ret;

	asm volatile("int $0x80" : "=a"(ret) : "a"(54L), "b"((long)fd), "c"((unsigned long)cmd),
		     "d"(arg & 0xffffffffUL) : "memory", "r8", "r9", "r10", "r11");
	return ret;
}

static int ioctl_64(int fd, unsigned int cmd, unsigned long arg)
{
	long ret = syscall(SYS_ioctl, fd, (unsigned long)cmd, arg);

	return ret < 0 ? -errno : ret;
}

/* Arguments */

static uint32_t some_size(uint32_t size)
{
	switch (below(18)) {
	case 0: return 0;
	case 1: return below(size + 1);
	case 2: return size + 1 + below(64);
	case 3: return PAGE;
	case 4: return PAGE + 1;
	case 5: return UINT32_MAX - below(16);
	case 6: return random_u64(&self.random);
	default: return size;
	}
}

static uint32_t some_id(void)
{
	switch (below(16)) {
	case 0: return 0;
	case 1: return VCONTEXT_ID_WATCHER;
	case 2: return VCONTEXT_ID_NAMED_MAX - 1 + below(3);
	case 3: return VCONTEXT_ID_MAX - 1 + below(3);
	case 4: return random_u64(&self.random);
	case 5: return 65536 + below(20000);
	case 6: case 7: return 2 + below(100);
	default: return VCONTEXT_ID_ANY;
	}
}

static uint32_t some_flags(void)
{
	if (one_in(8))
		return random_u64(&self.random);
	/* lock ends what an episode can do, so it is rarer than the others */
	return below(2) * VCONTEXT_HIDEINFO | one_in(4) * VCONTEXT_PRIVATE |
	       one_in(8) * VCONTEXT_LOCK | one_in(8) * VCONTEXT_USERNS |
	       one_in(8) * VCONTEXT_NPROC | one_in(8) * VCONTEXT_FAKEINIT;
}

/* The right to be root of context 0 is kept by most, for the rest of the episode. */
static uint64_t some_drop(void)
{
	uint64_t drop = random_u64(&self.random) & random_u64(&self.random);

	switch (below(32)) {
	case 0: return drop;
	case 1: return 1ULL << below(64);
	case 2: return drop & CAPABILITIES;
	case 3: return ~0ULL;
	case 4: case 5: return CAPABILITIES & VCONTEXT_SECURE_KEEPS & drop;
	default: return drop & CAPABILITIES & ~(1ULL << CAP_SYS_ADMIN | VCONTEXT_SECURE_KEEPS);
	}
}

/*
 * Anywhere but where this program itself is, which the kernel would write over: 32-bit programs
 * lose the upper half.
 */
static unsigned long wild(void)
{
	return random_u64(&self.random) | 0x80000000UL;
}

/* An address of which nothing, a part or all can be read or written. */
static unsigned long some_address(void)
{
	unsigned long page = (unsigned long)self.memory;

	switch (below(28)) {
	case 0: return 0;
	case 1: return below(PAGE);
	case 2: return wild();
	case 3: return wild() | 0xffff800000000000UL;
	case 4: return 0x7fffffffeff8UL + below(PAGE);		/* where user addresses end */
	case 5: return 0xffffffff00000000UL + below(2 * PAGE);	/* wraps for 32-bit programs */
	case 6: return page + 2 * PAGE - 1 - below(64);		/* runs out of what is there */
	case 7: return page + 2 * PAGE + below(PAGE);
	case 8: return page + 3 * PAGE + below(PAGE);		/* only to read */
	case 9: return page + PAGE - 1 - below(64);		/* two pages */
	case 10: return page + below(256);			/* unaligned */
	default: return page;
	}
}

/* Addresses for VCONTEXT_BIND of which some are right. */
static unsigned long some_addresses(void)
{
	static const char *const texts[] = {
		"127.0.0.1", "10.0.0.1/8", "fd00::1/64", "fe80::1", "::ffff:10.0.0.1", "0.0.0.0",
	};
	static struct vcontext_address list[4];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(list); i++) {
		list[i] = tie_address(texts[below(ARRAY_SIZE(texts))]);
		list[i].address[15 - 12 * (list[i].family == AF_INET)] = below(256);
		if (one_in(16))
			((unsigned char *)&list[i])[below(sizeof(list[i]))] ^= 1 << below(8);
	}
	return (unsigned long)list;
}

static void fill(enum kind kind, void *to)
{
	union {
		struct vcontext_info info;
		struct vcontext_new new;
		struct vcontext_open open;
		struct vcontext_list list;
		struct vcontext_flags flags;
		struct vcontext_bind bind;
		struct vcontext_keep keep;
		struct vcontext_lower lower;
		struct vcontext_signal signal;
		unsigned char bytes[64];
	} arg = { 0 };
	unsigned int flips;

	arg.info.size = some_size(commands[kind].size);
	if (kind == NEW) {
		arg.new.flags = some_flags();
		arg.new.drop = one_in(4) ? some_drop() : 0;
	}
	if (kind == ADD_FLAGS)
		arg.flags.flags = some_flags();
	if (kind == LOWER || kind == LOWER_CONTEXT)
		arg.lower.drop = some_drop();
	if (kind == BIND) {
		arg.bind.flags = one_in(4) ? random_u64(&self.random) : below(2);
		arg.bind.count = one_in(4) ? random_u64(&self.random) : below(5);
		arg.bind.addresses = one_in(2) ? some_addresses() : some_address();
	}
	if (kind == KEEP) {
		arg.keep.mounts = one_in(4) ? self.spaces[below(2)] : self.spaces[0];
		arg.keep.names = one_in(4) ? (int)random_u64(&self.random) : self.spaces[1];
	}
	if (kind == OPEN) {
		arg.open.how = one_in(20) ? random_u64(&self.random) : below(4);
		arg.open.id = some_id();
		arg.open.flags = some_flags();
		arg.open.drop = one_in(4) ? some_drop() : 0;
	}
	if (kind == LIST || kind == PROCESSES) {	/* the same by its other name */
		arg.list.first = some_id();
		arg.list.count = one_in(4) ? random_u64(&self.random) : below(20);
		arg.list.ids = one_in(2) ? (unsigned long)self.memory + PAGE : some_address();
	}
	if (kind == SIGNAL) {
		arg.signal.process = some_id();
		arg.signal.signal = one_in(4) ? random_u64(&self.random) : below(66);
	}
	if (one_in(4))
		for (flips = below(8); flips; flips--)
			arg.bytes[below(sizeof(arg.bytes))] ^= 1 << below(8);
	if (one_in(16))
		for (flips = 4; flips < sizeof(arg.bytes); flips++)
			arg.bytes[flips] = random_u64(&self.random);
	if ((kind == LIST || kind == PROCESSES) && arg.list.ids < (unsigned long)self.memory)
		arg.list.ids |= 0x80000000UL;	/* see wild() */
	memcpy(to, &arg, sizeof(arg.bytes));
}

/* The structure where the kernel will look for it, if that place can be written. */
static unsigned long some_argument(enum kind kind)
{
	unsigned long address = some_address();
	unsigned char *start = self.memory, *end = self.memory + 2 * PAGE;
	unsigned char bytes[64], *to = (unsigned char *)address;

	if (one_in(200))
		memset(start, 0, 2 * PAGE);
	fill(kind, bytes);
	if (to >= start && to < end)
		memcpy(to, bytes, (size_t)(end - to) < sizeof(bytes) ? (size_t)(end - to) :
								       sizeof(bytes));
	return address;
}

static unsigned int some_command(enum kind *kind)
{
	unsigned int cmd, dice = below(100);
	size_t i;

	if (dice < 90) {
		*kind = below(UNKNOWN);
		cmd = commands[*kind].cmd;
		/* direction and size of the structure are not looked at */
		if (dice < 20)
			cmd = (cmd & 0xffff) | below(1 << 16) << 16;
		return cmd;
	}
	cmd = random_u64(&self.random);
	*kind = FOREIGN;
	if (dice < 98)
		cmd = (cmd & ~0xff00U) | VCONTEXT_IOC << 8;
	if (_IOC_TYPE(cmd) == VCONTEXT_IOC) {
		*kind = UNKNOWN;
		for (i = 0; i < UNKNOWN; i++)
			if (_IOC_NR(commands[i].cmd) == _IOC_NR(cmd))
				*kind = i;
	}
	return cmd;
}

/* Descriptors */

static int *some_handle(void)
{
	return &self.handles[below(HANDLES)];
}

static int some_target(enum kind kind, enum target *target)
{
	unsigned int dice = below(40), tries;
	int fd = -1;

	*target = kind < UNKNOWN && commands[kind].handle ? HANDLE : DEVICE;
	if (dice < 2)
		*target = BAD;
	else if (dice < 4)
		*target = OTHER;
	else if (dice < 7)
		*target = below(2) ? HANDLE : DEVICE;
	if (*target == HANDLE) {
		for (tries = 0; fd < 0 && tries < HANDLES; tries++)
			fd = *some_handle();
		if (fd < 0)
			*target = BAD;
	} else if (*target == DEVICE) {
		fd = self.device;
	} else if (*target == OTHER) {
		fd = self.others[below(self.nr_others)];
	} else {
		switch (below(4)) {
		case 0: fd = self.path; break;
		case 1: fd = AT_FDCWD; break;
		case 2: fd = 1000 + below(1 << 20); break;
		}
	}
	return fd;
}

static void keep(int fd)
{
	int *place = some_handle();

	if (*place >= 0)
		close(*place);
	*place = fd;
}

/* The other things that can be done with a handle. */
static void use_handle(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN | POLLOUT };
	char text[256];
	void *map;

	switch (below(6)) {
	case 0: poll(&p, 1, 0); break;
	case 1: (void)!read(fd, text, sizeof(text)); break;
	case 2: (void)!write(fd, text, 1); break;
	case 3:
		map = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
		if (map != MAP_FAILED)
			munmap(map, PAGE);
		break;
	case 4: lseek(fd, 10, SEEK_SET); break;
	case 5:
		snprintf(text, sizeof(text), "/proc/self/fdinfo/%d", fd);
		fd = open(text, O_RDONLY | O_CLOEXEC);
		if (fd >= 0) {
			(void)!read(fd, text, sizeof(text));
			close(fd);
		}
		break;
	}
}

/* Episodes */

static void one_call(void)
{
	enum target target;
	enum kind kind;
	unsigned int cmd = some_command(&kind);
	int fd = some_target(kind, &target);
	unsigned long arg = some_argument(kind == UNKNOWN || kind == FOREIGN ? INFO : kind);
	int ret = below(3) ? ioctl_64(fd, cmd, arg) : ioctl_32(fd, cmd, arg);

	atomic_fetch_add(&shared->calls, 1);
	if (ret >= 0)
		atomic_fetch_add(&shared->good[kind], 1);
	else
		atomic_fetch_add(&shared->errors[kind][-ret & 255], 1);
	if (!is_allowed(kind, target, ret))
		complain(kind, target, cmd, ret);
	if (kind == OPEN && target == DEVICE && ret > 2)
		keep(ret);
	if ((kind == PID_NS || kind == KEPT) && target == HANDLE && ret > 2)
		close(ret);
	if (ret == -EMFILE)
		keep(-1);
	if (target == HANDLE && one_in(64))
		use_handle(fd);
	self.call++;
}

static void map_memory(void)
{
	struct vcontext_new valid = { .size = sizeof(valid) };

	self.memory = mmap(NULL, 5 * PAGE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	if (self.memory == MAP_FAILED)
		die("mmap");
	memcpy(self.memory + 3 * PAGE, &valid, sizeof(valid));
	if (mprotect(self.memory + 2 * PAGE, PAGE, PROT_NONE) ||
	    mprotect(self.memory + 3 * PAGE, PAGE, PROT_READ) ||
	    mprotect(self.memory + 4 * PAGE, PAGE, PROT_NONE))
		die("mprotect");
}

static void open_others(void)
{
	int pair[2];

	self.others[self.nr_others++] = open("/dev/null", O_RDWR | O_CLOEXEC);
	self.others[self.nr_others++] = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	self.others[self.nr_others++] = eventfd(0, EFD_CLOEXEC);
	self.others[self.nr_others++] = memfd_create("x", MFD_CLOEXEC);
	if (pipe2(pair, O_CLOEXEC))
		die("pipe");
	self.others[self.nr_others++] = pair[0];
	self.others[self.nr_others++] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	self.path = open(VCONTEXT_DEVICE, O_PATH | O_CLOEXEC);
}

static void *scribble(void *unused)
{
	struct random r = { self.number };

	while (!self.stop) {
		uint32_t *word = (uint32_t *)self.memory + random_below(&r, 8);

		/* see wild() */
		*(volatile uint32_t *)word = random_below(&r, 2) ? random_below(&r, 64) :
						random_u64(&r) | 0x80000000U;
		/* most of the time is for the calls */
		if (!random_below(&r, 64))
			nap(500);
	}
	return unused;
}

enum manner { ALONE, THREADED, TRACED };

static void __attribute__((noreturn)) episode(enum manner manner, unsigned long calls)
{
	pthread_t thread;
	size_t i;

	/* a call that does not come back ends the process, which the parent tells */
	alarm(EPISODE_SECONDS);
	for (i = 0; i < HANDLES; i++)
		self.handles[i] = -1;
	for (i = 0; i < 3; i++) {
		int fd = context_create(self.device);

		if (fd >= 0)
			keep(fd);
	}
	if (manner == TRACED && ptrace(PTRACE_TRACEME, 0, NULL, NULL))
		die("PTRACE_TRACEME");
	if (manner == THREADED && pthread_create(&thread, NULL, scribble, NULL))
		die("pthread_create");
	while (self.call < calls)
		one_call();
	self.stop = true;
	if (manner == THREADED)
		pthread_join(thread, NULL);
	_exit(0);
}

/* Wait for an episode, passing signals on if it is traced. */
static void finish(pid_t pid)
{
	unsigned int n;
	int status;

	for (;;) {
		if (waitpid(pid, &status, 0) != pid)
			die("waitpid");
		if (!WIFSTOPPED(status))
			break;
		ptrace(PTRACE_CONT, pid, NULL, WSTOPSIG(status));
	}
	if (WIFEXITED(status) && !WEXITSTATUS(status))
		return;
	n = atomic_fetch_add(&shared->wrong, 1);
	if (n < ARRAY_SIZE(shared->text))
		snprintf(shared->text[n], sizeof(shared->text[n]),
			 "%s: an episode ended with status %#x; seed %lu, episode %lu",
			 self.caller->name, status, seed, self.number);
}

static void settle_in(const struct caller *caller)
{
	int handle, i;

	for (i = 0; i < caller->depth; i++) {
		if (!caller->named) {
			if (context_new(self.device,
					i == caller->depth - 1 ? caller->flags : 0, NULL))
				die("%s: VCONTEXT_NEW", caller->name);
			continue;
		}
		handle = context_open(self.device, VCONTEXT_OPEN_CREATE, caller->id, 0);
		if (handle < 0 || context_enter(handle))
			die("%s: entering context %u", caller->name, caller->id);
		close(handle);
	}
	if (caller->user)
		become_user();
}

/* All episodes of one caller. */
static void run_caller(size_t which, unsigned long calls)
{
	const unsigned long most = calls / 6 + 1;	/* a short run has all manners too */
	unsigned long done, length;
	enum manner manner;
	pid_t pid;

	self.caller = &callers[which];
	settle_in(self.caller);
	for (done = 0; done < calls; done += length, self.number++) {
		manner = self.number % 6 == 0 ? THREADED : self.number % 6 == 3 ? TRACED : ALONE;
		/* forks are what takes most of the time */
		length = manner == ALONE ? 200 : 10000;
		if (length > most)
			length = most;
		self.random.state = seed ^ (which << 56) ^ (self.number << 24);
		pid = must_fork();
		if (!pid)
			episode(manner, length);
		finish(pid);
	}
}

/* What lives on because it was told to. */
static void forget_all(void)
{
	uint32_t ids[64];
	struct vcontext_list list = { .size = sizeof(list), .count = 64, .ids = (unsigned long)ids };

	while (ioctl(self.device, VCONTEXT_LIST, &list) == 0 && list.count) {
		for (uint32_t i = 0; i < list.count; i++) {
			struct vcontext_open open = { .size = sizeof(open), .id = ids[i] };
			int fd = ioctl(self.device, VCONTEXT_OPEN, &open);

			ioctl(fd, VCONTEXT_FORGET);
			close(fd);
		}
		list.first = ids[list.count - 1] + 1;
		list.count = 64;
	}
}

static void report(void)
{
	unsigned int kind, error;

	for (kind = 0; kind < KINDS; kind++) {
		printf("# %-13s %8lu good", commands[kind].name, shared->good[kind]);
		for (error = 0; error < 256; error++)
			if (shared->errors[kind][error])
				printf(", %lu %s", shared->errors[kind][error],
				       strerrorname_np(error) ? strerrorname_np(error) : "?");
		printf("\n");
	}
}

static void read_options(int argc, char **argv)
{
	int option;

	while ((option = getopt(argc, argv, "s:n:")) != -1) {
		char *end = "x";

		if (option == 's')
			seed = strtoul(optarg, &end, 0);
		else if (option == 'n')
			total = strtoul(optarg, &end, 0);
		if (*end) {
			fprintf(stderr, "usage: fuzz_ioctl [-s SEED] [-n CALLS]\n");
			exit(2);
		}
	}
}

int main(int argc, char **argv)
{
	struct rlimit files;
	pid_t pids[ARRAY_SIZE(callers)];
	struct state before;
	double start = now();
	bool stuck = false;
	size_t i;

	read_options(argc, argv);
	plan(5);
	self.device = open_device();
	if (self.device < 0)
		die(VCONTEXT_DEVICE);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		      -1, 0);
	if (shared == MAP_FAILED)
		die("mmap");
	map_memory();
	open_others();
	self.spaces[0] = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
	self.spaces[1] = open("/proc/self/ns/uts", O_RDONLY | O_CLOEXEC);
	/* less than an episode would have open */
	files.rlim_cur = files.rlim_max = count_fds() + HANDLES - 1;
	setrlimit(RLIMIT_NOFILE, &files);
	before = state_now(self.device);
	printf("# seed %lu\n", seed);
	for (i = 0; i < ARRAY_SIZE(callers); i++) {
		pids[i] = must_fork();
		if (!pids[i]) {
			run_caller(i, total / ARRAY_SIZE(callers) + 1);
			_exit(0);
		}
	}
	for (i = 0; i < ARRAY_SIZE(callers); i++)
		stuck |= must_wait(pids[i]) != 0;
	forget_all();
	report();
	printf("# %lu calls in %.0f s\n", shared->calls, now() - start);
	result(!stuck && shared->calls >= total, "all callers made their calls",
	       "%lu of %lu calls", shared->calls, total);
	result(!shared->wrong, "every answer is one that the header names", "%u are not: %s",
	       shared->wrong, shared->text[0]);
	for (i = 1; i < ARRAY_SIZE(shared->text) && shared->text[i][0]; i++)
		printf("# %s\n", shared->text[i]);
	check_state(self.device, &before);
	return failures ? 1 : 0;
}
