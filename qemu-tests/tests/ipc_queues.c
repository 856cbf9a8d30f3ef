// SPDX-License-Identifier: GPL-2.0-only
/* POSIX message queues. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"

#define SIZE	32
#define LIMIT	"/proc/sys/user/max_ipc_namespaces"
#define HOSTS	"/dev/mqueue"		/* the queues of context 0, mounted at boot */

static int open_queue(const char *name, int flags)
{
	struct mq_attr attr = { .mq_maxmsg = 4, .mq_msgsize = SIZE };

	return mq_open(name, O_RDWR | O_NONBLOCK | O_CLOEXEC | flags, 0666, &attr);
}

static int make_queue(const char *name)
{
	int queue = open_queue(name, O_CREAT | O_EXCL);

	ktap_expect(queue >= 0, "expected a new queue %s, came %s", name, errno_name(errno));
	return queue;
}

static void put(int queue, const char *text)
{
	char message[SIZE] = "";

	strncpy(message, text, SIZE - 1);
	ktap_expect(!mq_send(queue, message, SIZE, 0), "mq_send: %s", errno_name(errno));
}

/* @text and nothing else is in it. */
static void take(int queue, const char *text)
{
	char message[SIZE];

	ktap_expect(mq_receive(queue, message, SIZE, NULL) == SIZE, "mq_receive: %s",
		    errno_name(errno));
	ktap_expect(!strcmp(message, text), "expected the message '%s', came '%.*s'", text, SIZE,
		    message);
	ktap_expect(mq_receive(queue, message, SIZE, NULL) < 0, "expected no other message");
}

/* Between contexts */

static const char *name_of(pid_t pid)
{
	return ktap_text("/target%d", pid);
}

/* What is made in context 0 outlives the case, by nobody's leave. */
static int give_queue(void)
{
	return open_queue(name_of(getpid()), O_CREAT | O_EXCL);
}

static int do_open(struct pair *pair)
{
	return result(open_queue(name_of(pair->target), 0));
}

static int do_unlink(struct pair *pair)
{
	return result(mq_unlink(name_of(pair->target)));
}

/* The other way round: there may be another one. */
static int do_make(struct pair *pair)
{
	return open_queue(name_of(pair->target), O_CREAT | O_EXCL) >= 0 ? ENOENT : errno;
}

#define QUEUE	.give = give_queue, .hidden = { ENOENT }, .watcher = ENOENT

static const struct act acts[] = {
	{ "mq_open", .run = do_open, QUEUE },
	{ "mq_unlink", .run = do_unlink, QUEUE },
	{ "mq_open O_EXCL", .run = do_make, QUEUE, .together = EEXIST },
};

/* One name in three contexts. */

static void inner(void *unused)
{
	int queue;

	(void)unused;
	enter_new(0);
	queue = make_queue("/name");
	put(queue, "inner");
	take(open_queue("/name", 0), "inner");
	ktap_expect(!mq_unlink("/name"), "mq_unlink: %s", errno_name(errno));
}

static void outer(void *unused)
{
	int queue;

	enter_new(0);
	queue = make_queue("/name");
	put(queue, "outer");
	in_child(inner, unused);
	take(queue, "outer");
	ktap_expect(!mq_unlink("/name"), "expected the own queue still, came %s",
		    errno_name(errno));
}

static void run_name(const void *user)
{
	int queue;

	become(user ? USER : 0);
	queue = make_queue("/name");
	put(queue, "context 0");
	in_child(outer, NULL);
	take(queue, "context 0");
	ktap_expect(!mq_unlink("/name"), "expected the own queue still, came %s",
		    errno_name(errno));
}

/* A descriptor from before is like any other. */
static void run_kept(const void *unused)
{
	int queue = make_queue("/kept");
	pid_t pid;

	(void)unused;
	mq_unlink("/kept");
	pid = fork_or_fail();
	if (!pid) {
		enter_new(0);
		put(queue, "from inside");
		_exit(0);
	}
	wait_exit(pid, 0);
	take(queue, "from inside");
}

/* File systems */

static bool shows(const char *directory, const char *name)
{
	DIR *dir = opendir(directory);
	struct dirent *entry;
	bool found = false;

	while (dir && (entry = readdir(dir)))
		found = found || !strcmp(entry->d_name, name);
	if (dir)
		closedir(dir);
	return found;
}

static void new_mounts(void)
{
	ktap_expect(!unshare(CLONE_NEWNS) && !mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL),
		    "unshare: %s", errno_name(errno));
}

static void mount_inside(void *unused)
{
	(void)unused;
	new_mounts();
	enter_new(0);
	ktap_expect(!mount("mqueue", "/mnt", "mqueue", 0, NULL), "mount: %s", errno_name(errno));
	ktap_expect(!shows("/mnt", "outside"), "expected no queue of context 0, came one");
	make_queue("/own");
	ktap_expect(shows("/mnt", "own"), "expected the own queue, came none");
	ktap_expect(!unlink("/mnt/own"), "unlink: %s", errno_name(errno));
	ktap_expect(open_queue("/own", 0) < 0 && errno == ENOENT, "expected the queue's end");
}

static void run_mount(const void *unused)
{
	(void)unused;
	make_queue("/outside");
	in_child(mount_inside, NULL);
	ktap_expect(!mq_unlink("/outside"), "mq_unlink: %s", errno_name(errno));
}

