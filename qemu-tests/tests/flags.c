// SPDX-License-Identifier: GPL-2.0-only
/* The flags lock, private and hideinfo. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "guest.h"

#define OWN	"/proc/self/status"

static void enter(void *handle)
{
	expect_error(context_enter(*(int *)handle), 0);
}

/* lock */

static void locked_in(int handle, int made_inside)
{
	expect_error(context_new(0, NULL), EPERM);
	expect_error(context_new(VCONTEXT_HIDEINFO, NULL), EPERM);
	expect_error(context_open(VCONTEXT_ID_ANY, VCONTEXT_OPEN_CREATE, 0, NULL), EPERM);
	expect_error(context_open(2, VCONTEXT_OPEN_CREATE, 0, NULL), EPERM);
	expect_error(context_open(0, 0, 0, NULL), EPERM);
	expect_error(context_enter(handle), EPERM);
	expect_error(context_enter(made_inside), EPERM);
	ktap_expect(line_in(OWN, "ctxflags:\tlock"), "expected ctxflags: lock");
}

static void run_lock(const void *user)
{
	int outside, inside, own;
	pid_t pid;

	become(user ? USER : 0);
	own = open_new(NULL);
	outside = open_new(NULL);
	expect_error(context_enter(own), 0);
	inside = open_new(NULL);
	/* as root of context 0 would do it later, or its maker before */
	pid = fork_or_fail();
	if (!pid) {
		expect_error(context_new(VCONTEXT_LOCK, NULL), 0);
		locked_in(outside, inside);
		_exit(0);
	}
	wait_exit(pid, 0);
}

static void run_lock_child(const void *unused)
{
	int outside = open_new(NULL);
	pid_t pid;

	(void)unused;
	expect_error(context_new(VCONTEXT_LOCK, NULL), 0);
	pid = fork_or_fail();
	if (!pid) {
		locked_in(outside, outside);
		_exit(0);
	}
	wait_exit(pid, 0);
}

/* Root of context 0 locks up who is inside already. */
static void run_lock_later(const void *unused)
{
	int go[2], handle = open_new(NULL);
	struct vcontext_stat stat;
	char byte;
	pid_t pid;

	(void)unused;
	ktap_expect(!pipe(go), "pipe");
	pid = fork_or_fail();
	if (!pid) {
		close(go[1]);
		expect_error(context_enter(handle), 0);
		expect_error(context_add_flags(handle, VCONTEXT_HIDEINFO), EPERM);
		ktap_expect(read(go[0], &byte, 1) == 1, "read");
		expect_error(context_new(0, NULL), EPERM);
		_exit(0);
	}
	while (!context_stat(handle, &stat) && !stat.processes)
		nap(1);
	expect_error(context_add_flags(handle, VCONTEXT_LOCK), 0);
	ktap_expect(write(go[1], "", 1) == 1, "write");
	wait_exit(pid, 0);
}

/* One who has gone deeper in time is locked up with the others. */
static void run_lock_around(const void *unused)
{
	int go[2], deep[2], handle = open_new(NULL), inner;
	char byte;
	pid_t pid;

	(void)unused;
	ktap_expect(!pipe(go) && !pipe(deep), "pipe");
	pid = fork_or_fail();
	if (!pid) {
		close(go[1]);
		expect_error(context_enter(handle), 0);
		expect_error(context_new(0, NULL), 0);
		inner = open_new(NULL);
		ktap_expect(write(deep[1], "", 1) == 1, "write");
		ktap_expect(read(go[0], &byte, 1) == 1, "read");
		locked_in(handle, inner);
		_exit(0);
	}
	ktap_expect(wait_readable(deep[0], 5000), "expected it to go on");
	ktap_expect(wait_readable(handle, 5000), "expected the first context to be empty again");
	expect_error(context_add_flags(handle, VCONTEXT_LOCK), 0);
	ktap_expect(write(go[1], "", 1) == 1, "write");
	wait_exit(pid, 0);
}

/* private */

static void refused_enter(void *handle)
{
	expect_error(context_enter(*(int *)handle), EPERM);
}

static void run_private(const void *unused)
{
	__u32 id = free_id();
	int handle = context_open(id, VCONTEXT_OPEN_CREATE, VCONTEXT_PRIVATE, NULL);
	struct sitter sitter;
	int again;

	(void)unused;
	ktap_expect(handle >= 0, "expected a handle, came %s", errno_name(-handle));
	sitter = sitter_start(enter, &handle);
	in_child(refused_enter, &handle);
	again = context_open(id, 0, 0, NULL);
	ktap_expect(again >= 0, "expected to open it, came %s", errno_name(-again));
	in_child(refused_enter, &again);
	sitter_end(&sitter);
	/* empty or not, it had its process */
	in_child(refused_enter, &handle);
}

