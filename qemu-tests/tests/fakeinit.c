// SPDX-License-Identifier: GPL-2.0-only
/*
 * The flag fakeinit, as those inside and around see it: who is process 1, that all numbers agree,
 * orphans, and the end of process 1.  Much of that is the doing of the PID namespace, and the same
 * on any kernel.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mount.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "init.h"

#define expect_equal(value, want)						\
	do {									\
		long value_ = (value), want_ = (want);				\
		ktap_expect(value_ == want_, "%s: expected %ld, came %ld", #value, want_, value_); \
	} while (0)

/* Runs a case's function as process 1, or as a child of that: the numbers agree in both. */
static void in_both(void *function)
{
	void (*run)(void *) = *(void (**)(void *))function;

	run(NULL);
	in_child(run, NULL);
}

static void run_in_both(const void *function)
{
	void (*run)(void *) = function;

	as_init(in_both, &run);
}

/* Numbers */

static void child_of_1(void *unused)
{
	(void)unused;
	expect_equal(getppid(), 1);
	expect_equal(getpid(), 2);
	expect_equal(gettid(), 2);
	expect_equal(getpgid(1), 1);
	expect_equal(getsid(1), 1);
}

static void is_1(void *unused)
{
	(void)unused;
	expect_equal(getpid(), 1);
	expect_equal(gettid(), 1);
	expect_equal(getppid(), 0);
	expect_equal(setsid(), 1);
	expect_equal(getpgrp(), 1);
	in_child(child_of_1, NULL);
}

static void run_is_1(const void *unused)
{
	(void)unused;
	as_init(is_1, NULL);
}

static void num_proc(void *unused)
{
	char name[16] = "";

	(void)unused;
	ktap_expect(readlink("/proc/self", name, 15) > 0, "readlink: %s", errno_name(errno));
	expect_equal(atoi(name), getpid());
	expect_equal(number_in(AT_FDCWD, "/proc/self/status", "\nPid:"), getpid());
	expect_equal(number_in(AT_FDCWD, "/proc/self/status", "\nTgid:"), getpid());
	expect_equal(number_in(AT_FDCWD, "/proc/self/status", "\nPPid:"), getppid());
	expect_equal(number_in(AT_FDCWD, "/proc/self/status", "\nNSpid:"), getpid());
	expect_equal(number_in(AT_FDCWD, "/proc/self/stat", ""), getpid());
}

static void num_tid(void *unused)
{
	pid_t stored = 0, pid;

	(void)unused;
	expect_equal(syscall(SYS_set_tid_address, &stored), gettid());
	pid = syscall(SYS_clone, CLONE_PARENT_SETTID | SIGCHLD, 0, &stored, 0, 0);
	if (!pid)
		_exit(0);
	expect_equal(stored, pid);
	wait_exit(pid, 0);
}

static void num_terminal(void *unused)
{
	int master, slave;

	(void)unused;
	signal(SIGHUP, SIG_IGN);
	setsid();
	ktap_need(!openpty(&master, &slave, NULL, NULL, NULL), "openpty: %s", errno_name(errno));
	ktap_need(!ioctl(slave, TIOCSCTTY, 1), "TIOCSCTTY: %s", errno_name(errno));
	expect_equal(tcgetpgrp(slave), getpid());
	expect_equal(tcgetsid(slave), getpid());
	expect_equal(tcsetpgrp(slave, getpid()), 0);
	close(master);
	close(slave);
}

static void num_signal(void *unused)
{
	siginfo_t info = { 0 };
	pid_t parent = getpid(), pid;
	sigset_t set;

	(void)unused;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	pid = fork_or_fail();
	if (!pid) {
		ktap_expect(!kill(parent, SIGUSR1), "kill: %s", errno_name(errno));
		_exit(0);
	}
	expect_equal(sigwaitinfo(&set, &info), SIGUSR1);
	expect_equal(info.si_pid, pid);
	expect_equal(waitid(P_PID, pid, &info, WEXITED), 0);
	expect_equal(info.si_pid, pid);
}

