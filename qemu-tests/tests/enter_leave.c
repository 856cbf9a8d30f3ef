// SPDX-License-Identifier: GPL-2.0-only
/* Getting out of a context, or into one that others have named: everything that one could try. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"
#include "missing.h"

#define DEVICE_KEPT	100	/* the device, opened in context 0 as root */
#define HANDLE_KEPT	101	/* a named context with a process in it */
#define HANDLE_NEW	102	/* a context made in context 0, in which nobody has been */
#define HANDLE_OWN	103	/* the attacker's own */
#define HANDLE_WATCHER	104

/* The attacker's context and what it must not reach. */
static __u32 own;
static __u32 named;

static void refused(int value, const char *what)
{
	ktap_expect(value == -EPERM || (ktap_plain() && value < 0),
		    "%s: expected EPERM, came %s", what, value >= 0 ? "success" : errno_name(-value));
}

static void still_inside(void)
{
	struct vcontext_info info;

	ktap_expect(!context_info(&info), "expected to be told the own context");
	ktap_expect(info.id == own, "expected to be in %u still, came %u", own, info.id);
	ktap_expect(number_in(AT_FDCWD, "/proc/self/status", "\ns_context:") == own,
		    "expected s_context %u still", own);
}

static void try_handle(int fd, const char *what)
{
	refused(context_enter(fd), what);
	still_inside();
}

static void try_id(__u32 id, __u32 how)
{
	struct vcontext_open argument = { .size = sizeof(argument), .id = id, .how = how };
	int value;

	refused(context_open(id, how, 0, NULL), ktap_text("VCONTEXT_OPEN of %u", id));
	/* the right is the caller's, not that of who opened the device */
	value = ioctl(DEVICE_KEPT, VCONTEXT_OPEN, &argument);
	refused(value < 0 ? -errno : value, ktap_text("VCONTEXT_OPEN of %u by a kept device", id));
}

/* All that needs nothing but to be there. */
static void try_all(void)
{
	static const __u32 hows[] = { 0, VCONTEXT_OPEN_CREATE,
				      VCONTEXT_OPEN_CREATE | VCONTEXT_OPEN_EXCL };
	const __u32 ids[] = { 0, VCONTEXT_ID_WATCHER, named, named + 1, own, 65536, 65537 };
	size_t i, j;

	still_inside();
	for (i = 0; i < ARRAY_SIZE(ids); i++)
		for (j = 0; j < ARRAY_SIZE(hows); j++)
			try_id(ids[i], hows[j]);
	try_handle(HANDLE_KEPT, "a kept handle on a named context");
	try_handle(HANDLE_NEW, "a kept handle on a new context made outside");
	try_handle(HANDLE_WATCHER, "a kept handle on the watcher's context");
	refused(context_add_flags(HANDLE_NEW, VCONTEXT_PRIVATE), "VCONTEXT_ADD_FLAGS");
	refused(context_add_flags(HANDLE_OWN, VCONTEXT_HIDEINFO), "VCONTEXT_ADD_FLAGS on the own one");
	still_inside();
}

static void make_handles(void)
{
	named = free_id();
	ktap_expect(dup2(context_device(), DEVICE_KEPT) == DEVICE_KEPT, "expected the device");
	dup2(open_id(named), HANDLE_KEPT);
	dup2(open_new(NULL), HANDLE_NEW);
	dup2(open_id(VCONTEXT_ID_WATCHER), HANDLE_WATCHER);
}

static void enter_named(void *unused)
{
	(void)unused;
	ktap_expect(!context_enter(HANDLE_KEPT), "expected to enter the named context");
}

/* Inside, with everything kept open that could help. */
static void go_inside(uid_t uid)
{
	int handle = open_new(&own);

	dup2(handle, HANDLE_OWN);
	close(handle);
	become(uid);
	ktap_expect(!context_enter(HANDLE_OWN), "expected to enter the own context");
}

static void run_inherited(const void *user)
{
	struct sitter sitter;

	make_handles();
	sitter = sitter_start(enter_named, NULL);
	go_inside(user ? USER : 0);
	try_all();
	sitter_end(&sitter);
}

static void attack(void *unused)
{
	(void)unused;
	try_all();
}

static void run_grandchild(const void *user)
{
	make_handles();
	go_inside(user ? USER : 0);
	in_child(attack, NULL);
}

