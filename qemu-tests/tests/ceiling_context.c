// SPDX-License-Identifier: GPL-2.0-only
/* The ceiling of a context: whoever enters it gets it. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "caps.h"

#define ONE	CAP(NET_RAW)
#define OTHER	CAP(SYS_TIME)
#define KEPT	CAP(CHOWN)		/* by "secure" */

static __u64 dropped_of(int handle)
{
	struct vcontext_stat stat;

	expect_error(context_stat(handle, &stat), 0);
	return stat.dropped;
}

#define expect_drop(have, want)							\
	do {									\
		__u64 have_ = (have), want_ = (want);				\
		ktap_expect(have_ == want_, "%s: expected %#llx, came %#llx", #have, want_,	\
			    have_);						\
	} while (0)

static int open_lower(__u32 id, __u64 drop)
{
	int handle = context_open_lower(id, drop);

	ktap_expect(handle >= 0, "expected a handle, came %s", errno_name(-handle));
	return handle;
}

/* What one who goes in finds there: all sets without @drop, and no less. */
struct visit {
	int handle;
	__u64 drop;
};

static void visit(void *data)
{
	const struct visit *visit = data;
	struct caps before = caps_of(0);

	expect_error(context_enter(visit->handle), 0);
	caps_expect(&before, visit->drop);
}

static void expect_visit(int handle, __u64 drop)
{
	struct visit data = { handle, drop };

	in_child(visit, &data);
}

/* Made with a ceiling */

static void run_new(const void *uid)
{
	struct caps before;
	int inside;

	if (!uid)
		caps_raise_all();
	become(uid ? USER : 0);
	before = caps_of(0);
	expect_error(context_new_lower(ONE), 0);
	caps_expect(&before, ONE);
	/* and so it is of what is made in it */
	inside = open_new(NULL);
	expect_drop(dropped_of(inside), ONE);
	expect_error(context_new_lower(OTHER), 0);
	caps_expect(&before, ONE | OTHER);
}

static void make_lower(void *before)
{
	expect_error(context_new_lower(ONE), 0);
	caps_expect(before, ONE);
}

static void run_new_outside(const void *uid)
{
	struct caps before;

	become(uid ? USER : 0);
	before = caps_of(0);
	in_child(make_lower, &before);
	caps_expect(&before, 0);
}

static void run_open(const void *uid)
{
	struct caps before;
	int handle;

	if (!uid)
		caps_raise_all();
	become(uid ? USER : 0);
	before = caps_of(0);
	handle = open_lower(VCONTEXT_ID_ANY, ONE);
	expect_drop(dropped_of(handle), ONE);
	caps_expect(&before, 0);
	expect_error(context_enter(handle), 0);
	caps_expect(&before, ONE);
}

/* The right that a user gives away with it is the same as with VCONTEXT_LOWER. */
static void enter_bound(void *drop)
{
	expect_error(context_enter(open_lower(VCONTEXT_ID_ANY, *(__u64 *)drop)), 0);
}

static void run_bound(const void *unused)
{
	(void)unused;
	expect_error(context_new_lower(KEPT), 0);
	ktap_expect(!caps_of(0).no_new_privs, "no_new_privs came to root");
	become(USER);
	expect_error(context_new_lower(ONE), 0);
	ktap_expect(!caps_of(0).no_new_privs, "no_new_privs came with what secure drops");
	expect_error(context_new_lower(CAP(SETUID)), 0);
	ktap_expect(caps_of(0).no_new_privs, "no_new_privs did not come");
}

static void run_bound_enter(const void *unused)
{
	__u64 drop = ONE;

	(void)unused;
	become(USER);
	enter_bound(&drop);
	ktap_expect(!caps_of(0).no_new_privs, "no_new_privs came with what secure drops");
	drop = KEPT;
	enter_bound(&drop);
	ktap_expect(caps_of(0).no_new_privs, "no_new_privs did not come");
}

