// SPDX-License-Identifier: GPL-2.0-only
/* The ceiling of a process: lowered by anybody, raised by nobody. */
#define _GNU_SOURCE
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "caps.h"

/* None of these is kept by "secure": who drops them can run setuid programs as before. */
#define DROP	(CAP(NET_RAW) | CAP(SYS_ADMIN) | CAP(CHECKPOINT_RESTORE))

/* Lowering */

/* Every capability in every set. */
static void run_sets_root(const void *unused)
{
	struct caps before;

	(void)unused;
	caps_raise_all();
	before = caps_of(0);
	ktap_expect(before.ambient == CAPS_ALL && before.inheritable == CAPS_ALL,
		    "expected all capabilities, came %#llx", before.ambient);
	lower(DROP | CAP(CHOWN));
	caps_expect(&before, DROP | CAP(CHOWN));
}

static void run_sets_user(const void *unused)
{
	struct caps before;

	(void)unused;
	become(USER);
	before = caps_of(0);
	ktap_expect(before.bounding == CAPS_ALL && !before.permitted, "expected none, came %#llx",
		    before.permitted);
	lower(DROP);
	caps_expect(&before, DROP);
}

/* A user who has got some capabilities, as a service has. */
static void run_sets_ambient(const void *unused)
{
	struct caps before;

	(void)unused;
	prctl(PR_SET_SECUREBITS, 1 << 4);	/* SECBIT_KEEP_CAPS */
	become(USER);
	caps_raise_all();
	before = caps_of(0);
	lower(DROP);
	caps_expect(&before, DROP);
}

static void run_sets_nothing_left(const void *uid)
{
	struct caps before;

	caps_raise_all();
	become(uid ? USER : 0);
	before = caps_of(0);
	lower(CAPS_ALL);
	caps_expect(&before, CAPS_ALL);
}

static void lower_one(void *bit)
{
	struct caps before = caps_of(0);

	lower(1ULL << *(int *)bit);
	caps_expect(&before, 1ULL << *(int *)bit);
}

static void run_each(const void *uid)
{
	int bit;

	become(uid ? USER : 0);
	for (bit = 0; bit <= CAP_LAST_CAP; bit++)
		in_child(lower_one, &bit);
}

static void run_again(const void *uid)
{
	struct caps before;

	become(uid ? USER : 0);
	before = caps_of(0);
	lower(CAP(NET_RAW));
	lower(CAP(NET_RAW));
	lower(0);
	caps_expect(&before, CAP(NET_RAW));
	lower(CAP(NET_RAW) | CAP(SYS_TIME));
	caps_expect(&before, CAP(NET_RAW) | CAP(SYS_TIME));
	lower(CAP(SYS_BOOT));
	caps_expect(&before, CAP(NET_RAW) | CAP(SYS_TIME) | CAP(SYS_BOOT));
}

static void run_lower_kernels_own(const void *unused)
{
	struct caps before = caps_of(0);

	(void)unused;
	ktap_expect(!prctl(PR_CAPBSET_DROP, CAP_SYS_TIME, 0, 0, 0), "PR_CAPBSET_DROP");
	lower(CAP(SYS_TIME) | CAP(NET_RAW));
	caps_expect(&before, CAP(SYS_TIME) | CAP(NET_RAW));
}

static void run_no_capability(const void *uid)
{
	struct caps before;
	int bit;

	become(uid ? USER : 0);
	before = caps_of(0);
	for (bit = CAP_LAST_CAP + 1; bit < 64; bit++) {
		expect_error(context_lower(1ULL << bit), EINVAL);
		expect_error(context_lower(CAP(NET_RAW) | 1ULL << bit), EINVAL);
	}
	caps_expect(&before, 0);
}

static void *idle(void *unused)
{
	pause();
	return unused;
}

static void open_userns(void *unused)
{
	(void)unused;
	ktap_expect(!unshare(CLONE_NEWUSER), "unshare: expected success, came %s",
		    errno_name(errno));
}