static void run_private_later(const void *unused)
{
	int handle = open_new(NULL);
	struct sitter sitter = sitter_start(enter, &handle);

	(void)unused;
	in_child(enter, &handle);
	expect_error(context_add_flags(handle, VCONTEXT_PRIVATE), 0);
	in_child(refused_enter, &handle);
	sitter_end(&sitter);
}

static void watch_private(void *pid)
{
	pid_t target = *(pid_t *)pid;
	const char *path = ktap_text("/proc/%d/status", target);

	enter_id(VCONTEXT_ID_WATCHER);
	ktap_expect(line_in(path, "ctxflags:\tprivate"), "expected the watcher to see it");
	ktap_expect(kill(target, SIGTERM) && errno == EPERM, "expected EPERM, came %s",
		    errno_name(errno));
}

static void run_private_watched(const void *unused)
{
	int handle = context_open(free_id(), VCONTEXT_OPEN_CREATE, VCONTEXT_PRIVATE, NULL);
	struct sitter sitter = sitter_start(enter, &handle);

	(void)unused;
	in_child(watch_private, &sitter.pid);
	sitter_end(&sitter);
}

/* The group of a job reaches into a context that was made inside one's own, but not this one. */
static void private_in_group(void *hit)
{
	(void)hit;
	signal(SIGUSR1, SIG_DFL);
	expect_error(context_new(VCONTEXT_PRIVATE, NULL), 0);
}

static void run_private_group(const void *unused)
{
	struct sitter sitter;

	(void)unused;
	signal(SIGUSR1, SIG_IGN);
	sitter = sitter_start(private_in_group, NULL);
	kill(0, SIGUSR1);
	nap(20);
	close(sitter.line);
	wait_exit(sitter.pid, 0);
}

/* hideinfo */

static bool tells(const char *path)
{
	return number_in(AT_FDCWD, path, "s_context:") >= 0 ||
	       number_in(AT_FDCWD, path, "ctxflags:") >= 0 ||
	       number_in(AT_FDCWD, path, "initpid:") >= 0 ||
	       number_in(AT_FDCWD, path, "ipv4root:") >= 0;
}

static void hidden_in(void *unused)
{
	struct vcontext_info info;
	__u32 ids[4];

	(void)unused;
	ktap_expect(!tells(OWN), "expected no lines on the own context");
	ktap_expect(!tells("/proc/1/status"), "expected no lines on process 1's");
	ktap_expect(number_in(AT_FDCWD, OWN, "\nPid:") == getpid(), "expected the other lines");
	expect_error(context_info(&info), 0);
	ktap_expect(info.id == VCONTEXT_ID_ANY && !info.own_flags,
		    "INFO: expected nothing, came context %u, flags %#x", info.id, info.own_flags);
	ktap_expect(context_list(0, ids, 4) == 0, "LIST: expected nothing");
}

static void run_hideinfo(const void *user)
{
	become(user ? USER : 0);
	expect_error(context_new(VCONTEXT_HIDEINFO, NULL), 0);
	hidden_in(NULL);
	in_child(hidden_in, NULL);
}

static void run_hideinfo_nested(const void *unused)
{
	(void)unused;
	expect_error(context_new(VCONTEXT_HIDEINFO, NULL), 0);
	expect_error(context_new(0, NULL), 0);
	hidden_in(NULL);
}

static void hide(void *unused)
{
	(void)unused;
	expect_error(context_new(VCONTEXT_HIDEINFO, NULL), 0);
}

static void watch_hidden(void *pid)
{
	const char *path = ktap_text("/proc/%d/status", *(pid_t *)pid);

	enter_id(VCONTEXT_ID_WATCHER);
	ktap_expect(line_in(path, "ctxflags:\thideinfo"), "expected the watcher to be told");
}

/* What a context is made in is hidden too, from who makes one and holds on to it. */
static void run_hideinfo_handle(const void *unused)
{
	struct vcontext_stat stat;
	int handle;

	(void)unused;
	expect_error(context_new(VCONTEXT_HIDEINFO, NULL), 0);
	handle = open_new(NULL);
	expect_error(context_stat(handle, &stat), 0);
	ktap_expect(stat.parent == VCONTEXT_ID_ANY && !stat.flags,
		    "STAT: expected nothing, came parent %u, flags %#x", stat.parent, stat.flags);
}

static void run_hideinfo_watched(const void *unused)
{
	struct sitter sitter = sitter_start(hide, NULL);

	(void)unused;
	in_child(watch_hidden, &sitter.pid);
	sitter_end(&sitter);
}

