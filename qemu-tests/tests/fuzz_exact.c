// SPDX-License-Identifier: GPL-2.0-only
/*
 * The edges of the interface, one by one: sizes, pointers, command numbers, descriptors, for 64-bit
 * and 32-bit programs.  What comes of anything else fuzz_ioctl tries at random.
 */
#include "stress.h"
#include "tie.h"

#include <stddef.h>
#include <sys/eventfd.h>
#include <netinet/in.h>
#include <sys/mman.h>

#include <linux/capability.h>

#define PAGE		4096
#define FLAGS		(VCONTEXT_LOCK | VCONTEXT_SCHED | VCONTEXT_NPROC | VCONTEXT_PRIVATE | \
			 VCONTEXT_FAKEINIT | VCONTEXT_HIDEINFO | VCONTEXT_USERNS)
#define CAPABILITIES	((1ULL << (CAP_LAST_CAP + 1)) - 1)

static int device, handle;
static unsigned char *memory;	/* a page to write, one with nothing, one to read, one with nothing */

static const struct command {
	const char *name;
	unsigned int cmd, size;
	bool handle;
	bool out;		/* the kernel writes back */
} commands[] = {
	{ "INFO", VCONTEXT_INFO, sizeof(struct vcontext_info), false, true },
	{ "NEW", VCONTEXT_NEW, sizeof(struct vcontext_new), false, true },
	{ "OPEN", VCONTEXT_OPEN, sizeof(struct vcontext_open), false, true },
	{ "LIST", VCONTEXT_LIST, sizeof(struct vcontext_list), false, true },
	{ "LOWER", VCONTEXT_LOWER, sizeof(struct vcontext_lower), false, false },
	{ "BIND", VCONTEXT_BIND, sizeof(struct vcontext_bind), false, false },
	{ "ADD_FLAGS", VCONTEXT_ADD_FLAGS, sizeof(struct vcontext_flags), true, false },
	{ "STAT", VCONTEXT_STAT, sizeof(struct vcontext_stat), true, true },
	{ "LOWER_CONTEXT", VCONTEXT_LOWER_CONTEXT, sizeof(struct vcontext_lower), true, false },
	{ "PROCESSES", VCONTEXT_PROCESSES, sizeof(struct vcontext_processes), true, true },
};

typedef int (*caller)(int fd, unsigned int cmd, void *arg);

static int ioctl_64(int fd, unsigned int cmd, void *arg)
{
	long ret = syscall(SYS_ioctl, fd, (unsigned long)cmd, arg);

	return ret < 0 ? -errno : ret;
}

/* The system call as a 32-bit program makes it. */
static int ioctl_32(int fd, unsigned int cmd, void *arg)
{
	long ret;

	asm volatile("int $0x80" : "=a"(ret) : "a"(54L), "b"((long)fd), "c"((unsigned long)cmd),
		     "d"((unsigned long)arg & 0xffffffffUL) : "memory", "r8", "r9", "r10", "r11");
	return ret;
}

/* A valid argument at @to, which tells the kernel that it has @size bytes. */
static void valid(const struct command *command, void *to, uint32_t size)
{
	struct vcontext_open open = { .how = VCONTEXT_OPEN_CREATE, .id = VCONTEXT_ID_ANY };
	static struct vcontext_address *address;	/* where 32-bit programs can have it, too */
	struct vcontext_bind bind = { .count = 1 };

	if (!address) {
		address = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
		*address = tie_address("127.0.0.1");
	}
	bind.addresses = (unsigned long)address;

	memset(to, 0, command->size);
	if (command->cmd == VCONTEXT_OPEN)
		memcpy(to, &open, sizeof(open));
	if (command->cmd == VCONTEXT_BIND)
		memcpy(to, &bind, sizeof(bind));
	memcpy(to, &size, sizeof(size));
}

static int fd_for(const struct command *command)
{
	return command->handle ? handle : device;
}

/*
 * The answer to a call in a process of its own, which may be elsewhere after it; @moved tells
 * whether it was.
 */
static int try(caller call, int fd, unsigned int cmd, void *arg, bool *moved)
{
	static int *answer;
	pid_t pid;

	if (!answer)
		answer = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
			      0);
	pid = must_fork();
	if (!pid) {
		answer[0] = call(fd, cmd, arg);
		answer[1] = context_info(device).id != VCONTEXT_ID_HOST;
		_exit(0);
	}
	if (must_wait(pid))
		return INT32_MIN;
	if (moved)
		*moved = answer[1];
	return answer[0] > 0 ? 0 : answer[0];
}