/* Threads have credentials of their own: lowered for one, they would not be for the other. */
static void run_threads(const void *uid)
{
	struct caps before;
	pthread_t thread;

	become(uid ? USER : 0);
	before = caps_of(0);
	ktap_expect(!pthread_create(&thread, NULL, idle, NULL), "pthread_create");
	expect_error(context_lower(DROP), EINVAL);
	expect_error(context_lower(0), EINVAL);
	caps_expect(&before, 0);
	in_child(open_userns, NULL);
}

static void expect_dropped(void *before)
{
	caps_expect(before, DROP);
}

static void *thread_dropped(void *before)
{
	caps_expect(before, DROP);
	return NULL;
}

static void lower_and_make_children(void *before)
{
	pthread_t thread;
	struct caps caps;
	int error;

	lower(DROP);
	in_child(expect_dropped, before);
	ktap_expect(!pthread_create(&thread, NULL, thread_dropped, before), "pthread_create");
	pthread_join(thread, NULL);
	caps = caps_run("/proc/self/exe", &error);
	ktap_expect(!error, "exec: %s", errno_name(error));
	ktap_expect(caps.bounding == (CAPS_ALL & ~DROP), "CapBnd after exec: %#llx", caps.bounding);
}

static void run_family(const void *uid)
{
	struct sitter sibling;
	struct caps before, after;

	become(uid ? USER : 0);
	sibling = sitter_start(NULL, NULL);
	before = caps_of(0);
	in_child(lower_and_make_children, &before);
	caps_expect(&before, 0);
	after = caps_of(sibling.pid);
	ktap_expect(after.bounding == CAPS_ALL, "of a sibling: %#llx", after.bounding);
	sitter_end(&sibling);
}

/* Raising.  Each way is gone by who has lowered the own ceiling; nothing dropped comes back. */

static void try_capset(void)
{
	struct caps caps = caps_of(0), more;
	int error;

	more = caps;
	more.effective |= DROP;
	more.permitted |= DROP;
	error = caps_set(&more);
	ktap_expect(error == EPERM, "permitted set: expected EPERM, came %s", errno_name(error));
	more = caps;
	more.inheritable |= DROP;
	error = caps_set(&more);
	ktap_expect(error == EPERM, "inheritable set: expected EPERM, came %s", errno_name(error));
}

static void try_ambient(void)
{
	struct caps caps = caps_of(0);
	int bit;

	caps.inheritable |= caps.permitted;
	caps_set(&caps);
	for (bit = 0; bit <= CAP_LAST_CAP; bit++)
		if (DROP & 1ULL << bit)
			ktap_expect(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, bit, 0, 0) < 0 &&
				    errno == EPERM, "expected EPERM for capability %d", bit);
}

static void try_users(void)
{
	prctl(PR_SET_KEEPCAPS, 1);
	if (!getuid())
		ktap_expect(!setresuid(USER, USER, 0) && !setresuid(0, 0, 0), "setresuid: %s",
			    errno_name(errno));
}

static void try_exec(void)
{
	struct caps caps;
	int error;

	caps = caps_run("/proc/self/exe", &error);
	ktap_expect(!error, "exec: %s", errno_name(error));
	ktap_expect(!((caps.permitted | caps.bounding) & DROP), "after exec: %#llx",
		    caps.permitted);
	ktap_expect(caps.permitted == (getuid() ? 0 : CAPS_ALL & ~DROP), "after exec: %#llx",
		    caps.permitted);
}

/* Programs are made by root, before anything is lowered. */
static const char *program;

static void make_setuid(void)
{
	program = caps_program(04755);
}