/* Handles that come over a socket, when one is inside already. */
static void run_passed(const void *user)
{
	static const int kept[] = { DEVICE_KEPT, HANDLE_KEPT, HANDLE_NEW, HANDLE_WATCHER };
	int line[2], fd;
	pid_t pid;
	size_t i;

	ktap_expect(!socketpair(AF_UNIX, SOCK_STREAM, 0, line), "socketpair");
	pid = fork_or_fail();
	if (!pid) {
		close(line[0]);
		make_handles();
		ktap_expect(write(line[1], &named, sizeof(named)) == sizeof(named), "write");
		for (i = 0; i < ARRAY_SIZE(kept); i++)
			send_fd(line[1], kept[i]);
		/* it stays until the other has tried */
		ktap_expect(read(line[1], &i, 1) == 0, "read");
		_exit(0);
	}
	close(line[1]);
	go_inside(user ? USER : 0);
	ktap_expect(read(line[0], &named, sizeof(named)) == sizeof(named), "expected an id");
	for (i = 0; i < ARRAY_SIZE(kept); i++) {
		fd = receive_fd(line[0]);
		ktap_expect(fd >= 0, "expected a descriptor, came %s", errno_name(-fd));
		dup2(fd, kept[i]);
	}
	try_all();
	close(line[0]);
	wait_exit(pid, 0);
}

/* A program that is root's by its mode. */
static const char *make_setuid_copy(void)
{
	const char *copy = ktap_text("/var/tmp/vcontext-setuid-%d", getpid());
	char self[256] = "";
	pid_t pid;

	ktap_expect(readlink("/proc/self/exe", self, sizeof(self) - 1) > 0, "readlink");
	pid = fork_or_fail();
	if (!pid) {
		execlp("cp", "cp", self, copy, NULL);
		_exit(127);
	}
	wait_exit(pid, 0);
	ktap_expect(!chmod(copy, 04755), "chmod: %s", errno_name(errno));
	return copy;
}

static void run_setuid(const void *unused)
{
	const char *copy = make_setuid_copy();
	int status;
	pid_t pid;

	(void)unused;
	make_handles();
	pid = fork_or_fail();
	if (!pid) {
		go_inside(USER);
		execl(copy, "enter_leave", "--setuid", ktap_text("%u", own), ktap_text("%u", named),
		      NULL);
		_exit(127);
	}
	status = wait_status(pid);
	unlink(copy);
	if (ktap_over())
		_exit(1);
	ktap_expect(WIFEXITED(status) && !WEXITSTATUS(status),
		    "expected nothing to help a program that is root's, came attempt %d",
		    WEXITSTATUS(status));
}

/* In the program above: report to standard error only, the report is not shared any more. */
static int setuid_attack(char **argv)
{
	static const int handles[] = { HANDLE_KEPT, HANDLE_NEW, HANDLE_WATCHER, HANDLE_OWN };
	struct vcontext_info info;
	size_t i;

	if (geteuid() || context_info(&info) || info.id != (__u32)atoi(argv[2]))
		return 2;
	for (i = 0; i < ARRAY_SIZE(handles); i++)
		if (context_enter(handles[i]) != -EPERM)
			return 10 + i;
	if (context_open(atoi(argv[3]), VCONTEXT_OPEN_CREATE, 0, NULL) != -EPERM ||
	    context_open(VCONTEXT_ID_WATCHER, VCONTEXT_OPEN_CREATE, 0, NULL) != -EPERM ||
	    context_open(0, 0, 0, NULL) != -EPERM)
		return 20;
	if (setresuid(0, 0, 0) || context_enter(HANDLE_KEPT) != -EPERM)
		return 21;
	return 0;
}

/* All rights, but in a user namespace of its own. */
static void in_namespace(void *unused)
{
	static const __u32 ids[] = { VCONTEXT_ID_WATCHER, 2, 300, 65535 };
	int value;
	size_t i;

	(void)unused;
	become(USER);
	ktap_expect(!unshare(CLONE_NEWUSER), "unshare: %s", errno_name(errno));
	for (i = 0; i < ARRAY_SIZE(ids); i++) {
		value = context_open(ids[i], VCONTEXT_OPEN_CREATE, 0, NULL);
		refused(value, ktap_text("VCONTEXT_OPEN of %u", ids[i]));
	}
	refused(context_enter(HANDLE_KEPT), "a kept handle");
	refused(context_enter(HANDLE_WATCHER), "a kept handle on the watcher's context");
	value = context_new(0, NULL);
	ktap_expect(!value, "expected a new context, came %s", errno_name(-value));
}

