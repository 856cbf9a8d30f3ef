// SPDX-License-Identifier: GPL-2.0-only
/* /proc as a context sees it: process 1, the whole listing, mount options, names looked up before. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "guest.h"
#include "missing.h"

/* Process 1: everybody sees that it is there, and no more. */

static const char *const readable[] = { "status", "stat", "cmdline", "comm", "limits", "cgroup" };

static void run_init_seen(const void *user)
{
	size_t i;

	become(user ? USER : 0);
	enter_new(0);
	for (i = 0; i < ARRAY_SIZE(readable); i++) {
		char text[128];
		int fd = open(ktap_text("/proc/1/%s", readable[i]), O_RDONLY | O_CLOEXEC);

		ktap_expect(fd >= 0 && read(fd, text, sizeof(text)) >= 0,
			    "/proc/1/%s: expected to read it, came %s", readable[i],
			    errno_name(errno));
		close(fd);
	}
	ktap_expect(lists("/proc", 1), "expected process 1 in the list");
}

static void run_init_closed(const void *name)
{
	const char *path = ktap_text("/proc/1/%s", (const char *)name);
	char text[4096];
	int fd;

	enter_new(0);
	if (readlink(path, text, sizeof(text)) >= 0)
		ktap_fail("expected a refusal, came the link");
	fd = open(path, O_RDONLY | O_CLOEXEC);
	/* some are refused when they are opened, some when they are read */
	ktap_expect(fd < 0 || (strcmp(name, "mem") && read(fd, text, sizeof(text)) < 0),
		    "expected a refusal, came what is in it");
}

static void run_init_directory(const void *name)
{
	struct dirent *entry;
	int count = 0;
	DIR *dir;

	enter_new(0);
	dir = opendir(ktap_text("/proc/1/%s", (const char *)name));
	while (dir && (entry = readdir(dir)))
		count += entry->d_name[0] != '.';
	ktap_expect(!count, "expected a refusal, came a list of %d", count);
}

static void run_init_write(const void *name)
{
	const char *path = ktap_text("/proc/1/%s", (const char *)name);
	int error;

	enter_new(0);
	error = write_text(path, strstr(path, "clear_refs") ? "4" : "0");
	ktap_expect(error == EPERM || error == EACCES, "expected EPERM, came %s", errno_name(error));
}

static int init_act(char what)
{
	struct rlimit limit = { 4096, 4096 };
	struct iovec iov = { &limit, sizeof(limit) };
	cpu_set_t set;
	int pidfd;

	switch (what) {
	case 'k':
		return result(kill(1, 0));
	case 'n':
		return result(setpriority(PRIO_PROCESS, 1, 1));
	case 'i':
		return result(syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 1,
				      IOPRIO_VALUE(IOPRIO_CLASS_BE, 4)));
	case 'a':
		CPU_ZERO(&set);
		CPU_SET(0, &set);
		return result(sched_setaffinity(1, sizeof(set), &set));
	case 'l':
		return result(prlimit(1, RLIMIT_NOFILE, &limit, NULL));
	case 't':
		return result(ptrace(PTRACE_SEIZE, 1, 0, 0));
	case 'v':
		return result(process_vm_readv(1, &iov, 1, &(struct iovec){ (void *)65536, 1 }, 1, 0));
	}
	pidfd = syscall(SYS_pidfd_open, 1, 0);
	ktap_expect(pidfd >= 0, "pidfd_open: expected a descriptor, came %s", errno_name(errno));
	switch (what) {
	case 'p':
		return result(syscall(SYS_pidfd_send_signal, pidfd, 0, NULL, 0));
	case 'g':
		return result(syscall(SYS_pidfd_getfd, pidfd, 0, 0));
	default:
		return result(setns(pidfd, CLONE_NEWUTS));
	}
}

static void run_init_act(const void *what)
{
	int error;

	enter_new(0);
	error = init_act((uintptr_t)what);
	ktap_expect(error == EPERM || error == EACCES, "expected EPERM, came %s", errno_name(error));
}

