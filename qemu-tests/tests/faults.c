// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every command that needs memory for more than a context, without memory: with groups of the
 * scheduler, private loopbacks, PID namespaces, what is kept, execve(); and the module itself.
 */
#include "faults.h"
#include "module.h"
#include "tie.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/sendfile.h>
#include <sys/stat.h>

#define LAST_ALLOCATIONS	300	/* of loading a module: those of its own are the last */
#define KMEMLEAK		"/sys/kernel/debug/kmemleak"

static char program[64];		/* this one, where to read it needs few allocations */
static char expected[2][16];	/* context and addresses, for the program that is executed */

static void open_handle(uint32_t id, uint32_t flags)
{
	handle = context_open(device, VCONTEXT_OPEN_CREATE, id, flags);
	if (handle < 0)
		die("VCONTEXT_OPEN");
}

static void prepare_any(void)
{
	open_handle(VCONTEXT_ID_ANY, 0);
}

static void prepare_sched(void)
{
	open_handle(VCONTEXT_ID_ANY, VCONTEXT_SCHED);
}

static void prepare_fakeinit(void)
{
	open_handle(VCONTEXT_ID_ANY, VCONTEXT_FAKEINIT);
}

static int run_keep(void)
{
	struct vcontext_keep arg = { .size = sizeof(arg) };
	int err;

	arg.mounts = open("/proc/thread-self/ns/mnt", O_RDONLY | O_CLOEXEC);
	arg.names = open("/proc/thread-self/ns/uts", O_RDONLY | O_CLOEXEC);
	err = arg.mounts < 0 || arg.names < 0 ? -ENOMEM : call(handle, VCONTEXT_KEEP, &arg);
	if (arg.mounts >= 0)
		close(arg.mounts);
	if (arg.names >= 0)
		close(arg.names);
	return err;
}

static void prepare_keeper(void)
{
	open_handle(FAULTS_KEEPS, 0);
}

static void prepare_kept(void)
{
	prepare_keeper();
	if (run_keep())
		die("VCONTEXT_KEEP");
}

/* With addresses, by a process that has gone: who keeps something is not tied to anything. */
static void prepare_kept_tied(void)
{
	pid_t pid;

	prepare_keeper();
	pid = must_fork();
	if (!pid)
		_exit(tie_to(device, "127.0.0.1", 0) || run_keep());
	if (must_wait(pid))
		die("VCONTEXT_KEEP with addresses");
	snprintf(expected[1], sizeof(expected[1]), "127.0.0.1");
}

static bool is_kept(void)
{
	return context_stat(handle).state & VCONTEXT_IS_KEPT;
}

static bool is_forgotten(void)
{
	return !is_kept();
}

static int run_kept(void)
{
	return have_if(call(handle, VCONTEXT_KEPT, (void *)CLONE_NEWNS));
}

static int run_forget(void)
{
	return call(handle, VCONTEXT_FORGET, NULL);
}

static int run_arm(void)
{
	return call(handle, VCONTEXT_ENTER_AT_EXEC, NULL);
}

/* The new one takes the place of the old one, or that stays. */
static void prepare_armed(void)
{
	prepare_any();
	if (run_arm())
		die("VCONTEXT_ENTER_AT_EXEC");
}

static void prepare_exec(void)
{
	snprintf(expected[0], sizeof(expected[0]), "%u", context_stat(handle).id);
	/* what is told to the program, which is to stay open */
	if (fcntl(fail_nth, F_SETFD, 0))
		die("fcntl");
}

static void prepare_exec_sched(void)
{
	prepare_sched();
	if (run_arm())
		die("VCONTEXT_ENTER_AT_EXEC");
	prepare_exec();
}

static void prepare_exec_kept(void)
{
	prepare_kept_tied();
	if (run_arm())
		die("VCONTEXT_ENTER_AT_EXEC");
	prepare_exec();
}

static void prepare_exec_fakeinit(void)
{
	prepare_fakeinit();
	if (run_arm())
		die("VCONTEXT_ENTER_AT_EXEC");
	prepare_exec();
}

/*
 * Whether who was to be the first in it has entered or died on the way: a context that waits for
 * nobody any more has ended, to who holds it.
 */