static void run_no_capability(const void *unused)
{
	struct caps before = caps_of(0);
	struct vcontext_info info;
	int handle = open_new(NULL);

	(void)unused;
	expect_error(context_new_lower(1ULL << (CAP_LAST_CAP + 1)), EINVAL);
	expect_error(context_new_lower(~0ULL), EINVAL);
	expect_error(context_open_lower(VCONTEXT_ID_ANY, ~0ULL), EINVAL);
	expect_error(context_open_lower(free_id(), 1ULL << 63), EINVAL);
	expect_error(context_lower_others(handle, ONE | 1ULL << 63), EINVAL);
	caps_expect(&before, 0);
	expect_drop(dropped_of(handle), 0);
	expect_error(context_info(&info), 0);
	ktap_expect(info.contexts == 1 && !info.id, "expected one context, came %u", info.contexts);
}

/* Made by who has a lower one */

static void run_by_lowered(const void *uid)
{
	struct caps before;
	int handle;

	become(uid ? USER : 0);
	before = caps_of(0);
	lower(ONE);
	handle = open_new(NULL);
	expect_drop(dropped_of(handle), ONE);
	handle = open_lower(VCONTEXT_ID_ANY, OTHER);
	expect_drop(dropped_of(handle), ONE | OTHER);
	expect_visit(handle, OTHER);
	expect_error(context_new(0, NULL), 0);
	caps_expect(&before, ONE);
	expect_drop(dropped_of(open_new(NULL)), ONE);
	lower(OTHER);
	expect_drop(dropped_of(open_new(NULL)), ONE | OTHER);
	lower(ONE);
	expect_drop(dropped_of(open_new(NULL)), ONE | OTHER);
}

static void lower_and_open(void *id)
{
	lower(ONE);
	/* it lives as long as this process, and the sitter's parent opens it meanwhile */
	open_id(*(__u32 *)id);
}

/* It is no wider either for who comes from outside. */
static void run_by_lowered_named(const void *unused)
{
	__u32 id = free_id();
	struct sitter sitter = sitter_start(lower_and_open, &id);
	int handle = context_open(id, 0, 0, NULL);

	(void)unused;
	ktap_expect(handle >= 0, "expected a handle, came %s", errno_name(-handle));
	expect_drop(dropped_of(handle), ONE);
	expect_visit(handle, ONE);
	sitter_end(&sitter);
}

/* It holds on to what it is: entering a wider one gives nothing back. */
static void run_wider(const void *unused)
{
	struct caps before = caps_of(0);
	int wide = open_id(free_id()), narrow = open_lower(VCONTEXT_ID_ANY, OTHER);

	(void)unused;
	lower(ONE);
	expect_error(context_enter(wide), 0);
	caps_expect(&before, ONE);
	expect_error(context_new(0, NULL), 0);
	caps_expect(&before, ONE);
	ktap_expect(context_enter(narrow) == -EPERM, "expected EPERM from inside");
}

/* Remembered */

static void sit_inside(void *handle)
{
	expect_error(context_enter(*(int *)handle), 0);
}

static void run_remembered(const void *unused)
{
	__u32 id = free_id();
	int handle = open_lower(id, ONE | KEPT);
	struct sitter sitter = sitter_start(sit_inside, &handle);

	(void)unused;
	caps_raise_all();
	expect_visit(handle, ONE | KEPT);
	/* by another handle; of one that exists @drop says nothing */
	expect_visit(open_lower(id, OTHER), ONE | KEPT);
	expect_visit(open_id(id), ONE | KEPT);
	sitter_end(&sitter);
	/* empty again */
	expect_visit(handle, ONE | KEPT);
}

static void run_watcher(const void *unused)
{
	int handle = open_id(VCONTEXT_ID_WATCHER);

	(void)unused;
	expect_error(context_lower_others(handle, ONE), 0);
	expect_visit(handle, ONE);
	expect_visit(open_id(VCONTEXT_ID_WATCHER), ONE);
}

/* Lowered later */

static void run_before_first(const void *uid)
{
	int handle;

	become(uid ? USER : 0);
	handle = open_lower(VCONTEXT_ID_ANY, ONE);
	expect_error(context_lower_others(handle, OTHER), 0);
	expect_drop(dropped_of(handle), ONE | OTHER);
	expect_error(context_lower_others(handle, 0), 0);
	expect_drop(dropped_of(handle), ONE | OTHER);
	expect_visit(handle, ONE | OTHER);
}