/* The whole of /proc is one's own processes, and process 1. */
static void run_walk(const void *user)
{
	struct sitter outside = sitter_start(NULL, NULL), inside;
	struct dirent *entry;
	int seen = 0;
	DIR *dir;

	become(user ? USER : 0);
	enter_new(0);
	inside = sitter_start(NULL, NULL);
	dir = opendir("/proc");
	while ((entry = readdir(dir))) {
		int number = atoi(entry->d_name);

		if (!number)
			continue;
		ktap_expect(number == 1 || number == getpid() || number == inside.pid,
			    "expected 1, %d and %d, came %d", getpid(), inside.pid, number);
		seen++;
	}
	ktap_expect(seen == 3, "expected three processes, came %d", seen);
	sitter_end(&inside);
	sitter_end(&outside);
}

static void move(void *unused)
{
	(void)unused;
	enter_new(0);
}

/*
 * A name in /proc that the kernel remembers answers each by who asks, whoever asked before, and goes
 * on doing so.
 */
static void look(const char *path, bool there)
{
	struct stat st;
	int round;

	for (round = 0; round < 3; round++)
		ktap_expect(!stat(path, &st) == there, "%s: expected %s in context %d", path,
			    there ? "to see it" : "not to see it", getpid());
}

static void run_remembered(const void *unused)
{
	struct sitter sitter = sitter_start(move, NULL);
	const char *path = ktap_text("/proc/%d/status", sitter.pid);
	int round;
	pid_t pid;

	(void)unused;
	for (round = 0; round < 4; round++) {
		/* context 0 must not see it, and must not spoil it for the watcher */
		look(path, false);
		pid = fork_or_fail();
		if (!pid) {
			enter_id(VCONTEXT_ID_WATCHER);
			look(path, true);
			_exit(0);
		}
		wait_exit(pid, 0);
	}
	ktap_expect(open(path, O_PATH | O_CLOEXEC) < 0, "expected not to see it, came a descriptor");
	sitter_end(&sitter);
	look(path, false);
}

/* An orphan inside becomes a child of a process outside, as it could be of process 1. */
static void leave_orphan(volatile pid_t *number)
{
	pid_t pid;

	enter_new(0);
	pid = fork();
	if (!pid) {
		alarm(ktap_seconds(1));
		pause();
		_exit(0);
	}
	*number = pid;
	_exit(0);
}

static bool is_child(pid_t parent, pid_t pid)
{
	FILE *file = fopen(ktap_text("/proc/%d/task/%d/children", parent, parent), "re");
	bool found = false;
	int number;

	ktap_expect(file, "expected a list of children, came %s", errno_name(errno));
	while (fscanf(file, "%d", &number) == 1)
		found = found || number == pid;
	fclose(file);
	return found;
}

static void run_orphan(const void *unused)
{
	volatile pid_t *number = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
				      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t reaper = getppid();
	pid_t pid;

	(void)unused;
	pid = fork_or_fail();
	if (!pid)
		leave_orphan(number);
	wait_exit(pid, 0);
	ktap_expect(!is_child(reaper, *number), "expected not to see it, came its number");
	/* it has to be there, or there was nothing to see */
	enter_id(VCONTEXT_ID_WATCHER);
	ktap_expect(is_child(reaper, *number), "expected the watcher to see it");
}

/* Which thread runs exec() must not matter to who sees the process. */

#define READY	100	/* where it tells that it runs */

static void *exec_again(void *path)
{
	execl(path, "proc_inside", "--sit", NULL);
	_exit(127);
}

static void exec_by_thread(int handle, int line)
{
	char path[256] = "";
	pthread_t thread;

	ktap_expect(ktap_plain() || !context_enter(handle), "expected to enter");
	ktap_expect(dup2(line, READY) == READY, "dup2");
	ktap_expect(readlink("/proc/self/exe", path, sizeof(path) - 1) > 0, "readlink");
	ktap_need(!pthread_create(&thread, NULL, exec_again, path), "pthread_create");
	for (;;)
		pause();
}

