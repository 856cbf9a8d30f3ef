// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rights of others, by which a ceiling could be got around: those of a process with a wider one,
 * and those that an io_uring was told of before the own ceiling was lowered.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/io_uring.h>
#include <linux/kcmp.h>

#include "caps.h"
#include "missing.h"

#define ONE	CAP(NET_RAW)
#define TWO	CAP(SYS_TIME)

/* What is done to a process: 0 or an errno. */

static int do_attach(pid_t pid)
{
	int error = result(ptrace(PTRACE_ATTACH, pid, 0, 0));

	if (!error) {
		waitpid(pid, NULL, __WALL);
		ptrace(PTRACE_DETACH, pid, 0, 0);
	}
	return error;
}

static int do_seize(pid_t pid)
{
	return result(ptrace(PTRACE_SEIZE, pid, 0, 0));
}

static char place[16];		/* at one address in both */

static int do_readv(pid_t pid)
{
	char copy[sizeof(place)];
	struct iovec to = { copy, sizeof(copy) }, from = { place, sizeof(place) };

	return result(process_vm_readv(pid, &to, 1, &from, 1, 0));
}

static int do_writev(pid_t pid)
{
	char copy[sizeof(place)] = "";
	struct iovec from = { copy, sizeof(copy) }, to = { place, sizeof(place) };

	return result(process_vm_writev(pid, &from, 1, &to, 1, 0));
}

static int do_getfd(pid_t pid)
{
	int pidfd = syscall(SYS_pidfd_open, pid, 0);

	ktap_expect(pidfd >= 0, "pidfd_open: %s", errno_name(errno));
	return result(syscall(SYS_pidfd_getfd, pidfd, 1, 0));
}

static int do_kcmp(pid_t pid)
{
	return result(syscall(SYS_kcmp, getpid(), pid, KCMP_VM, 0, 0));
}

static int open_of(pid_t pid, const char *name, int flags)
{
	return result(open(ktap_text("/proc/%d/%s", pid, name), flags | O_CLOEXEC));
}

static int do_mem(pid_t pid)
{
	return open_of(pid, "mem", O_RDWR);
}

static int do_mem_read(pid_t pid)
{
	return open_of(pid, "mem", O_RDONLY);
}

static int do_environ(pid_t pid)
{
	return open_of(pid, "environ", O_RDONLY);
}

static int do_maps(pid_t pid)
{
	return open_of(pid, "maps", O_RDONLY);
}

static int do_fd(pid_t pid)
{
	return open_of(pid, "fd/90", O_RDONLY);
}

static int do_root(pid_t pid)
{
	return open_of(pid, "root/etc", O_RDONLY | O_DIRECTORY);
}

static int do_namespace(pid_t pid)
{
	return open_of(pid, "ns/mnt", O_RDONLY);
}

static int do_exe(pid_t pid)
{
	char target[256];

	return result(readlink(ktap_text("/proc/%d/exe", pid), target, sizeof(target)));
}

static const struct look {
	const char *name;
	int (*run)(pid_t pid);
} looks[] = {
	{ "PTRACE_ATTACH", do_attach },
	{ "PTRACE_SEIZE", do_seize },
	{ "process_vm_readv", do_readv },
	{ "process_vm_writev", do_writev },
	{ "pidfd_getfd", do_getfd },
	{ "kcmp", do_kcmp },
	{ "/proc/PID/mem", do_mem },
	{ "/proc/PID/mem to read", do_mem_read },
	{ "/proc/PID/environ", do_environ },
	{ "/proc/PID/maps", do_maps },
	{ "/proc/PID/fd", do_fd },
	{ "/proc/PID/root", do_root },
	{ "/proc/PID/ns", do_namespace },
	{ "/proc/PID/exe", do_exe },
};

/* Ceilings of target and actor, and whether the one may look into the other. */
static const struct {
	__u64 target, actor;
	bool may;
} ceilings[] = {
	{ 0, 0, true },
	{ ONE, 0, true },
	{ ONE, ONE, true },
	{ ONE | TWO, ONE, true },
	{ 0, ONE, false },
	{ ONE, ONE | TWO, false },
	{ ONE, TWO, false },
};

static void be_target(void *drop)
{
	dup2(open("/dev/null", O_RDWR), SPARE);
	if (*(const __u64 *)drop)
		lower(*(const __u64 *)drop);
}

struct attempt {
	const struct look *look;
	pid_t pid;
	size_t which;
};

static void attempt(void *data)
{
	const struct attempt *a = data;
	int error;

	if (ceilings[a->which].actor)
		lower(ceilings[a->which].actor);
	error = a->look->run(a->pid);
	if (ceilings[a->which].may)
		ktap_expect(!error, "%#llx by %#llx: expected success, came %s",
			    ceilings[a->which].target, ceilings[a->which].actor,
			    errno_name(error));
	else
		ktap_expect(error == EPERM || error == EACCES,
			    "%#llx by %#llx: expected EPERM, came %s", ceilings[a->which].target,
			    ceilings[a->which].actor, errno_name(error));
}