static void num_socket(void *unused)
{
	struct ucred ucred;
	socklen_t length = sizeof(ucred);
	int line[2];

	(void)unused;
	ktap_need(!socketpair(AF_UNIX, SOCK_STREAM, 0, line), "socketpair: %s", errno_name(errno));
	expect_equal(getsockopt(line[0], SOL_SOCKET, SO_PEERCRED, &ucred, &length), 0);
	expect_equal(ucred.pid, getpid());
	close(line[0]);
	close(line[1]);
}

static void num_lock(void *unused)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1 };
	int fd = open("/tmp", O_TMPFILE | O_RDWR, 0600);
	pid_t pid, parent = getpid();

	(void)unused;
	ktap_need(fd >= 0 && !fcntl(fd, F_SETLK, &lock), "lock: %s", errno_name(errno));
	pid = fork_or_fail();
	if (!pid) {
		expect_equal(fcntl(fd, F_GETLK, &lock), 0);
		expect_equal(lock.l_pid, parent);
		_exit(0);
	}
	wait_exit(pid, 0);
	expect_equal(fcntl(fd, F_SETOWN, parent), 0);
	expect_equal(fcntl(fd, F_GETOWN), parent);
	close(fd);
}

static void num_ipc(void *unused)
{
	struct { long type; char byte; } message = { .type = 1 };
	int queue = msgget(IPC_PRIVATE, 0600), memory = shmget(IPC_PRIVATE, 1, 0600);
	int semaphore = semget(IPC_PRIVATE, 1, 0600);
	struct sembuf up = { .sem_op = 1 };
	struct msqid_ds about_queue;
	struct shmid_ds about_memory;

	(void)unused;
	ktap_need(queue >= 0 && memory >= 0 && semaphore >= 0, "IPC: %s", errno_name(errno));
	expect_equal(msgsnd(queue, &message, 1, 0), 0);
	expect_equal(msgctl(queue, IPC_STAT, &about_queue), 0);
	expect_equal(about_queue.msg_lspid, getpid());
	expect_equal(shmctl(memory, IPC_STAT, &about_memory), 0);
	expect_equal(about_memory.shm_cpid, getpid());
	expect_equal(semop(semaphore, &up, 1), 0);
	expect_equal(semctl(semaphore, 0, GETPID), getpid());
	msgctl(queue, IPC_RMID, NULL);
	shmctl(memory, IPC_RMID, NULL);
	semctl(semaphore, 0, IPC_RMID);
}

static void num_pidfd(void *unused)
{
	int fd = syscall(SYS_pidfd_open, getpid(), 0);
	const char *path = ktap_text("/proc/self/fdinfo/%d", fd);

	(void)unused;
	ktap_need(fd >= 0, "pidfd_open: %s", errno_name(errno));
	expect_equal(number_in(AT_FDCWD, path, "\nPid:"), getpid());
	expect_equal(number_in(AT_FDCWD, path, "\nNSpid:"), getpid());
	close(fd);
}

/* What /proc lists: those numbers and no others. */
static unsigned int listed(pid_t *numbers, unsigned int room)
{
	DIR *proc = opendir("/proc");
	unsigned int count = 0;
	struct dirent *entry;

	ktap_need(proc, "/proc: %s", errno_name(errno));
	while ((entry = readdir(proc)) && count < room)
		if (atoi(entry->d_name) > 0)
			numbers[count++] = atoi(entry->d_name);
	closedir(proc);
	return count;
}

static void expect_listed(unsigned int want)
{
	pid_t numbers[32];
	unsigned int count = listed(numbers, 32), i;

	ktap_expect(count == want, "expected %u processes in /proc, came %u", want, count);
	for (i = 0; i < count; i++)
		ktap_expect(numbers[i] == (pid_t)i + 1, "expected number %u in /proc, came %d", i + 1,
			    numbers[i]);
}

static void expect_three(void *unused)
{
	(void)unused;
	expect_listed(3);
}

static void proc_lists(void *unused)
{
	struct sitter sitter;

	(void)unused;
	expect_listed(1);
	sitter = sitter_start(NULL, NULL);
	expect_listed(2);
	in_child(expect_three, NULL);
	sitter_end(&sitter);
}