static void __attribute__((noreturn)) watch(int process)
{
	struct pollfd end = { .fd = process, .events = POLLIN };
	struct pollfd empty = { .fd = handle, .events = POLLIN };
	struct vcontext_flags late = { .size = sizeof(late), .flags = VCONTEXT_FAKEINIT };
	bool claimed, ended;

	poll(&end, 1, -1);
	claimed = call(handle, VCONTEXT_ADD_FLAGS, &late) == -EINVAL;
	ended = poll(&empty, 1, claimed ? 5000 : 0) == 1;
	if (claimed != ended)
		give_up("allocation %d: it is claimed %d, has ended %d", found->nth, claimed, ended);
	_exit(0);
}

/* Who looks on has the descriptors in common, of which execve() makes a copy late. */
static void prepare_exec_watched(void)
{
	int process = syscall(SYS_pidfd_open, getpid(), 0);
	long pid;

	prepare_any();
	if (run_arm())
		die("VCONTEXT_ENTER_AT_EXEC");
	prepare_exec();
	pid = syscall(SYS_clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0);
	if (process < 0 || pid < 0)
		die("who looks on");
	if (!pid)
		watch(process);
}

static int run_exec(void)
{
	char fd[16];
	char *const argv[] = { "faults", "-x", fd, expected[0], expected[1], NULL };

	snprintf(fd, sizeof(fd), "%d", fail_nth);
	execv(program, argv);
	return -errno;
}

/* The program: "faults -x FAIL_NTH CONTEXT ADDRESSES" ends as an attempt does. */
static int executed(char **argv)
{
	char status[4096], want[64];
	int left;

	fail_nth = atoi(argv[0]);
	left = end_fail_nth();
	read_text("/proc/thread-self/status", status, sizeof(status));
	snprintf(want, sizeof(want), "\ns_context:\t%s\n", argv[1]);
	if (!strstr(status, want))
		return 4;
	snprintf(want, sizeof(want), "\nipv4root:\t%s\n", *argv[2] ? argv[2] : "0.0.0.0");
	if (!strstr(status, want))
		return 5;
	return left ? UNMET : MET;
}

static int run_enter(void)
{
	return context_enter(handle);
}

static bool has_entered(void)
{
	return context_info(device).id == context_stat(handle).id &&
	       context_stat(handle).processes == 1 && context_stat(handle).tasks == 1;
}

static int run_new_sched(void)
{
	return context_new(device, VCONTEXT_SCHED, NULL);
}

static int run_new_fakeinit(void)
{
	return context_new(device, VCONTEXT_FAKEINIT, NULL);
}

static bool is_inside(void)
{
	return context_info(device).id >= VCONTEXT_ID_ALLOT_MIN;
}

static int run_open_sched(void)
{
	return context_open(device, VCONTEXT_OPEN_CREATE, VCONTEXT_ID_ANY, VCONTEXT_SCHED);
}

static int run_bind_loopback(void)
{
	return tie_to(device, "10.1.0.1/24", VCONTEXT_BIND_LOOPBACK);
}

static int run_bind_many(void)
{
	char text[VCONTEXT_ADDRESSES_MAX * 16] = "";
	size_t i, at = 0;

	for (i = 0; i < VCONTEXT_ADDRESSES_MAX; i++)
		at += snprintf(text + at, sizeof(text) - at, "10.1.0.%zu ", i + 1);
	return tie_to(device, text, 0);
}

/* A context with a process 1 and another one, which end with this process. */
static void __attribute__((noreturn)) inhabit(int ready)
{
	if (context_enter(handle))
		die("VCONTEXT_ENTER");
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (!must_fork()) {
		signal(SIGRTMIN, SIG_IGN);
		(void)!write(ready, "", 1);
	}
	for (;;)
		pause();
}

static void prepare_inhabited(void)
{
	int ready[2];
	char c;

	prepare_fakeinit();
	if (pipe2(ready, O_CLOEXEC) || unshare(CLONE_NEWPID))
		die("a process 1");
	if (!must_fork())
		inhabit(ready[1]);
	close(ready[1]);
	if (read(ready[0], &c, 1) != 1)
		die("a process 1");
	close(ready[0]);
}

static int run_pid_ns(void)
{
	return have_if(call(handle, VCONTEXT_PID_NS, NULL));
}

