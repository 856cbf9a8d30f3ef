// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mounts of /proc with hidepid: what the option hides and what contexts hide add up, and the watcher
 * is not blinded.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guest.h"

#define TREE	"/tmp/vcontext-proc"

/* Whose the targets are, and where. */
enum { OWN_HERE, ROOT_HERE, OWN_ELSEWHERE, ROOT_ELSEWHERE, TARGETS };

static const char *const target_names[TARGETS] = {
	"the user's process in the own context", "root's process in the own context",
	"the user's process in another context", "root's process in another context",
};

struct view {
	const char *name;
	const char *option;
	__u32 context;		/* 0, 1 or, for any other, 2 */
	bool user;
	bool sees[TARGETS];
	const char *anywhere;
};

static void as_user(void *unused)
{
	(void)unused;
	become(USER);
}

static void elsewhere(void *unused)
{
	(void)unused;
	enter_new(0);
}

static void elsewhere_as_user(void *unused)
{
	elsewhere(unused);
	become(USER);
}

static void mount_tree(const char *option)
{
	ktap_expect(!unshare(CLONE_NEWNS), "unshare: %s", errno_name(errno));
	mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL);
	mkdir(TREE, 0755);
	ktap_expect(!mount("proc", TREE, "proc", 0, ktap_text("hidepid=%s", option)),
		    "mount with hidepid=%s: %s", option, errno_name(errno));
}

static void run_view(const void *data)
{
	const struct view *view = data;
	struct sitter targets[TARGETS];
	int i;

	targets[OWN_ELSEWHERE] = sitter_start(elsewhere_as_user, NULL);
	targets[ROOT_ELSEWHERE] = sitter_start(elsewhere, NULL);
	mount_tree(view->option);
	if (view->context)
		enter_id(view->context == 1 ? 1 : free_id());
	targets[OWN_HERE] = sitter_start(as_user, NULL);
	targets[ROOT_HERE] = sitter_start(NULL, NULL);
	become(view->user ? USER : 0);
	for (i = 0; i < TARGETS; i++) {
		pid_t pid = targets[i].pid;
		struct stat st;

		ktap_expect(lists(TREE, pid) == view->sees[i], "list: expected %sto see %s",
			    view->sees[i] ? "" : "not ", target_names[i]);
		ktap_expect(!stat(ktap_text(TREE "/%d", pid), &st) == view->sees[i],
			    "stat: expected %sto see %s", view->sees[i] ? "" : "not ",
			    target_names[i]);
	}
	ktap_expect(number_in(AT_FDCWD, TREE "/self/status", "\nPid:") == getpid(),
		    "expected to see oneself");
}

/* As many options as the mount has, by every context that there is a kind of. */
static const struct view views[] = {
	{ "hidepid=1 in context 0 as root", "1", 0, false, { 1, 1, 0, 0 } },
	{ "hidepid=1 in context 0 as user", "1", 0, true, { 1, 1, 0, 0 } },
	{ "hidepid=1 by the watcher as root", "1", 1, false, { 1, 1, 1, 1 }, "it sees all" },
	{ "hidepid=1 by the watcher as user", "1", 1, true, { 1, 1, 1, 1 }, "it sees all" },
	{ "hidepid=1 inside as root", "1", 2, false, { 1, 1, 0, 0 } },
	{ "hidepid=1 inside as user", "1", 2, true, { 1, 1, 0, 0 } },
	{ "hidepid=2 in context 0 as root", "2", 0, false, { 1, 1, 0, 0 } },
	{ "hidepid=2 in context 0 as user", "2", 0, true, { 1, 0, 0, 0 } },
	{ "hidepid=2 by the watcher as root", "2", 1, false, { 1, 1, 1, 1 }, "it sees all" },
	{ "hidepid=2 by the watcher as user", "2", 1, true, { 1, 0, 1, 0 }, "it sees its user's" },
	{ "hidepid=2 inside as root", "2", 2, false, { 1, 1, 0, 0 } },
	{ "hidepid=2 inside as user", "2", 2, true, { 1, 0, 0, 0 } },
	{ "hidepid=ptraceable in context 0 as root", "ptraceable", 0, false, { 1, 1, 0, 0 } },
	{ "hidepid=ptraceable in context 0 as user", "ptraceable", 0, true, { 1, 0, 0, 0 } },
	{ "hidepid=ptraceable by the watcher as root", "ptraceable", 1, false, { 1, 1, 1, 1 },
	  "it sees all" },
	{ "hidepid=ptraceable by the watcher as user", "ptraceable", 1, true, { 1, 0, 1, 0 },
	  "it sees its user's" },
	{ "hidepid=ptraceable inside as root", "ptraceable", 2, false, { 1, 1, 0, 0 } },
	{ "hidepid=ptraceable inside as user", "ptraceable", 2, true, { 1, 0, 0, 0 } },
};

int main(int argc, char **argv)
{
	static struct ktap_case cases[ARRAY_SIZE(views)];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(views); i++)
		cases[i] = (struct ktap_case){ .name = views[i].name, .run = run_view,
					       .data = &views[i], .anywhere = views[i].anywhere };
	ktap_add_all(cases);
	return ktap_main(argc, argv);
}