static void run_proc(const void *unused)
{
	(void)unused;
	as_init(proc_lists, NULL);
}

/* Orphans */

/* True in a child whose parent has ended then, and which is process 1's. */
static bool fork_orphan(void)
{
	int line[2];
	char byte;

	ktap_need(!pipe2(line, O_CLOEXEC), "pipe: %s", errno_name(errno));
	if (fork_or_fail()) {
		ktap_need(read(line[0], &byte, 1) == 1, "expected a child, came its end");
		return false;
	}
	prctl(PR_SET_PDEATHSIG, 0);
	ktap_need(write(line[1], "", 1) == 1, "write: %s", errno_name(errno));
	while (getppid() != 1)
		nap(1);
	close(line[0]);
	close(line[1]);
	return true;
}

static void leave_orphan(void *own_context)
{
	if (!fork_orphan())
		return;
	if (own_context)
		enter_new(0);
	_exit(42);
}

static void reaps(void *own_context)
{
	siginfo_t info = { 0 };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	in_child(leave_orphan, own_context);
	expect_equal(sigwaitinfo(&set, &info), SIGCHLD);
	expect_equal(waitid(P_ALL, 0, &info, WEXITED | WNOWAIT), 0);
	expect_equal(info.si_pid, 3);
	wait_exit(3, 42);
	ktap_expect(waitpid(-1, NULL, 0) < 0 && errno == ECHILD, "expected no more children");
}

static void run_reaps(const void *own_context)
{
	as_init(reaps, (void *)own_context);
}

static void orphan_elsewhere(void *line)
{
	char byte;

	if (!fork_orphan())
		return;
	enter_new(0);
	ktap_need(write(((int *)line)[1], "", 1) == 1 && read(((int *)line)[1], &byte, 1) == 0,
		  "expected to be let go");
	_exit(0);
}

/* It is the parent of one of a context made inside, and knows nothing of it but its end. */
static void knows_no_orphan(void *unused)
{
	int line[2];
	char byte;

	(void)unused;
	ktap_need(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, line), "socketpair");
	in_child(orphan_elsewhere, line);
	ktap_need(read(line[0], &byte, 1) == 1, "expected an orphan, came its end");
	ktap_expect(kill(3, 0) && errno == ESRCH, "expected ESRCH of the orphan, came %s",
		    errno_name(errno));
	expect_listed(1);
	ktap_expect(number_in(AT_FDCWD, "/proc/1/task/1/children", "") == 0,
		    "expected no child to be listed");
	shutdown(line[0], SHUT_WR);
	expect_equal(wait(NULL), 3);
}

static void run_knows_no_orphan(const void *unused)
{
	(void)unused;
	as_init(knows_no_orphan, NULL);
}

static void orphan_waits(void *unused)
{
	(void)unused;
	if (!fork_orphan())
		return;
	for (;;)
		pause();
}

static void attach_other(void *unused)
{
	(void)unused;
	ktap_expect(ptrace(PTRACE_ATTACH, 3, NULL, NULL) && errno == EPERM,
		    "not an ancestor: expected EPERM, came %s", errno_name(errno));
}

/* Yama walks up from the orphan in search of the tracer, and must come to an end. */
static void trace_orphan(void *unused)
{
	int status;

	(void)unused;
	become(USER);
	in_child(orphan_waits, NULL);
	in_child(attach_other, NULL);
	ktap_expect(!ptrace(PTRACE_ATTACH, 3, NULL, NULL), "ancestor: %s", errno_name(errno));
	expect_equal(waitpid(3, &status, 0), 3);
	ktap_expect(WIFSTOPPED(status), "expected it to stop, came %#x", status);
}