static void run_after_first(const void *unused)
{
	int handle = open_new(NULL);
	struct sitter sitter = sitter_start(sit_inside, &handle);
	struct caps before = caps_of(0);

	(void)unused;
	expect_visit(handle, 0);
	expect_error(context_lower_others(handle, ONE), 0);
	expect_drop(dropped_of(handle), ONE);
	expect_visit(handle, ONE);
	/* neither who calls nor who is inside already */
	caps_expect(&before, 0);
	enter_id(VCONTEXT_ID_WATCHER);
	ktap_expect(caps_of(sitter.pid).bounding == CAPS_ALL,
		    "the first process has lost something");
	sitter_end(&sitter);
}

/* One is in the context, unlowered, when that is lowered; then it goes on, deeper. */
struct deeper {
	int handle, go;
	bool before;		/* the inner one has been made by then */
};

static void go_deeper(const struct deeper *deeper, int line)
{
	struct caps before = caps_of(0);
	int inner = -1;
	char byte;

	expect_error(context_enter(deeper->handle), 0);
	if (deeper->before)
		inner = open_new(NULL);
	ktap_expect(write(line, "", 1) == 1 && read(deeper->go, &byte, 1) == 1, "the line");
	caps_expect(&before, 0);
	if (!deeper->before)
		inner = open_new(NULL);
	expect_drop(dropped_of(inner), ONE);
	expect_error(context_enter(inner), 0);
	caps_expect(&before, ONE);
}

static void run_deeper(const void *before)
{
	struct deeper deeper = { .handle = open_new(NULL), .before = before };
	int ready[2], go[2];
	char byte;
	pid_t pid;

	ktap_expect(!pipe(ready) && !pipe(go), "pipe");
	deeper.go = go[0];
	pid = fork_or_fail();
	if (!pid) {
		close(ready[0]);
		close(go[1]);
		go_deeper(&deeper, ready[1]);
		_exit(0);
	}
	close(ready[1]);
	ktap_expect(read(ready[0], &byte, 1) == 1, "expected it to get ready");
	expect_error(context_lower_others(deeper.handle, ONE), 0);
	ktap_expect(write(go[1], "", 1) == 1, "write");
	wait_exit(pid, 0);
}

static void make_inside(void *handle)
{
	expect_error(context_enter(*(int *)handle), 0);
	expect_error(context_new(0, NULL), 0);
	ktap_expect(caps_of(0).bounding == (CAPS_ALL & ~ONE), "CapBnd: %#llx", caps_of(0).bounding);
}

/* Two deep, and lowered at both levels. */
static void run_levels(const void *unused)
{
	struct caps before;
	int outer = open_lower(VCONTEXT_ID_ANY, ONE), inner;

	(void)unused;
	in_child(make_inside, &outer);
	before = caps_of(0);
	expect_error(context_enter(outer), 0);
	inner = open_lower(VCONTEXT_ID_ANY, OTHER);
	expect_drop(dropped_of(inner), ONE | OTHER);
	expect_error(context_enter(inner), 0);
	caps_expect(&before, ONE | OTHER);
}

/* By whom */

static void refused_lower(void *handle)
{
	expect_error(context_lower_others(*(int *)handle, ONE), EPERM);
}

static void run_not_by_user(const void *unused)
{
	int handle, watcher = open_id(VCONTEXT_ID_WATCHER), named = open_id(free_id());

	(void)unused;
	/* whoever holds the handle where it was made, until a process has been in */
	expect_visit(named, 0);
	become(USER);
	refused_lower(&named);
	refused_lower(&watcher);
	handle = open_new(NULL);
	expect_error(context_lower_others(handle, OTHER), 0);
	in_child(sit_inside, &handle);
	refused_lower(&handle);
	expect_drop(dropped_of(handle), OTHER);
	expect_drop(dropped_of(named) | dropped_of(watcher), 0);
}

static void lower_from_inside(void *handle)
{
	enter_new(0);
	refused_lower(handle);
	refused_lower(handle);
}

static void enter_and_lower(void *handle)
{
	expect_error(context_enter(*(int *)handle), 0);
	refused_lower(handle);
}

