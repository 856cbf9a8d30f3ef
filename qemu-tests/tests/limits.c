// SPDX-License-Identifier: GPL-2.0-only
/* The flag nproc: RLIMIT_NPROC is of the whole context. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"

#define MOST	20
#define FORKS	100000

static void limit(unsigned long most)
{
	struct rlimit limit = { most, most };

	ktap_expect(!setrlimit(RLIMIT_NPROC, &limit), "setrlimit: %s", errno_name(errno));
}

static void enter_limited(__u32 flags)
{
	int err = context_new(VCONTEXT_NPROC | flags, NULL);

	ktap_expect(!err || ktap_plain(), "expected to enter, came %s", errno_name(-err));
}

/* How many children can be had: all are there at once, and gone on return. */
static unsigned int forks_to_the_limit(unsigned int most)
{
	pid_t pids[200], pid;
	unsigned int n = 0, i;

	while (n < most && n < ARRAY_SIZE(pids)) {
		pid = fork();
		if (pid < 0)
			break;
		if (!pid) {
			pause();
			_exit(0);
		}
		pids[n++] = pid;
	}
	if (n < most)
		ktap_expect(errno == EAGAIN, "expected EAGAIN, came %s", errno_name(errno));
	for (i = 0; i < n; i++)
		kill(pids[i], SIGKILL);
	for (i = 0; i < n; i++)
		waitpid(pids[i], NULL, 0);
	return n;
}

static void run_forks(const void *user)
{
	unsigned int n;

	become(user ? USER : 0);
	limit(MOST);
	enter_limited(0);
	n = forks_to_the_limit(100);
	ktap_expect(n == MOST - 1, "expected %d children, came %u", MOST - 1, n);
	n = forks_to_the_limit(100);
	ktap_expect(n == MOST - 1, "expected as many again, came %u", n);
}

static void *sit(void *unused)
{
	pause();
	return unused;
}

static void run_threads(const void *unused)
{
	unsigned int n = 0;
	pthread_t thread;

	(void)unused;
	limit(MOST);
	enter_limited(0);
	while (n < 100 && !pthread_create(&thread, NULL, sit, NULL))
		n++;
	ktap_expect(n == MOST - 1, "expected %d threads, came %u", MOST - 1, n);
}

/* What is inside a context counts in it, however deep. */
static void run_nested(const void *unused)
{
	unsigned int n;
	pid_t pid;

	(void)unused;
	limit(MOST);
	enter_limited(0);
	pid = fork_or_fail();
	if (!pid) {
		enter_new(0);
		enter_new(0);
		n = forks_to_the_limit(100);
		ktap_expect(n == MOST - 2, "expected %d children inside, came %u", MOST - 2, n);
		_exit(0);
	}
	wait_exit(pid, 0);
	n = forks_to_the_limit(100);
	ktap_expect(n == MOST - 1, "expected %d children, came %u", MOST - 1, n);
}

/* Two contexts of one user don't share what each has. */
static void fill(void *unused)
{
	unsigned int i;

	(void)unused;
	become(USER);
	enter_limited(0);
	for (i = 0; i < MOST - 5; i++)
		if (!fork_or_fail())
			sit(NULL);
}

static void run_neighbour(const void *unused)
{
	struct sitter sitter;
	unsigned int n;

	(void)unused;
	limit(MOST * 3);
	sitter = sitter_start(fill, NULL);
	limit(MOST);
	enter_limited(0);
	n = forks_to_the_limit(100);
	ktap_expect(n == MOST - 1, "expected %d children, came %u", MOST - 1, n);
	sitter_end(&sitter);
}

/* Who comes to put things in order gets in, though it is full. */

static void enter(void *handle)
{
	int err = context_enter(*(int *)handle);

	ktap_expect(!err, "expected to enter, came %s", errno_name(-err));
}

static void enter_full(void *handle)
{
	limit(1);
	enter(handle);
	ktap_expect(fork() < 0 && errno == EAGAIN, "expected it to be full");
}

static void run_full(const void *unused)
{
	int handle = context_open(VCONTEXT_ID_ANY, VCONTEXT_OPEN_CREATE, VCONTEXT_NPROC, NULL);
	struct sitter sitter;

	(void)unused;
	ktap_expect(handle >= 0, "expected a handle, came %s", errno_name(-handle));
	sitter = sitter_start(enter, &handle);
	in_child(enter_full, &handle);
	sitter_end(&sitter);
}

static void run_without(const void *unused)
{
	unsigned int n;

	(void)unused;
	limit(MOST);
	enter_new(0);
	n = forks_to_the_limit(60);
	ktap_expect(n == 60, "expected root to have no limit, came %u", n);
}

/* Forks, threads and forks that fail leave the count as it was. */
static void run_exact(const void *unused)
{
	int handle = context_open(VCONTEXT_ID_ANY, VCONTEXT_OPEN_CREATE, VCONTEXT_NPROC, NULL);
	unsigned int forks = FORKS / (ktap_seconds(1) * ktap_seconds(1)), i, failed = 0;
	struct vcontext_stat stat;

	(void)unused;
	ktap_expect(handle >= 0 && !context_enter(handle), "expected to enter");
	limit(3);
	for (i = 0; i < forks; i++) {
		pid_t pid = i & 1 ? fork() : vfork();

		if (!pid)
			_exit(0);
		if (pid < 0) {
			failed++;
			waitpid(-1, NULL, 0);
		} else if (i % 3) {
			waitpid(pid, NULL, 0);
		}
	}
	while (waitpid(-1, NULL, 0) > 0)
		;
	ktap_expect(failed, "expected some forks to fail");
	ktap_expect(!context_stat(handle, &stat), "STAT");
	ktap_expect(stat.tasks == 1 && stat.processes == 1, "expected 1 task, came %u", stat.tasks);
	ktap_note("%u forks, %u of them refused", forks, failed);
}

static const struct ktap_case cases[] = {
	{ "forks as root", run_forks },
	{ "forks as user", run_forks, "user",
	  .anywhere = "there the user has no other process" },
	{ "threads", run_threads },
	{ "contexts inside", run_nested },
	{ "a neighbour of the same user", run_neighbour },
	{ "a full one can be entered", run_full },
	{ "without the flag", run_without, .anywhere = "root has no limit" },
	{ "the count is exact", run_exact, .seconds = 240 },
};

int main(int argc, char **argv)
{
	ktap_add_all(cases);
	return ktap_main(argc, argv);
}