/* All of them */

static void run_inherited(const void *unused)
{
	struct vcontext_stat stat;
	int handle;

	(void)unused;
	expect_error(context_new(VCONTEXT_PRIVATE, NULL), 0);
	handle = open_new(NULL);
	expect_error(context_stat(handle, &stat), 0);
	ktap_expect(stat.flags == VCONTEXT_PRIVATE, "expected private, came %#x", stat.flags);
	expect_error(context_enter(handle), 0);
	ktap_expect(line_in(OWN, "ctxflags:\tprivate"), "expected ctxflags: private");
}

static void run_added_only(const void *unused)
{
	int handle = context_open(VCONTEXT_ID_ANY, VCONTEXT_OPEN_CREATE, VCONTEXT_LOCK, NULL);
	struct vcontext_stat stat;

	(void)unused;
	expect_error(context_add_flags(handle, 0), 0);
	expect_error(context_stat(handle, &stat), 0);
	ktap_expect(stat.flags == VCONTEXT_LOCK, "expected lock still, came %#x", stat.flags);
	expect_error(context_add_flags(handle, VCONTEXT_PRIVATE), 0);
	expect_error(context_stat(handle, &stat), 0);
	ktap_expect(stat.flags == (VCONTEXT_LOCK | VCONTEXT_PRIVATE), "expected both, came %#x",
		    stat.flags);
}

static void run_flags_of_existing(const void *unused)
{
	__u32 id = free_id();
	struct vcontext_stat stat;
	int handle;

	(void)unused;
	open_id(id);
	handle = context_open(id, VCONTEXT_OPEN_CREATE, VCONTEXT_PRIVATE, NULL);
	expect_error(context_stat(handle, &stat), 0);
	ktap_expect(!stat.flags, "expected it as it was, came %#x", stat.flags);
}

static void run_add_by_user(const void *unused)
{
	int handle = open_id(free_id()), own;

	(void)unused;
	in_child(enter, &handle);
	become(USER);
	expect_error(context_add_flags(handle, VCONTEXT_PRIVATE), EPERM);
	own = open_new(NULL);
	expect_error(context_add_flags(own, VCONTEXT_PRIVATE), 0);
}

static void run_status(const void *unused)
{
	__u32 id;

	(void)unused;
	ktap_expect(line_in(OWN, "s_context:\t0"), "expected s_context: 0");
	ktap_expect(line_in(OWN, "ctxflags:\tnone"), "expected ctxflags: none");
	ktap_expect(line_in(OWN, "initpid:\t0"), "expected initpid: 0");
	ktap_expect(line_in(OWN, "ipv4root:\t0.0.0.0"), "expected ipv4root: 0.0.0.0");
	expect_error(context_new(0, &id), 0);
	ktap_expect(line_in(OWN, ktap_text("s_context:\t%u", id)), "expected s_context: %u", id);
	ktap_expect(line_in(OWN, "ctxflags:\tnone"), "expected ctxflags: none");
	ktap_expect(line_in("/proc/1/status", "s_context:\t0"), "expected process 1 in context 0");
	expect_error(context_new(VCONTEXT_LOCK | VCONTEXT_PRIVATE, NULL), 0);
	ktap_expect(line_in(OWN, "ctxflags:\tlock,private"), "expected ctxflags: lock,private");
	ktap_expect(line_in(OWN, "initpid:\t0"), "expected initpid: 0");
	ktap_expect(line_in(OWN, "ipv4root:\t0.0.0.0"), "expected ipv4root: 0.0.0.0");
}

static const struct ktap_case cases[] = {
	{ "lines of /proc/PID/status", run_status },
	{ "lock as root", run_lock },
	{ "lock as user", run_lock, "user" },
	{ "lock of a child", run_lock_child },
	{ "lock of a context in use", run_lock_later },
	{ "lock of the context around", run_lock_around },
	{ "private", run_private },
	{ "private of a context in use", run_private_later },
	{ "private and the watcher", run_private_watched },
	{ "private and a signal to the group", run_private_group },
	{ "hideinfo as root", run_hideinfo },
	{ "hideinfo as user", run_hideinfo, "user" },
	{ "hideinfo is inherited", run_hideinfo_nested },
	{ "hideinfo and handles", run_hideinfo_handle },
	{ "hideinfo and the watcher", run_hideinfo_watched },
	{ "flags are inherited", run_inherited },
	{ "flags are only added", run_added_only },
	{ "flags of a context that exists", run_flags_of_existing },
	{ "flags are added by root or the maker", run_add_by_user },
};

int main(int argc, char **argv)
{
	ktap_add_all(cases);
	return ktap_main(argc, argv);
}