static void run_trace_orphan(const void *unused)
{
	const char *path = "/proc/sys/kernel/yama/ptrace_scope";
	long before = number_in(AT_FDCWD, path, "");
	struct init init;
	int status;

	(void)unused;
	if (before < 0)
		ktap_skip("needs Yama");
	ktap_need(!write_text(path, "1"), "ptrace_scope");
	init = init_start(fakeinit_open(), trace_orphan, NULL);
	status = wait_status(init.pid);
	write_text(path, ktap_text("%ld", before));
	ktap_expect(!status, "expected process 1 to end well, came %#x", status);
}

/* Signals */

static void try_to_kill(void *unused)
{
	(void)unused;
	expect_equal(kill(1, SIGKILL), 0);
	expect_equal(kill(1, SIGSTOP), 0);
	expect_equal(kill(1, SIGTERM), 0);
	expect_equal(kill(-1, SIGKILL), -1);
	expect_equal(errno, ESRCH);
}

static void survives(void *unused)
{
	(void)unused;
	in_child(try_to_kill, NULL);
	expect_equal(kill(1, SIGKILL), 0);
	expect_equal(getpid(), 1);
}

static void run_survives(const void *unused)
{
	(void)unused;
	as_init(survives, NULL);
}

/* Root of a context made inside sees process 1, and that is all. */
static void only_sees(void *unused)
{
	(void)unused;
	enter_new(0);
	expect_listed(2);
	ktap_expect(number_in(AT_FDCWD, "/proc/1/status", "\nPid:") == 1, "expected process 1");
	ktap_expect(kill(1, 0) && errno == EPERM, "kill: expected EPERM, came %s",
		    errno_name(errno));
	ktap_expect(ptrace(PTRACE_ATTACH, 1, NULL, NULL) && errno == EPERM,
		    "ptrace: expected EPERM, came %s", errno_name(errno));
	expect_equal(getppid(), 1);
}

static void has_child_elsewhere(void *unused)
{
	(void)unused;
	in_child(only_sees, NULL);
}

static void run_only_sees(const void *unused)
{
	(void)unused;
	as_init(has_child_elsewhere, NULL);
}

/* Who is there and who is not */

static void knows_nobody_outside(void *directory)
{
	int proc = *(int *)directory;

	ktap_expect(number_in(proc, "1/status", "\nPid:") == -ENOENT,
		    "expected no process 1 of the machine in its /proc");
	ktap_expect(number_in(proc, "2/status", "\nPid:") < 0, "expected no process 2 there");
	expect_listed(1);
}

static void run_knows_nobody_outside(const void *unused)
{
	int proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	(void)unused;
	as_init(knows_nobody_outside, &proc);
}

/* A process of context 0 that has got into the PID namespace has not got into the context. */
static void look_for_2(void *unused)
{
	char byte;

	(void)unused;
	ktap_need(write(init_line, "", 1) == 1 && read(init_line, &byte, 1) == 1, "line");
	ktap_expect(kill(2, 0) && errno == ESRCH, "expected ESRCH, came %s", errno_name(errno));
	expect_listed(1);
	expect_equal(kill(-1, SIGKILL), -1);
}

static void settle_as_2(void *line)
{
	char byte;

	expect_equal(getpid(), 2);
	expect_listed(2);
	(void)!write(*(int *)line, "", 1);
	(void)!read(*(int *)line, &byte, 1);
}

static void run_visitor(const void *unused)
{
	struct init init = init_start(fakeinit_open(), look_for_2, NULL);
	int line[2];
	pid_t pid;
	char byte;

	(void)unused;
	ktap_need(read(init.line, &byte, 1) == 1, "expected process 1");
	ktap_need(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, line), "socketpair");
	pid = start_inside(init.ns, -1, settle_as_2, &line[1]);
	ktap_need(read(line[0], &byte, 1) == 1, "expected a visitor");
	(void)!write(init.line, "", 1);
	/* process 1 waits with its end until we have waited for the other, which is killed by it */
	close(line[0]);
	wait_status(pid);
	wait_exit(init.pid, 0);
}

static void run_unseen_outside(const void *unused)
{
	struct init init = init_sit(fakeinit_open());

	(void)unused;
	ktap_expect(kill(init.pid, SIGKILL) && errno == ESRCH, "expected ESRCH, came %s",
		    errno_name(errno));
	ktap_expect(!lists("/proc", init.pid), "expected it not to be listed");
	init_end(&init);
}