/* Faults of one case. */
static char fault[256];
static unsigned int faults;

static void expect(int have, int want, const char *what, const char *name, long detail)
{
	if (have == want || faults++)
		return;
	snprintf(fault, sizeof(fault), "%s of %s (%#lx): %s, not %s", what, name,
		 (unsigned long)detail, have ? strerrorname_np(-have) : "0",
		 want ? strerrorname_np(-want) : "0");
}

static void close_case(const char *name, int bits)
{
	char text[128];

	snprintf(text, sizeof(text), "%s, %d-bit", name, bits);
	result(!faults, text, "%u faults, first: %s", faults, fault);
	faults = 0;
}

static void sizes(caller call, const struct command *command)
{
	static const uint32_t huge[] = { PAGE + 1, 65536, 0x7fffffff, 0x80000000, UINT32_MAX };
	int fd = fd_for(command);
	uint32_t size;
	size_t i;

	for (size = 0; size <= command->size + 16; size++) {
		memset(memory, 0, PAGE);
		valid(command, memory, size);
		expect(try(call, fd, command->cmd, memory, NULL),
		       size < command->size ? -EINVAL : 0, "size", command->name, size);
		if (size <= command->size)
			continue;
		memory[size - 1] = 1;
		expect(try(call, fd, command->cmd, memory, NULL), -E2BIG, "a field more, size",
		       command->name, size);
	}
	memset(memory, 0, PAGE);
	valid(command, memory, PAGE);
	expect(try(call, fd, command->cmd, memory, NULL), 0, "size", command->name, PAGE);
	for (i = 0; i < ARRAY_SIZE(huge); i++) {
		valid(command, memory, huge[i]);
		expect(try(call, fd, command->cmd, memory, NULL), -E2BIG, "size", command->name,
		       huge[i]);
	}
}

static void pointers(caller call, const struct command *command)
{
	unsigned char *const bad[] = {
		NULL, (unsigned char *)1, memory + PAGE, memory + 2 * PAGE - 4,
		(unsigned char *)0x7ffffffff000UL, (unsigned char *)0xffffffff81000000UL,
		(unsigned char *)0xfffffffffffffff0UL, (unsigned char *)0x8000000000000000UL,
	};
	int fd = fd_for(command);
	unsigned int at;
	bool moved;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		expect(try(call, fd, command->cmd, bad[i], NULL), -EFAULT, "pointer",
		       command->name, (long)bad[i]);
	/* a structure that runs out of the memory that is there */
	for (at = 1; at < command->size; at++) {
		unsigned char bytes[64];

		valid(command, bytes, command->size);
		memcpy(memory + PAGE - at, bytes, at);
		expect(try(call, fd, command->cmd, memory + PAGE - at, NULL), -EFAULT,
		       "part of the structure", command->name, at);
	}
	/* unaligned, and up to the last byte */
	valid(command, memory + PAGE - command->size, command->size);
	expect(try(call, fd, command->cmd, memory + PAGE - command->size, NULL), 0,
	       "the page's last bytes", command->name, 0);
	valid(command, memory + 1, command->size);
	expect(try(call, fd, command->cmd, memory + 1, NULL), 0, "odd address", command->name, 1);
	/* only to read: nothing is done, since the answer can't be given */
	mprotect(memory + 2 * PAGE, PAGE, PROT_READ | PROT_WRITE);
	valid(command, memory + 2 * PAGE, command->size);
	mprotect(memory + 2 * PAGE, PAGE, PROT_READ);
	expect(try(call, fd, command->cmd, memory + 2 * PAGE, &moved), command->out ? -EFAULT : 0,
	       "read-only memory", command->name, 0);
	expect(moved, 0, "moved without an answer", command->name, 0);
}