static void run_namespace(const void *unused)
{
	struct sitter sitter;

	(void)unused;
	make_handles();
	sitter = sitter_start(enter_named, NULL);
	in_child(in_namespace, NULL);
	sitter_end(&sitter);
}

static void run_user_names(const void *unused)
{
	struct sitter sitter;

	(void)unused;
	make_handles();
	sitter = sitter_start(enter_named, NULL);
	become(USER);
	refused(context_open(named, 0, 0, NULL), "VCONTEXT_OPEN of one in use");
	refused(context_open(named + 1, VCONTEXT_OPEN_CREATE, 0, NULL), "VCONTEXT_OPEN of a free one");
	refused(context_open(VCONTEXT_ID_WATCHER, VCONTEXT_OPEN_CREATE, 0, NULL), "VCONTEXT_OPEN of 1");
	refused(context_open(0, 0, 0, NULL), "VCONTEXT_OPEN of 0");
	refused(context_enter(HANDLE_KEPT), "a kept handle on one with a process");
	/* who has been given it may not let itself be the watcher */
	refused(context_enter(HANDLE_WATCHER), "a kept handle on the watcher's context");
	sitter_end(&sitter);
}

/* Without CAP_SYS_ADMIN root is anybody. */
static void run_root_without_right(const void *unused)
{
	(void)unused;
	make_handles();
	in_child(enter_named, NULL);
	ktap_expect(!syscall(SYS_capset, (__u32[]){ 0x20080522, 0 },
			     (__u32[]){ 0, 0, 0, 0, 0, 0 }), "capset: %s", errno_name(errno));
	refused(context_open(named, 0, 0, NULL), "VCONTEXT_OPEN");
	refused(context_enter(HANDLE_KEPT), "a kept handle");
}

static void run_watcher_names(const void *unused)
{
	(void)unused;
	make_handles();
	in_child(enter_named, NULL);
	ktap_expect(!context_enter(HANDLE_WATCHER), "expected to become the watcher");
	own = VCONTEXT_ID_WATCHER;
	dup2(HANDLE_WATCHER, HANDLE_OWN);
	refused(context_open(named, 0, 0, NULL), "VCONTEXT_OPEN");
	try_handle(HANDLE_KEPT, "a kept handle");
	try_handle(HANDLE_NEW, "a kept handle on a new context made in context 0");
}

/* Namespaces of processes outside, and the death of those inside, are no way out. */
static void run_other_ways(const void *unused)
{
	int pidfd = syscall(SYS_pidfd_open, getppid(), 0);
	pid_t pid;

	(void)unused;
	go_inside(0);
	ktap_expect(setns(pidfd, CLONE_NEWUTS) == -1, "setns: expected a refusal, came success");
	still_inside();
	ktap_expect(!unshare(CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWPID), "unshare: %s",
		    errno_name(errno));
	still_inside();
	/* process 1 of a namespace of its own is no more than others */
	pid = fork_or_fail();
	if (!pid) {
		mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL);
		ktap_expect(!mount("proc", "/proc", "proc", 0, NULL), "mount: %s", errno_name(errno));
		still_inside();
		refused(context_open(VCONTEXT_ID_WATCHER, VCONTEXT_OPEN_CREATE, 0, NULL), "OPEN");
		_exit(0);
	}
	wait_exit(pid, 0);
}

static const struct ktap_case cases[] = {
	{ "root inside with kept handles stays inside", run_inherited },
	{ "a user inside with kept handles stays inside", run_inherited, "user" },
	{ "a child of root inside stays inside", run_grandchild },
	{ "a child of a user inside stays inside", run_grandchild, "user" },
	{ "root inside with passed handles stays inside", run_passed },
	{ "a user inside with passed handles stays inside", run_passed, "user" },
	{ "a setuid-root program inside stays inside", run_setuid },
	{ "a user namespace gives no right to name contexts", run_namespace },
	{ "a user of context 0 names no context", run_user_names },
	{ "root without CAP_SYS_ADMIN names no context", run_root_without_right },
	{ "the watcher names no context", run_watcher_names },
	{ "namespaces are no way out", run_other_ways },
};

int main(int argc, char **argv)
{
	if (argc == 4 && !strcmp(argv[1], "--setuid"))
		return setuid_attack(argv);
	ktap_add_all(cases);
	return ktap_main(argc, argv);
}