static void look_at_all(const struct look *look)
{
	struct attempt a = { look };
	struct sitter sitter;

	for (a.which = 0; a.which < ARRAY_SIZE(ceilings); a.which++) {
		sitter = sitter_start(be_target, (void *)&ceilings[a.which].target);
		a.pid = sitter.pid;
		in_child(attempt, &a);
		sitter_end(&sitter);
	}
}

/* With CAP_SYS_PTRACE, which "secure" keeps. */
static void run_look_root(const void *look)
{
	look_at_all(look);
}

static void run_look_user(const void *look)
{
	become(USER);
	look_at_all(look);
}

static void run_look_inside(const void *look)
{
	enter_new(0);
	look_at_all(look);
}

/* What there is in real life: all of "secure" against process 1, and against a login. */
static void run_secure(const void *look)
{
	const struct look *a = look;
	struct sitter sitter = sitter_start(be_target, &(__u64){ 0 });
	int error;

	lower(CAPS_ALL & ~VCONTEXT_SECURE_KEEPS);
	error = a->run(sitter.pid);
	ktap_expect(error == EPERM || error == EACCES, "expected EPERM, came %s",
		    errno_name(error));
	if (a->run != do_readv && a->run != do_writev && a->run != do_fd) {
		error = a->run(1);
		ktap_expect(error == EPERM || error == EACCES, "process 1: expected EPERM, came %s",
			    errno_name(error));
	}
	sitter_end(&sitter);
}

/* A child that has more than its parent, which lowered its own since, asks it to trace. */
static void ask(int go, int want)
{
	char byte;
	int error;

	ktap_expect(read(go, &byte, 1) == 1, "read");
	error = result(ptrace(PTRACE_TRACEME, 0, 0, 0));
	ktap_expect(error == want, "expected %s, came %s", errno_name(want), errno_name(error));
}

static void run_traceme(const void *wider)
{
	int go[2];
	pid_t pid;

	ktap_expect(!pipe(go), "pipe");
	if (!wider)
		lower(ONE);
	pid = fork_or_fail();
	if (!pid) {
		ask(go[0], wider ? EPERM : 0);
		_exit(0);
	}
	if (wider)
		lower(ONE);
	ktap_expect(write(go[1], "", 1) == 1, "write");
	wait_exit(pid, 0);
	ktap_expect(caps_of(0).bounding == (CAPS_ALL & ~ONE), "CapBnd: %#llx", caps_of(0).bounding);
}

/* io_uring */

#define SECRET	"/var/tmp/secret"

static struct {
	int fd;
	unsigned char *ring;		/* both queues */
	struct io_uring_sqe *entries;
	struct io_uring_params params;
} uring;

static void uring_start(unsigned int flags)
{
	uring.params.flags = flags;
	uring.fd = syscall(SYS_io_uring_setup, 4, &uring.params);
	if (uring.fd < 0 && errno == ENOSYS)
		ktap_skip("this kernel has no io_uring");
	ktap_expect(uring.fd >= 0, "io_uring_setup: %s", errno_name(errno));
	uring.ring = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, uring.fd,
			  IORING_OFF_SQ_RING);
	uring.entries = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, uring.fd,
			     IORING_OFF_SQES);
	ktap_expect(uring.ring != MAP_FAILED && uring.entries != MAP_FAILED &&
		    uring.params.features & IORING_FEAT_SINGLE_MMAP, "io_uring's memory");
}

static unsigned int *ring_word(unsigned int offset)
{
	return (unsigned int *)(uring.ring + offset);
}

/* Open a file with the rights of @personality, 0 for the own: a descriptor or a negative errno. */
static int uring_open(const char *path, int personality)
{
	const struct io_sqring_offsets *sq = &uring.params.sq_off;
	const struct io_cqring_offsets *cq = &uring.params.cq_off;
	unsigned int tail = *ring_word(sq->tail), head = *ring_word(cq->head);
	struct io_uring_cqe *done = (void *)(uring.ring + cq->cqes);

	uring.entries[0] = (struct io_uring_sqe){
		.opcode = IORING_OP_OPENAT, .fd = AT_FDCWD, .addr = (unsigned long)path,
		.open_flags = O_RDONLY | O_CLOEXEC, .personality = personality,
	};
	ring_word(sq->array)[tail & *ring_word(sq->ring_mask)] = 0;
	__atomic_store_n(ring_word(sq->tail), tail + 1, __ATOMIC_RELEASE);
	ktap_expect(syscall(SYS_io_uring_enter, uring.fd, 1, 1, IORING_ENTER_GETEVENTS, NULL,
			    0) == 1, "io_uring_enter: %s", errno_name(errno));
	done += head & *ring_word(cq->ring_mask);
	__atomic_store_n(ring_word(cq->head), head + 1, __ATOMIC_RELEASE);
	return done->res;
}