static int run_kill(void)
{
	return call(handle, VCONTEXT_KILL, (void *)SIGSTOP);
}

static int run_kill_all(void)
{
	return call(handle, VCONTEXT_KILL, (void *)((long)SIGRTMIN | VCONTEXT_KILL_ALL));
}

/* The second one has a higher number. */
static int run_processes(void)
{
	uint32_t numbers[4];
	struct vcontext_processes arg = { .size = sizeof(arg), .count = ARRAY_SIZE(numbers),
					  .numbers = (uintptr_t)numbers };
	struct vcontext_signal one = { .size = sizeof(one), .signal = SIGRTMIN };
	int err = call(handle, VCONTEXT_PROCESSES, &arg);

	if (err || arg.count != 2)
		return err ? err : -EIO;
	one.process = numbers[1];
	return call(handle, VCONTEXT_SIGNAL, &one);
}

static const struct operation operations[] = {
	{ "KEEP", 0, prepare_keeper, run_keep, is_kept },
	{ "KEPT", AGAIN, prepare_kept, run_kept },
	{ "FORGET", 0, prepare_kept_tied, run_forget, is_forgotten },
	{ "ENTER_AT_EXEC", 0, prepare_any, run_arm },
	{ "ENTER_AT_EXEC of another one", 0, prepare_armed, run_arm },
	{ "execve() that enters, with the flag sched", MAY_DIE, prepare_exec_sched, run_exec,
	  .errors = { E2BIG, EAGAIN } },
	{ "execve() that enters, and is looked at", MAY_DIE, prepare_exec_watched, run_exec,
	  .errors = { E2BIG, EAGAIN } },
	{ "execve() that enters what keeps addresses", MAY_DIE, prepare_exec_kept, run_exec,
	  .errors = { E2BIG, EAGAIN } },
	{ "execve() that enters as process 1", MAY_DIE | AS_FIRST, prepare_exec_fakeinit,
	  run_exec, .errors = { E2BIG, EAGAIN } },
	{ "ENTER with the flag sched", 0, prepare_sched, run_enter, has_entered },
	{ "ENTER of what keeps addresses", 0, prepare_kept_tied, run_enter, has_entered },
	{ "ENTER as process 1", AS_FIRST, prepare_fakeinit, run_enter, has_entered },
	{ "NEW with the flag sched", 0, NULL, run_new_sched, is_inside },
	{ "NEW with the flag sched of a user", AS_USER, NULL, run_new_sched, is_inside },
	{ "NEW with the flag sched inside one", IN_CONTEXT, NULL, run_new_sched, is_inside },
	{ "NEW as process 1", AS_FIRST, NULL, run_new_fakeinit, is_inside },
	{ "OPEN of a new one with the flag sched", 0, NULL, run_open_sched,
	  .errors = { ENFILE } },
	{ "BIND with a loopback", 0, NULL, run_bind_loopback },
	{ "BIND of a user to as many as can be", AS_USER, NULL, run_bind_many },
	{ "PID_NS", AGAIN, prepare_inhabited, run_pid_ns, .errors = { ENFILE } },
	{ "KILL", AGAIN, prepare_inhabited, run_kill },
	{ "KILL of all", AGAIN, prepare_inhabited, run_kill_all },
	{ "PROCESSES and SIGNAL", AGAIN, prepare_inhabited, run_processes },
};

/* The number of a private loopback is the lowest that nobody has: that of the first one. */
static bool loopback_is_first(void)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	char text[8192];
	int fd, ready[2], go[2];
	pid_t pid;
	char c;

	if (pipe2(ready, O_CLOEXEC) || pipe2(go, O_CLOEXEC))
		die("pipe");
	pid = must_fork();
	if (!pid) {
		close(go[1]);
		fd = socket(AF_INET, SOCK_STREAM, 0);
		if (run_bind_loopback() || bind(fd, (void *)&in, sizeof(in)) || listen(fd, 1))
			die("a private loopback");
		(void)!write(ready[1], "", 1);
		(void)!read(go[0], &c, 1);
		_exit(0);
	}
	(void)!read(ready[0], &c, 1);
	read_text("/proc/net/tcp", text, sizeof(text));
	close(go[1]);
	must_wait(pid);
	close(ready[0]);
	close(ready[1]);
	close(go[0]);
	return strstr(text, " 0100407F:");	/* 127.64.0.1 */
}