/* Numbers that are no command here, and the parts of a number that don't matter. */
static void numbers(caller call)
{
	unsigned int nr, cmd;
	bool known;
	size_t i;

	memset(memory, 0, PAGE);
	for (nr = 0; nr < 256; nr++) {
		for (i = 0, known = false; i < ARRAY_SIZE(commands); i++)
			known |= !commands[i].handle && _IOC_NR(commands[i].cmd) == nr;
		if (!known)
			expect(call(device, _IOWR(VCONTEXT_IOC, nr, struct vcontext_info), memory),
			       -ENOTTY, "number", "the device", nr);
		/* those with no structure, or one that names descriptors or processes */
		known = nr == _IOC_NR(VCONTEXT_ENTER) ||
			(nr >= _IOC_NR(VCONTEXT_PID_NS) &&
			 nr <= _IOC_NR(VCONTEXT_ENTER_AT_EXEC)) || nr == _IOC_NR(VCONTEXT_SIGNAL);
		for (i = 0; i < ARRAY_SIZE(commands); i++)
			known |= commands[i].handle && _IOC_NR(commands[i].cmd) == nr;
		if (!known)
			expect(call(handle, _IOWR(VCONTEXT_IOC, nr, struct vcontext_info), memory),
			       -ENOTTY, "number", "a handle", nr);
	}
	for (nr = 0; nr < 256; nr++) {
		/* 'T', 'f' and a few others are the kernel's own, for all files */
		if (nr == VCONTEXT_IOC || nr == 0x12 || nr == 0x54 || nr == 0x66 || nr == 0x58 ||
		    nr == 0x94 || nr == 0)
			continue;
		cmd = _IOWR(nr, 0, struct vcontext_info);
		expect(call(device, cmd, memory), -ENOTTY, "type", "the device", cmd);
		expect(call(handle, cmd | 16, memory), -ENOTTY, "type", "a handle", cmd | 16);
	}
	for (nr = 0; nr < 1 << 16; nr += 251) {
		cmd = nr << 16 | (VCONTEXT_INFO & 0xffff);
		valid(&commands[0], memory, sizeof(struct vcontext_info));
		expect(call(device, cmd, memory), 0, "direction and size", "the device", cmd);
	}
}

static void descriptors(caller call)
{
	int others[] = {
		open("/dev/null", O_RDWR | O_CLOEXEC), open("/", O_RDONLY | O_CLOEXEC),
		eventfd(0, EFD_CLOEXEC), memfd_create("x", MFD_CLOEXEC),
	};
	int path = open(VCONTEXT_DEVICE, O_PATH | O_CLOEXEC);
	size_t i, k;

	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		const struct command *command = &commands[i];

		valid(command, memory, command->size);
		expect(try(call, command->handle ? device : handle, command->cmd, memory, NULL),
		       -ENOTTY, "the other kind of descriptor", command->name, 0);
		for (k = 0; k < ARRAY_SIZE(others); k++)
			expect(try(call, others[k], command->cmd, memory, NULL), -ENOTTY,
			       "another file", command->name, k);
		expect(try(call, path, command->cmd, memory, NULL), -EBADF, "O_PATH",
		       command->name, 0);
		expect(try(call, -1, command->cmd, memory, NULL), -EBADF, "-1", command->name, 0);
		expect(try(call, 1 << 20, command->cmd, memory, NULL), -EBADF, "no descriptor",
		       command->name, 0);
	}
	expect(try(call, device, VCONTEXT_ENTER, NULL, NULL), -ENOTTY, "the device", "ENTER", 0);
	expect(try(call, device, VCONTEXT_PID_NS, NULL, NULL), -ENOTTY, "the device", "PID_NS", 0);
	expect(try(call, device, VCONTEXT_KILL, NULL, NULL), -ENOTTY, "the device", "KILL", 0);
	expect(try(call, device, VCONTEXT_KEEP, NULL, NULL), -ENOTTY, "the device", "KEEP", 0);
	expect(try(call, device, VCONTEXT_KEPT, NULL, NULL), -ENOTTY, "the device", "KEPT", 0);
	expect(try(call, device, VCONTEXT_FORGET, NULL, NULL), -ENOTTY, "the device", "FORGET", 0);
	for (k = 0; k < ARRAY_SIZE(others); k++)
		close(others[k]);
	close(path);
}

