/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Operations in which each allocation of memory fails once: the first, the second, and so on, until
 * none is left to fail.  Each time it is done or it is not, and then nothing is different.
 *
 * Needs a kernel with fault injection (CONFIG_FAILSLAB, CONFIG_FAIL_PAGE_ALLOC).
 */
#ifndef FAULTS_H
#define FAULTS_H

#include "left.h"

#include <sched.h>
#include <sys/mman.h>

#define ALLOCATIONS_MAX	4000
#define FAULTS_KEEPS	777	/* a context that keeps something; whoever tries leaves it so */

enum operation_how {
	IN_CONTEXT	= 1,	/* of a process in a context, with flags that cost memory */
	AS_USER		= 2,	/* of a user; else of root, counted as that user */
	AS_FIRST	= 4,	/* of process 1 in a PID namespace */
	MAY_DIE		= 8,	/* it can fail when there is no way back: SIGKILL, SIGSEGV */
	AGAIN		= 16,	/* done once more it takes as much memory as the first time */
};

struct operation {
	const char *name;
	unsigned int how;		/* enum operation_how */
	void (*prepare)(void);		/* what it opens is closed by the end of the process */
	int (*run)(void);		/* 0 or more, or a negative errno */
	bool (*done)(void);		/* is it done?  NULL: nothing to see */
	int errors[4];			/* that it may give besides ENOMEM */
};

static MAYBE_UNUSED int handle;		/* what @prepare opened, or -1 */
static int fail_nth;		/* of this thread: the how manieth allocation fails */

/* What a case finds, in a process of its own. */
static struct {
	int nth;			/* which allocation fails */
	unsigned int failed, survived;
	char text[256];
} *found;

/* Such a process: all is well, nothing is left to fail, or it has given up. */
enum { MET, UNMET = 2, GIVEN_UP };

static inline MAYBE_UNUSED void __attribute__((noreturn, format(printf, 1, 2)))
give_up(const char *what, ...)
{
	va_list args;

	va_start(args, what);
	vsnprintf(found->text, sizeof(found->text), what, args);
	va_end(args);
	_exit(GIVEN_UP);
}

/* Descriptors that an attempt opens and leaves open if all goes well. */

static int fds[8];
static unsigned int nr_fds;

/* Returns 0; @err, if it is no descriptor but that. */
static inline MAYBE_UNUSED int have_if(int err)
{
	if (err < 0)
		return err;
	fds[nr_fds++] = err;
	return 0;
}

static inline MAYBE_UNUSED int have(int fd)
{
	return have_if(fd < 0 ? -errno : fd);
}

static inline MAYBE_UNUSED int have_none(int err)
{
	while (nr_fds)
		close(fds[--nr_fds]);
	return err;
}

/* All allocations may fail, also those that may sleep, and say nothing about it. */
static inline MAYBE_UNUSED bool faults_set_up(void)
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
	found = mmap(NULL, sizeof(*found), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		     -1, 0);
	if (found == MAP_FAILED)
		die("mmap");
	return true;
}

static inline MAYBE_UNUSED void open_fail_nth(void)
{
	fail_nth = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	if (fail_nth < 0)
		die("/proc/thread-self/fail-nth");
}

static inline MAYBE_UNUSED void set_fail_nth(int n)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", n);
	if (pwrite(fail_nth, text, strlen(text), 0) < 0)
		die("fail-nth");
}

/* How many were left before one would have failed: 0 if one has.  None does any more. */
static inline MAYBE_UNUSED int end_fail_nth(void)
{
	char text[16] = "";

	if (pread(fail_nth, text, sizeof(text) - 1, 0) <= 0)
		give_up("fail-nth can't be read");
	(void)!pwrite(fail_nth, "0", 1, 0);
	return atoi(text);
}

/* What can be seen of the process, and of the machine in its context. */