/* The module */

static bool is_loaded(void)
{
	char text[4096];

	read_text("/proc/modules", text, sizeof(text));
	return strstr(text, "vcontext ") || !access(VCONTEXT_DEVICE, F_OK);
}

/* With the @n-th allocation failing, if there are so many: then @left is 0. */
static int load_failing(int n, int *left)
{
	int err;

	set_fail_nth(n);
	err = module_load();
	*left = end_fail_nth();
	return err;
}

/* Nothing is left of one that could not be loaded, so that it can be the next time. */
static void load_without_memory(void)
{
	int left, err = load_failing(INT32_MAX, &left), total = INT32_MAX - left;
	int n = total > LAST_ALLOCATIONS ? total - LAST_ALLOCATIONS : 0, fatal = 0;
	bool gone = false;

	while (left && !err) {
		n++;
		if (!gone)
			err = module_unload_soon();
		if (err)
			break;
		err = load_failing(n, &left);
		if (left)
			break;
		gone = err;
		/* a number for the device is looked for, and none is found */
		if (err == -ENOMEM || err == -EBUSY) {
			err = is_loaded() ? -EEXIST : 0;
			fatal++;
		}
		left = 1;
	}
	printf("# loading the module: %d allocations, %d of the last %d are fatal\n", total, fatal,
	       LAST_ALLOCATIONS);
	result(!err && fatal, "loading the module without memory", "allocation %d of %d: %s", n,
	       total, err ? strerror(-err) : "none is fatal");
}

/*
 * The kernel itself loses the name of a cache for which sysfs has no memory (sysfs_slab_add()).
 * That is forgotten, so that it is not reported at the end; what else is lost is ours.  Returns how
 * much that is.
 */
static int forget_names_of_caches(void)
{
	int lost = 0, names = 0;
	char *line = NULL;
	size_t size = 0;
	FILE *f;

	/* what is younger than five seconds is not reported, nor what one scan misses */
	write_text(KMEMLEAK, "scan");
	nap(5500000);
	write_text(KMEMLEAK, "scan");
	f = fopen(KMEMLEAK, "re");
	if (!f)
		die(KMEMLEAK);
	while (getline(&line, &size, f) > 0) {
		lost += !strncmp(line, "unreferenced", strlen("unreferenced"));
		names += !!strstr(line, "sysfs_slab_add");
	}
	free(line);
	fclose(f);
	if (lost == names)
		write_text(KMEMLEAK, "clear");
	return lost - names;
}

static void copy_program(void)
{
	int from = open("/proc/self/exe", O_RDONLY | O_CLOEXEC), to;
	struct stat st;

	snprintf(program, sizeof(program), "/tmp/faults-%d", (int)getpid());
	to = open(program, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);
	if (from < 0 || to < 0 || fstat(from, &st) ||
	    sendfile(to, from, NULL, st.st_size) != st.st_size)
		die("%s", program);
	close(from);
	close(to);
}

int main(int argc, char **argv)
{
	struct state before;
	int rest, err, lost;

	if (argc == 5 && !strcmp(argv[1], "-x"))
		return executed(argv + 2);
	device = open_device();
	if (device < 0)
		die(VCONTEXT_DEVICE);
	rest = count_chosen(operations, ARRAY_SIZE(operations), argv + 1) + 7;
	plan(rest);
	if (!faults_set_up()) {
		while (rest--)
			skip("commands without memory", "this kernel has no fault injection");
		return 0;
	}
	copy_program();
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	hold_user();
	before = state_now(device);
	try_chosen(operations, ARRAY_SIZE(operations), argv + 1);
	unlink(program);
	result(comes_true(loopback_is_first), "no private loopback is left",
	       "the first is not free");
	check_state(device, &before);
	close(device);
	module_find();
	open_fail_nth();
	err = module_unload_soon();
	result(!err, "the module unloads", "%s", strerror(-err));
	load_without_memory();
	lost = forget_names_of_caches();
	result(!lost, "no memory is lost", "%d pieces", lost);
	return failures ? 1 : 0;
}