/* The fields of which some bits have to be zero: all but @allowed. */
static const struct field {
	unsigned int cmd;
	size_t offset, size;
	uint64_t allowed;
} fields[] = {
#define FIELD(cmd, type, field, allowed)					\
	{ cmd, offsetof(struct type, field), sizeof(((struct type *)0)->field), allowed }
	FIELD(VCONTEXT_NEW, vcontext_new, flags, FLAGS),
	FIELD(VCONTEXT_NEW, vcontext_new, pad, 0),
	FIELD(VCONTEXT_NEW, vcontext_new, drop, CAPABILITIES),
	FIELD(VCONTEXT_OPEN, vcontext_open, how, VCONTEXT_OPEN_CREATE | VCONTEXT_OPEN_EXCL),
	FIELD(VCONTEXT_OPEN, vcontext_open, flags, FLAGS),
	FIELD(VCONTEXT_OPEN, vcontext_open, drop, CAPABILITIES),
	FIELD(VCONTEXT_LIST, vcontext_list, pad, 0),
	FIELD(VCONTEXT_BIND, vcontext_bind, flags, VCONTEXT_BIND_LOOPBACK),
	FIELD(VCONTEXT_BIND, vcontext_bind, pad, 0),
	FIELD(VCONTEXT_LOWER, vcontext_lower, pad, 0),
	FIELD(VCONTEXT_LOWER, vcontext_lower, drop, CAPABILITIES),
	FIELD(VCONTEXT_ADD_FLAGS, vcontext_flags, flags, FLAGS),
	FIELD(VCONTEXT_LOWER_CONTEXT, vcontext_lower, pad, 0),
	FIELD(VCONTEXT_LOWER_CONTEXT, vcontext_lower, drop, CAPABILITIES),
	FIELD(VCONTEXT_PROCESSES, vcontext_processes, pad, 0),
#undef FIELD
};

static const struct command *command_of(unsigned int cmd)
{
	const struct command *command = commands;

	while (command->cmd != cmd)
		command++;
	return command;
}

static void fill(const struct field *field, uint64_t bits)
{
	const struct command *command = command_of(field->cmd);
	uint64_t value;

	valid(command, memory, command->size);
	memcpy(&value, memory + field->offset, sizeof(value));
	value |= bits;
	memcpy(memory + field->offset, &value, field->size);
}

/*
 * Each bit of @field that is not allowed, alone.  One process for all: none of these does anything.
 * The exit status is the first bit that was taken, or the field's number of bits.
 */
static void reserved_bits(caller call, const struct field *field)
{
	const struct command *command = command_of(field->cmd);
	unsigned int bit, bits = 8 * field->size;
	pid_t pid = must_fork();

	if (!pid) {
		for (bit = 0; bit < bits; bit++) {
			fill(field, 1ULL << bit);
			if (!(field->allowed & 1ULL << bit) &&
			    call(fd_for(command), command->cmd, memory) != -EINVAL)
				break;
		}
		_exit(bit);
	}
	bit = must_wait(pid);
	expect(bit == bits ? -EINVAL : 0, -EINVAL, "a reserved bit", command->name, bit);
}

static void reserved(caller call)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(fields); i++) {
		reserved_bits(call, &fields[i]);
		if (fields[i].allowed != CAPABILITIES)
			continue;
		fill(&fields[i], CAPABILITIES);
		expect(try(call, fd_for(command_of(fields[i].cmd)), fields[i].cmd, memory, NULL), 0,
		       "all capabilities", command_of(fields[i].cmd)->name, 0);
	}
}

static void all(caller call, int bits)
{
	char name[64];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		snprintf(name, sizeof(name), "%s: sizes", commands[i].name);
		sizes(call, &commands[i]);
		close_case(name, bits);
		snprintf(name, sizeof(name), "%s: pointers", commands[i].name);
		pointers(call, &commands[i]);
		close_case(name, bits);
	}
	numbers(call);
	close_case("numbers of commands", bits);
	descriptors(call);
	close_case("descriptors", bits);
	reserved(call);
	close_case("reserved bits", bits);
}

int main(void)
{
	struct state before;

	plan(2 * (2 * ARRAY_SIZE(commands) + 3) + 3);
	device = open_device();
	if (device < 0)
		die(VCONTEXT_DEVICE);
	before = state_now(device);
	handle = context_create(device);
	memory = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	if (handle < 0 || memory == MAP_FAILED)
		die("setting up");
	mprotect(memory + PAGE, PAGE, PROT_NONE);
	mprotect(memory + 3 * PAGE, PAGE, PROT_NONE);
	all(ioctl_64, 64);
	all(ioctl_32, 32);
	close(handle);
	check_state(device, &before);
	return failures ? 1 : 0;
}