static int sit(void)
{
	if (write(READY, "", 1) != 1)
		return 1;
	for (;;)
		pause();
}

static void look_inside(int handle, pid_t pid)
{
	struct vcontext_stat stat;

	ktap_expect(!context_enter(handle), "expected to enter");
	ktap_expect(!access(ktap_text("/proc/%d/status", pid), F_OK), "expected to see it inside");
	ktap_expect(lists("/proc", pid), "expected it in the list inside");
	ktap_expect(!kill(pid, 0), "expected to reach it inside, came %s", errno_name(errno));
	ktap_expect(!context_stat(handle, &stat) && stat.processes == 2,
		    "expected 2 processes, came %u", stat.processes);
	kill(pid, SIGKILL);
	_exit(0);
}

static void run_exec_by_thread(const void *unused)
{
	int handle = open_new(NULL), line[2];
	pid_t pid, other;
	char byte;

	(void)unused;
	ktap_need(!pipe(line), "pipe");
	pid = fork_or_fail();
	if (!pid)
		exec_by_thread(handle, line[1]);
	close(line[1]);
	ktap_expect(read(line[0], &byte, 1) == 1, "expected it to run, came its end");
	ktap_expect(!lists("/proc", pid), "expected not to see it outside");
	ktap_expect(kill(pid, 0) && errno == ESRCH, "expected ESRCH outside");
	other = fork_or_fail();
	if (!other)
		look_inside(handle, pid);
	wait_exit(other, 0);
	wait_status(pid);
	ktap_expect(wait_readable(handle, 1000), "expected the context to be empty");
}

#define CLOSED(name)	{ "/proc/1/" name " inside as root", run_init_closed, name }
#define LISTED(name)	{ "list of /proc/1/" name " inside as root", run_init_directory, name }
#define WRITTEN(name)	{ "write to /proc/1/" name " inside as root", run_init_write, name }
#define ACT(name, what)	{ name " of process 1 inside as root", run_init_act, (void *)what }

static const struct ktap_case cases[] = {
	{ "process 1 is seen inside as root", run_init_seen,
	  .anywhere = "everybody sees process 1" },
	{ "process 1 is seen inside as user", run_init_seen, "user",
	  .anywhere = "everybody sees process 1" },
	CLOSED("root"), CLOSED("cwd"), CLOSED("exe"), CLOSED("mem"), CLOSED("environ"),
	CLOSED("maps"), CLOSED("smaps"), CLOSED("pagemap"), CLOSED("auxv"), CLOSED("io"),
	CLOSED("stack"), CLOSED("syscall"), CLOSED("personality"), CLOSED("fd/0"),
	CLOSED("ns/mnt"), CLOSED("ns/pid"), CLOSED("ns/net"), CLOSED("ns/uts"), CLOSED("ns/user"),
	LISTED("fd"), LISTED("fdinfo"), LISTED("map_files"),
	WRITTEN("oom_score_adj"), WRITTEN("coredump_filter"), WRITTEN("clear_refs"),
	WRITTEN("timerslack_ns"), WRITTEN("autogroup"), WRITTEN("sched"), WRITTEN("comm"),
	ACT("kill", 'k'), ACT("setpriority", 'n'), ACT("ioprio_set", 'i'),
	ACT("sched_setaffinity", 'a'), ACT("prlimit", 'l'), ACT("PTRACE_SEIZE", 't'),
	ACT("process_vm_readv", 'v'), ACT("pidfd_send_signal", 'p'), ACT("pidfd_getfd", 'g'),
	ACT("setns", 's'),
	{ "all of /proc as root", run_walk },
	{ "all of /proc as user", run_walk, "user" },
	{ "names that the kernel remembers", run_remembered },
	{ "orphans in the list of children", run_orphan },
	{ "exec by a thread", run_exec_by_thread },
};

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "--sit"))
		return sit();
	ktap_add_all(cases);
	return ktap_main(argc, argv);
}