static void run_not_from_inside(const void *uid)
{
	int handle;

	become(uid ? USER : 0);
	handle = open_new(NULL);
	in_child(lower_from_inside, &handle);
	in_child(enter_and_lower, &handle);
	expect_drop(dropped_of(handle), 0);
}

/* Refused: then nothing is lowered. */

static void *idle(void *unused)
{
	pause();
	return unused;
}

static void run_refused_threads(const void *unused)
{
	int handle = open_lower(VCONTEXT_ID_ANY, ONE | KEPT);
	struct caps before;
	pthread_t thread;

	(void)unused;
	become(USER);
	before = caps_of(0);
	ktap_expect(!pthread_create(&thread, NULL, idle, NULL), "pthread_create");
	expect_error(context_enter(handle), EINVAL);
	expect_error(context_new_lower(ONE | KEPT), EINVAL);
	caps_expect(&before, 0);
	ktap_expect(!caps_of(0).no_new_privs, "no_new_privs came");
}

static void run_refused_traced(const void *unused)
{
	int handle = open_lower(VCONTEXT_ID_ANY, ONE | KEPT);
	struct caps before;

	(void)unused;
	become(USER);
	before = caps_of(0);
	ktap_expect(!ptrace(PTRACE_TRACEME, 0, 0, 0), "PTRACE_TRACEME");
	expect_error(context_enter(handle), EBUSY);
	expect_error(context_new_lower(ONE | KEPT), EBUSY);
	caps_expect(&before, 0);
	ktap_expect(!caps_of(0).no_new_privs, "no_new_privs came");
}

static void refused_enter(void *handle)
{
	struct caps before = caps_of(0);

	expect_error(context_enter(*(int *)handle), EPERM);
	caps_expect(&before, 0);
}

static void refused_enter_user(void *handle)
{
	become(USER);
	refused_enter(handle);
	ktap_expect(!caps_of(0).no_new_privs, "no_new_privs came");
}

static void run_refused_private(const void *unused)
{
	int handle = open_lower(VCONTEXT_ID_ANY, ONE | KEPT);

	(void)unused;
	in_child(sit_inside, &handle);
	in_child(refused_enter_user, &handle);
	expect_error(context_add_flags(handle, VCONTEXT_PRIVATE), 0);
	in_child(refused_enter, &handle);
}

static const struct ktap_case cases[] = {
	{ "VCONTEXT_NEW as root", run_new },
	{ "VCONTEXT_NEW as user", run_new, "user" },
	{ "VCONTEXT_NEW leaves the parent alone as root", run_new_outside },
	{ "VCONTEXT_NEW leaves the parent alone as user", run_new_outside, "user" },
	{ "VCONTEXT_OPEN and VCONTEXT_ENTER as root", run_open },
	{ "VCONTEXT_OPEN and VCONTEXT_ENTER as user", run_open, "user" },
	{ "no_new_privs with VCONTEXT_NEW", run_bound },
	{ "no_new_privs with VCONTEXT_ENTER", run_bound_enter },
	{ "what is no capability", run_no_capability },
	{ "made by a process with a lower ceiling as root", run_by_lowered },
	{ "made by a process with a lower ceiling as user", run_by_lowered, "user" },
	{ "made by root with a lower ceiling, entered by root", run_by_lowered_named },
	{ "a wider context gives nothing back", run_wider },
	{ "root who enters gets it", run_remembered },
	{ "the watcher's", run_watcher },
	{ "lowered before the first process as root", run_before_first },
	{ "lowered before the first process as user", run_before_first, "user" },
	{ "lowered after the first process", run_after_first },
	{ "lowered before another is made inside", run_deeper },
	{ "lowered after another was made inside", run_deeper, "before" },
	{ "lowered at each level", run_levels },
	{ "not lowered by a user after the first process", run_not_by_user },
	{ "not lowered from another context as root", run_not_from_inside },
	{ "not lowered from another context as user", run_not_from_inside, "user" },
	{ "entering refused for threads lowers nothing", run_refused_threads },
	{ "entering refused for a tracer lowers nothing", run_refused_traced },
	{ "entering refused for rights lowers nothing", run_refused_private },
};

int main(int argc, char **argv)
{
	ktap_add_all(cases);
	return ktap_main(argc, argv);
}