static void make_file_caps(__u32 effective)
{
	struct vfs_cap_data data = {
		htole32(VFS_CAP_REVISION_2 | effective),
		{ { htole32((__u32)CAPS_ALL), htole32((__u32)CAPS_ALL) },
		  { htole32(CAPS_ALL >> 32), htole32(CAPS_ALL >> 32) } },
	};

	program = caps_program(0755);
	ktap_expect(!setxattr(program, "security.capability", &data, sizeof(data), 0),
		    "setxattr: %s", errno_name(errno));
}

static void make_caps_effective(void)
{
	make_file_caps(VFS_CAP_FLAGS_EFFECTIVE);
}

static void make_caps(void)
{
	make_file_caps(0);
}

static void try_program(void)
{
	struct caps caps;
	int error;

	caps = caps_run(program, &error);
	caps_remove(program);
	ktap_expect(!error, "%s: expected it to run, came %s", program, errno_name(error));
	ktap_expect(!(caps.bounding & DROP), "CapBnd: %#llx", caps.bounding);
	/* all the rest it gets, or it would prove nothing */
	ktap_expect(caps.permitted == (CAPS_ALL & ~DROP), "CapPrm: expected %#llx, came %#llx",
		    CAPS_ALL & ~DROP, caps.permitted);
	ktap_expect(!(caps.inheritable & DROP) && !caps.no_new_privs, "CapInh: %#llx",
		    caps.inheritable);
}

/* A program that asks for all of its capabilities is not run with a part of them. */
static void try_program_effective(void)
{
	int error;

	caps_run(program, &error);
	caps_remove(program);
	ktap_expect(error == EPERM || !getuid(), "%s: expected EPERM, came %s", program,
		    errno_name(error));
}

static const struct way {
	void (*prepare)(void);
	void (*run)(void);
	bool raised;		/* root: from all inheritable and ambient capabilities */
} ways[] = {
	{ NULL, try_capset },
	{ NULL, try_ambient },
	{ NULL, try_users },
	{ NULL, try_exec },
	{ NULL, try_exec, true },
	{ make_setuid, try_program },
	{ make_caps, try_program },
	{ make_caps_effective, try_program_effective },
};

static void walk(const struct way *way, uid_t uid)
{
	if (way->prepare)
		way->prepare();
	if (way->raised)
		caps_raise_all();
	become(uid);
	lower(DROP);
	way->run();
	ktap_expect(caps_of(0).bounding == (CAPS_ALL & ~DROP), "CapBnd has grown: %#llx",
		    caps_of(0).bounding);
	ktap_expect(!(caps_of(0).permitted & DROP), "CapPrm: %#llx", caps_of(0).permitted);
}

static void run_way_root(const void *way)
{
	walk(way, 0);
}

static void run_way_user(const void *way)
{
	walk(way, USER);
}

/* no_new_privs */

/* After dropping one capability: has the process got no_new_privs?  As it is, so is its child. */
static void expect_bound(__u64 drop, int want)
{
	struct caps before = caps_of(0);

	ktap_expect(!before.no_new_privs, "expected no no_new_privs before");
	lower(drop);
	caps_expect(&before, drop);
	ktap_expect(caps_of(0).no_new_privs == want, "%#llx: expected no_new_privs %d, came %d",
		    drop, want, !want);
}

static void drop_bound(void *bit)
{
	expect_bound(1ULL << *(int *)bit, 1);
}

static void drop_unbound(void *bit)
{
	expect_bound(1ULL << *(int *)bit, 0);
}

static void run_bound_user(const void *unused)
{
	int bit;

	(void)unused;
	become(USER);
	for (bit = 0; bit <= CAP_LAST_CAP; bit++)
		in_child(VCONTEXT_SECURE_KEEPS & 1ULL << bit ? drop_bound : drop_unbound, &bit);
}

static void run_bound_root(const void *unused)
{
	int bit;

	(void)unused;
	for (bit = 0; bit <= CAP_LAST_CAP; bit++)
		in_child(drop_unbound, &bit);
}