static int uring_register(void)
{
	int id = syscall(SYS_io_uring_register, uring.fd, IORING_REGISTER_PERSONALITY, NULL, 0);

	ktap_expect(id > 0, "IORING_REGISTER_PERSONALITY: %s", errno_name(errno));
	return id;
}

/* A file of another user's, which root reads by a right that will be dropped. */
static void make_secret(void)
{
	int fd = open(SECRET, O_WRONLY | O_CREAT | O_CLOEXEC, 0);

	ktap_expect(fd >= 0 && !fchown(fd, USER, USER) && !fchmod(fd, 0), "%s: %s", SECRET,
		    errno_name(errno));
	close(fd);
}

#define READS	(CAP(DAC_OVERRIDE) | CAP(DAC_READ_SEARCH))

static void use_personality(void *id)
{
	int fd;

	lower(READS);
	fd = uring_open(SECRET, *(int *)id);
	ktap_expect(fd == -EPERM, "expected EPERM, came %s", fd < 0 ? errno_name(-fd) : "a file");
	fd = uring_open(SECRET, 0);
	ktap_expect(fd == -EACCES, "expected EACCES, came %s", fd < 0 ? errno_name(-fd) : "a file");
	/* what is registered from now on is no wider than the caller */
	*(int *)id = uring_register();
	ktap_expect(uring_open("/dev/null", *(int *)id) >= 0, "expected to use a new personality");
	ktap_expect(uring_open(SECRET, *(int *)id) == -EACCES, "expected EACCES with a new one");
}

static void run_personality(const void *inherited)
{
	int id, fd;

	make_secret();
	uring_start(0);
	id = uring_register();
	fd = uring_open(SECRET, id);
	ktap_expect(fd >= 0, "expected it to be read, came %s", errno_name(-fd));
	if (inherited)
		in_child(use_personality, &id);
	else
		use_personality(&id);
	unlink(SECRET);
}

static void enter_and_use(void *id)
{
	int fd;

	if (!ktap_plain())
		expect_error(context_new_lower(READS), 0);
	fd = uring_open(SECRET, *(int *)id);
	ktap_expect(fd == -EPERM, "expected EPERM, came %s", fd < 0 ? errno_name(-fd) : "a file");
}

/* They are another context's, and so would be what is opened with them. */
static void enter_wide_and_use(void *id)
{
	int fd;

	enter_new(0);
	fd = uring_open("/", *(int *)id);
	ktap_expect(fd == -EPERM, "expected EPERM, came %s", fd < 0 ? errno_name(-fd) : "a file");
}

static void run_personality_inside(const void *wide)
{
	int id;

	make_secret();
	uring_start(0);
	id = uring_register();
	in_child(wide ? enter_wide_and_use : enter_and_use, &id);
	unlink(SECRET);
}

/* A thread of the process's, which has the rights from before. */
static void run_uring_thread(const void *unused)
{
	struct caps before = caps_of(0);

	(void)unused;
	uring_start(IORING_SETUP_SQPOLL);
	expect_error(context_lower(READS), EINVAL);
	caps_expect(&before, 0);
}

static const struct ktap_case cases[] = {
	{ "PTRACE_TRACEME by a child with an equal one", run_traceme },
	{ "PTRACE_TRACEME by a child with a wider one", run_traceme, "wider" },
	{ "an io_uring's personality", run_personality },
	{ "an inherited io_uring's personality", run_personality, "inherited" },
	{ "an inherited io_uring's personality in a context", run_personality_inside },
	{ "an inherited io_uring's personality in a context without a ceiling",
	  run_personality_inside, "wide" },
	{ "an io_uring with a thread", run_uring_thread },
};

static struct ktap_case look_cases[4 * ARRAY_SIZE(looks)];

int main(int argc, char **argv)
{
	static const struct {
		const char *by;
		void (*run)(const void *look);
	} actors[] = {
		{ "as root", run_look_root },
		{ "as user", run_look_user },
		{ "as root inside", run_look_inside },
		{ "under secure", run_secure },
	};
	bool brief = getenv("KTAP_BRIEF");
	size_t i;

	for (i = 0; i < ARRAY_SIZE(look_cases); i++) {
		const struct look *look = &looks[i / ARRAY_SIZE(actors)];

		/* one actor for each look, all actors among them */
		if (brief && i % ARRAY_SIZE(actors) != i / ARRAY_SIZE(actors) % ARRAY_SIZE(actors))
			continue;
		look_cases[i].name = ktap_text("%s %s", look->name,
					       actors[i % ARRAY_SIZE(actors)].by);
		look_cases[i].run = actors[i % ARRAY_SIZE(actors)].run;
		look_cases[i].data = look;
		ktap_add(&look_cases[i]);
	}
	ktap_add_all(cases);
	return ktap_main(argc, argv);
}