static inline MAYBE_UNUSED bool is_state(const char *line)
{
	static const char *const names[] = {
		"Uid:", "Gid:", "Groups:", "Threads:", "CapInh:", "CapPrm:", "CapEff:", "CapBnd:",
		"CapAmb:", "NoNewPrivs:", "s_context:", "ctxflags:", "initpid:", "ipv4root:",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (!strncmp(line, names[i], strlen(names[i])))
			return true;
	return false;
}

static inline MAYBE_UNUSED void snapshot(char *text, size_t size)
{
	char status[4096], *line, *rest;
	struct vcontext_stat stat;
	size_t at;

	at = snprintf(text, size, "descriptors: %d\ncontexts: %u\nshm: %d sem: %d msg: %d\n",
		      count_fds(), context_info(device).contexts,
		      count_lines("/proc/sysvipc/shm"), count_lines("/proc/sysvipc/sem"),
		      count_lines("/proc/sysvipc/msg"));
	if (handle >= 0) {
		stat = context_stat(handle);
		at += snprintf(text + at, size - at,
			       "flags %#x processes %u tasks %u dropped %#llx state %#x\n",
			       stat.flags, stat.processes, stat.tasks,
			       (unsigned long long)stat.dropped, stat.state);
	}
	read_text("/proc/thread-self/status", status, sizeof(status));
	for (line = strtok_r(status, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		if (is_state(line))
			at += snprintf(text + at, size - at, "%s\n", line);
}

/* The first line that is not the same. */
static inline MAYBE_UNUSED void tell_change(char *before, char *after)
{
	char *rest, *other_rest;
	char *one = strtok_r(before, "\n", &rest), *other = strtok_r(after, "\n", &other_rest);

	while (one && other && !strcmp(one, other)) {
		one = strtok_r(NULL, "\n", &rest);
		other = strtok_r(NULL, "\n", &other_rest);
	}
	give_up("allocation %d: \"%s\" before, \"%s\" after it", found->nth, one, other);
}

/* Attempts */

static inline MAYBE_UNUSED bool may_give(const struct operation *operation, int error)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(operation->errors); i++)
		if (operation->errors[i] == error)
			return true;
	return error == ENOMEM;
}

/* In a new PID namespace, by a process that waits for the end of this one and ends likewise. */
static inline MAYBE_UNUSED void become_first(void)
{
	pid_t pid;
	int status;

	if (unshare(CLONE_NEWPID))
		die("unshare");
	pid = must_fork();
	if (!pid)
		return;
	status = must_wait(pid);
	if (status < 128)
		_exit(status);
	kill(getpid(), status - 128);
	_exit(GIVEN_UP);
}

static inline MAYBE_UNUSED void set_stage(const struct operation *operation)
{
	handle = -1;
	if (operation->how & AS_FIRST)
		become_first();
	open_fail_nth();
	if (setresuid(LEFT_USER, 0, 0))
		die("setresuid");
	if (operation->how & IN_CONTEXT &&
	    context_new(device, VCONTEXT_SCHED | VCONTEXT_NPROC, NULL))
		die("VCONTEXT_NEW");
	if (operation->how & AS_USER && setresuid(LEFT_USER, LEFT_USER, LEFT_USER))
		die("setresuid");
	if (operation->prepare)
		operation->prepare();
}

static inline MAYBE_UNUSED void check_attempt(const struct operation *operation, int ret, int left)
{
	if (ret < 0 && (left || !may_give(operation, -ret)))
		give_up("allocation %d%s: %s", found->nth, left ? " is none" : "", strerror(-ret));
	if (ret >= 0 && operation->done && !operation->done())
		give_up("allocation %d: it says that it is done, and is not", found->nth);
	found->failed += ret < 0;
	found->survived += ret >= 0 && !left;
}

/* Where nothing is different after an attempt the same process makes the next one. */
static inline MAYBE_UNUSED void __attribute__((noreturn))
attempts(const struct operation *operation)
{
	static char before[4096], after[4096];
	int ret, left;

	set_stage(operation);
	snapshot(before, sizeof(before));
	for (;; found->nth++) {
		set_fail_nth(found->nth);
		ret = operation->run();
		left = end_fail_nth();
		check_attempt(operation, ret, left);
		if (left || (ret >= 0 && !(operation->how & AGAIN)))
			_exit(left ? UNMET : MET);
		have_none(0);
		snapshot(after, sizeof(after));
		if (strcmp(before, after))
			tell_change(before, after);
	}
}

/* All attempts, and what is left when they are over */

static inline MAYBE_UNUSED void reap(void)
{
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
}

/* Without what has ended, and was left to us. */
static inline MAYBE_UNUSED bool counts_user_none(void)
{
	reap();
	return counts_none();
}

/* What was left to us, and what a context keeps, ends; then there are no more than before. */
static inline MAYBE_UNUSED bool settle(uint32_t contexts)
{
	int tries, kept;

	for (tries = 0; tries < 1000; tries++) {
		reap();
		kept = context_open(device, 0, FAULTS_KEEPS, 0);
		if (kept >= 0) {
			call(kept, VCONTEXT_FORGET, NULL);
			close(kept);
		}
		if (context_info(device).contexts <= contexts)
			return true;
		nap(tries < 10 ? 1000 : 10000);
	}
	return false;
}

static inline MAYBE_UNUSED void try_all(const struct operation *operation)
{
	uint32_t contexts = context_info(device).contexts;
	int status = MET;
	double begin = now();
	bool settled = true;
	char name[160];

	memset(found, 0, sizeof(*found));
	for (found->nth = 1; found->nth < ALLOCATIONS_MAX && status == MET && settled;
	     found->nth++) {
		pid_t pid = must_fork();

		if (!pid)
			attempts(operation);
		status = must_wait(pid);
		/* by the kernel, or 127 by the loader of a program that was executed */
		if (operation->how & MAY_DIE && (status == 128 + SIGKILL ||
						 status == 128 + SIGSEGV || status == 127)) {
			found->failed++;
			status = MET;
		}
		settled = settle(contexts);
	}
	printf("# %s: %u allocations, %u fatal, %.0f s\n", operation->name,
	       found->failed + found->survived, found->failed, now() - begin);
	snprintf(name, sizeof(name), "%s without memory", operation->name);
	if (!settled)
		snprintf(found->text, sizeof(found->text),
			 "allocation %d: a context is left", found->nth - 1);
	else if (status == UNMET && !found->text[0] && !comes_true(counts_user_none))
		snprintf(found->text, sizeof(found->text), "processes of the user are counted");
	result(status == UNMET && !found->text[0], name, "%s (status %d)", found->text, status);
}

/* All of them, or those whose names contain one of the program's arguments. */
static inline MAYBE_UNUSED bool is_chosen(const struct operation *operation, char **names)
{
	bool all = !*names;

	while (*names && !all)
		all = strstr(operation->name, *names++);
	return all;
}

static inline MAYBE_UNUSED int count_chosen(const struct operation *operations, size_t count,
					    char **names)
{
	int chosen = 0;
	size_t i;

	for (i = 0; i < count; i++)
		chosen += is_chosen(&operations[i], names);
	return chosen;
}

static inline MAYBE_UNUSED void try_chosen(const struct operation *operations, size_t count,
					   char **names)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (is_chosen(&operations[i], names))
			try_all(&operations[i]);
}

#endif /* FAULTS_H */