static void watch(void *pid)
{
	pid_t init = *(pid_t *)pid;
	const char *path = ktap_text("/proc/%d/status", init);

	enter_id(VCONTEXT_ID_WATCHER);
	expect_equal(number_in(AT_FDCWD, path, "initpid:"), init);
	ktap_expect(lists("/proc", init), "expected it to be listed");
	ktap_expect(kill(init, 0) && errno == EPERM, "expected EPERM, came %s", errno_name(errno));
	expect_equal(number_in(AT_FDCWD, "/proc/1/status", "initpid:"), 0);
}

static void run_watched(const void *unused)
{
	struct init init = init_sit(fakeinit_open());

	(void)unused;
	in_child(watch, &init.pid);
	init_end(&init);
}

static void told_inside(void *inner)
{
	if (inner)
		enter_new(0);
	expect_equal(number_in(AT_FDCWD, "/proc/self/status", "initpid:"), 1);
	expect_equal(number_in(AT_FDCWD, "/proc/1/status", "initpid:"), inner ? -ENODATA : 1);
}

static void tells_children(void *unused)
{
	(void)unused;
	told_inside(NULL);
	in_child(told_inside, NULL);
	enter_new(0);
	expect_equal(number_in(AT_FDCWD, "/proc/self/status", "initpid:"), 1);
}

static void run_initpid(const void *unused)
{
	(void)unused;
	as_init(tells_children, NULL);
}

/* Control groups count those of other PID namespaces as 0. */
static void no_zeros(void *unused)
{
	char text[8192] = "";
	int fd;

	(void)unused;
	ktap_need(!mount("none", "/mnt", "cgroup2", 0, NULL), "mount: %s", errno_name(errno));
	fd = open("/mnt/cgroup.procs", O_RDONLY | O_CLOEXEC);
	ktap_need(fd >= 0 && read(fd, text, sizeof(text) - 1) > 0, "cgroup.procs: %s",
		  errno_name(errno));
	close(fd);
	ktap_expect(!strcmp(text, "1\n"), "expected 1 alone, came '%.20s'", text);
}

static void run_cgroup(const void *unused)
{
	(void)unused;
	as_init(no_zeros, NULL);
}

#define NUMBER(name, function)							\
	{ name, run_in_both, function, .anywhere = "the PID namespace does it" }
#define SAME(name, ...)								\
	{ name, __VA_ARGS__, .anywhere = "the PID namespace does it" }

static const struct ktap_case cases[] = {
	SAME("it is process 1, its children's parent", run_is_1),
	NUMBER("numbers in /proc", num_proc),
	NUMBER("numbers of threads", num_tid),
	NUMBER("numbers on a terminal", num_terminal),
	NUMBER("numbers with signals and waiting", num_signal),
	NUMBER("numbers of a socket's other end", num_socket),
	NUMBER("numbers of owners and locks", num_lock),
	NUMBER("numbers in System V IPC", num_ipc),
	NUMBER("numbers of a pidfd", num_pidfd),
	SAME("/proc lists it once, and its own", run_proc),
	SAME("it gets orphans and waits for them", run_reaps),
	SAME("it gets orphans of contexts made inside", run_reaps, "own context"),
	{ "it knows no orphan of a context made inside", run_knows_no_orphan },
	SAME("Yama and an orphan", run_trace_orphan),
	SAME("no signal from inside ends it", run_survives),
	{ "a context made inside sees it and can't act on it", run_only_sees },
	{ "the machine's process 1 is not there", run_knows_nobody_outside },
	{ "a visitor of its PID namespace is not there", run_visitor },
	{ "outside it is not there", run_unseen_outside },
	{ "the watcher sees it by its number outside", run_watched },
	{ "initpid is 1 inside", run_initpid },
	{ "control groups show those inside alone", run_cgroup },
};

int main(int argc, char **argv)
{
	ktap_add_all(cases);
	return ktap_main(argc, argv);
}