/* The mount outlives the context whose queues it shows, and shows none then. */
static void run_mount_left(const void *unused)
{
	pid_t pid;

	(void)unused;
	new_mounts();
	pid = fork_or_fail();
	if (!pid) {
		enter_new(0);
		make_queue("/inside");
		ktap_expect(!mount("mqueue", "/mnt", "mqueue", 0, NULL), "mount: %s",
			    errno_name(errno));
		_exit(0);
	}
	wait_exit(pid, 0);
	nap(200);
	/* what is still mounted belongs to no namespace any more */
	ktap_expect(open_queue("/inside", 0) < 0, "expected no queue of the ended context");
	ktap_expect(open("/mnt/new", O_RDWR | O_CREAT | O_CLOEXEC, 0600) < 0,
		    "expected no new queue where the context has ended");
	umount("/mnt");
}

/* Through the mount of context 0, which a bare context has before its eyes. */

static int list_hosts(void)
{
	return shows(HOSTS, "hosts") ? 0 : ENOENT;
}

static int open_hosts(void)
{
	return result(open(HOSTS "/hosts", O_RDWR | O_CLOEXEC));
}

static int stat_hosts(void)
{
	struct stat st;

	return result(stat(HOSTS "/hosts", &st));
}

static int remove_hosts(void)
{
	return result(unlink(HOSTS "/hosts"));
}

static int make_hosts(void)
{
	return result(open(HOSTS "/new", O_RDWR | O_CREAT | O_CLOEXEC, 0600));
}

static int chmod_hosts(void)
{
	return result(chmod(HOSTS "/hosts", 0777));
}

struct through {
	const char *name;
	int (*run)(void);
};

static const struct through through[] = {
	{ "listing", list_hosts }, { "opening", open_hosts }, { "stat", stat_hosts },
	{ "chmod", chmod_hosts }, { "creating", make_hosts }, { "unlinking", remove_hosts },
};

static void run_through(const void *data)
{
	const struct through *act = data;
	pid_t pid;
	int queue = make_queue("/hosts");

	put(queue, "context 0");
	pid = fork_or_fail();
	if (!pid) {
		enter_new(0);
		_exit(act->run());
	}
	pid = wait_status(pid) >> 8;
	mq_unlink("/new");
	mq_unlink("/hosts");
	ktap_expect(pid, "expected no way to the queues of context 0, came success");
}

/* The end.  Namespaces and bytes are counted for each user: who leaves any behind gets no more. */

#define FEW	20

static void use_queue(void *unused)
{
	(void)unused;
	enter_new(0);
	put(make_queue("/end"), "left behind");
}

/* Once the last has ended, which takes a moment. */
static bool can_use_queue(void)
{
	int tries;
	pid_t pid;

	for (tries = 0; tries < 50; tries++) {
		pid = fork_or_fail();
		if (!pid) {
			enter_new(0);
			_exit(open_queue("/end", O_CREAT | O_EXCL) < 0);
		}
		if (!wait_status(pid))
			return true;
		nap(20);
	}
	return false;
}

static void two_hundred(void *unused)
{
	int i;

	become(USER);
	for (i = 0; i < 200; i++) {
		ktap_expect(can_use_queue(), "expected a queue in context number %d, came none", i);
		in_child(use_queue, unused);
		nap(5);
	}
}

/* @function in a child, with no more than @limit IPC namespaces for each user. */
static void limited(const char *limit, void (*function)(void *))
{
	long before = number_in(AT_FDCWD, LIMIT, "");
	pid_t pid;

	ktap_expect(!write_text(LIMIT, limit), LIMIT ": %s", errno_name(errno));
	pid = fork_or_fail();
	if (!pid) {
		function(NULL);
		_exit(0);
	}
	wait_status(pid);
	write_text(LIMIT, ktap_text("%ld", before));
	if (ktap_over())
		_exit(1);
}

static void run_two_hundred(const void *unused)
{
	(void)unused;
	limited(ktap_text("%d", FEW), two_hundred);
}

static void no_namespace(void *unused)
{
	int queue;

	(void)unused;
	enter_new(0);
	queue = open_queue("/meeting", O_CREAT);
	ktap_expect(queue < 0, "expected no queue without a namespace for it, came one");
}

static void run_no_namespace(const void *unused)
{
	(void)unused;
	limited("0", no_namespace);
}

static void run_killed(const void *unused)
{
	struct mq_attr attr = { .mq_maxmsg = 1, .mq_msgsize = SIZE };
	char message[SIZE];
	pid_t pid;

	(void)unused;
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	pid = fork_or_fail();
	if (!pid) {
		enter_new(0);
		pid = mq_open("/blocked", O_RDWR | O_CREAT | O_EXCL, 0600, &attr);
		ktap_expect(pid >= 0, "mq_open: %s", errno_name(errno));
		if (!fork_or_fail()) {
			mq_receive(pid, message, SIZE, NULL);
			_exit(1);
		}
		nap(50);
		raise(SIGKILL);
	}
	while (wait(NULL) > 0)
		;
	ktap_expect(open_queue("/blocked", 0) < 0, "expected no queue of the killed, came one");
}

static const struct ktap_case cases[] = {
	{ "one name in three contexts as user", run_name, "user" },
	{ "one name in three contexts as root", run_name },
	{ "a descriptor from before", run_kept, .anywhere = "it is passed on by fork" },
	{ "mount inside", run_mount },
	{ "mount that outlives the context", run_mount_left },
	{ "queues of two hundred contexts end", run_two_hundred, .seconds = 60 },
	{ "no namespace to be had", run_no_namespace },
	{ "killed while waiting for a message", run_killed },
};

int main(int argc, char **argv)
{
	static struct ktap_case more[ARRAY_SIZE(through)];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(through); i++)
		more[i] = (struct ktap_case){
			ktap_text("%s in the mount of context 0", through[i].name), run_through,
			&through[i],
		};
	pair_add_all(acts);
	ktap_add_all(cases);
	ktap_add_all(more);
	return ktap_main(argc, argv);
}