/* What counts is the capability, and not the user. */
static void run_bound_setpcap(const void *unused)
{
	struct caps caps = caps_of(0);

	(void)unused;
	caps.effective &= ~CAP(SETPCAP);
	caps_set(&caps);
	expect_bound(CAP(CHOWN), 1);
}

/* The program of the year 2000, which goes on as root if it can't give up its rights. */
static void run_bound_setuid(const void *unused)
{
	struct caps caps;
	int error;

	(void)unused;
	make_setuid();
	become(USER);
	lower(CAP(SETUID));
	caps = caps_run(program, &error);
	caps_remove(program);
	ktap_expect(!error, "exec: %s", errno_name(error));
	ktap_expect(!caps.permitted && !caps.effective, "expected no capability, came %#llx",
		    caps.permitted);
}

/* Nothing is taken from who has lost it before. */
static void run_bound_gone(const void *unused)
{
	(void)unused;
	ktap_expect(!prctl(PR_CAPBSET_DROP, CAP_SETUID, 0, 0, 0), "PR_CAPBSET_DROP");
	become(USER);
	expect_bound(CAP(SETUID) | CAP(NET_RAW), 0);
}

/* As "secure" does: everything but those. */
static void run_bound_secure(const void *unused)
{
	(void)unused;
	become(USER);
	expect_bound(CAPS_ALL & ~VCONTEXT_SECURE_KEEPS, 0);
	ktap_expect(caps_of(0).bounding == VCONTEXT_SECURE_KEEPS, "CapBnd: %#llx",
		    caps_of(0).bounding);
}

static const struct ktap_case cases[] = {
	{ "all sets as root", run_sets_root },
	{ "all sets as user", run_sets_user },
	{ "all sets as user with capabilities", run_sets_ambient },
	{ "nothing left as root", run_sets_nothing_left },
	{ "nothing left as user", run_sets_nothing_left, "user" },
	{ "each capability alone as root", run_each },
	{ "each capability alone as user", run_each, "user" },
	{ "again and again as root", run_again },
	{ "again and again as user", run_again, "user" },
	{ "after the kernel's own PR_CAPBSET_DROP", run_lower_kernels_own },
	{ "what is no capability as root", run_no_capability },
	{ "what is no capability as user", run_no_capability, "user" },
	{ "with several threads as root", run_threads },
	{ "with several threads as user", run_threads, "user" },
	{ "children get it and parents don't as root", run_family },
	{ "children get it and parents don't as user", run_family, "user" },
	{ "capset as root", run_way_root, &ways[0] },
	{ "capset as user", run_way_user, &ways[0] },
	{ "ambient capabilities as root", run_way_root, &ways[1] },
	{ "ambient capabilities as user", run_way_user, &ways[1] },
	{ "setresuid there and back as root", run_way_root, &ways[2] },
	{ "exec as root", run_way_root, &ways[3] },
	{ "exec as root with ambient capabilities", run_way_root, &ways[4] },
	{ "exec as user", run_way_user, &ways[3] },
	{ "a setuid program as root", run_way_root, &ways[5] },
	{ "a setuid program as user", run_way_user, &ways[5] },
	{ "file capabilities as root", run_way_root, &ways[6] },
	{ "file capabilities as user", run_way_user, &ways[6] },
	{ "effective file capabilities as root", run_way_root, &ways[7] },
	{ "effective file capabilities as user", run_way_user, &ways[7] },
	{ "no_new_privs comes to a user with what secure keeps", run_bound_user },
	{ "no_new_privs never comes to root", run_bound_root },
	{ "no_new_privs comes to root without CAP_SETPCAP", run_bound_setpcap },
	{ "no_new_privs and a setuid program that could not give up its rights", run_bound_setuid },
	{ "no_new_privs doesn't come with what is gone already", run_bound_gone },
	{ "no_new_privs doesn't come with all that secure drops", run_bound_secure },
};

int main(int argc, char **argv)
{
	caps_main(argc, argv);
	ktap_add_all(cases);
	return ktap_main(argc, argv);
}
