// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the kernel counts by user, it counts by context and user: neighbours with the same uid can't
 * exhaust each other.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/ipc.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"

#define MOST		16
#define CONTEXTS	200

static void limit(int resource, unsigned long most)
{
	struct rlimit limit = { most, most };

	ktap_expect(!setrlimit(resource, &limit), "setrlimit: %s", errno_name(errno));
}

/* Each takes one more of a kind, which it keeps, and returns 0 or what was in its way. */

static int one_instance(void)
{
	return inotify_init1(IN_CLOEXEC) < 0 ? errno : 0;
}

static int one_watch(void)
{
	static int fd = -1, n;
	char name[64];

	if (fd < 0)
		fd = inotify_init1(IN_CLOEXEC);
	snprintf(name, sizeof(name), "/tmp/watched%d", n++);
	close(open(name, O_CREAT | O_CLOEXEC, 0666));
	return inotify_add_watch(fd, name, IN_OPEN) < 0 ? errno : 0;
}

static int one_signal(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return sigqueue(getpid(), SIGRTMIN, (union sigval){ 0 }) ? errno : 0;
}

static int one_queue(void)
{
	struct mq_attr attr = { .mq_maxmsg = 10, .mq_msgsize = 1000 };
	static int n;
	char name[64];

	snprintf(name, sizeof(name), "/counted%d.%d", getpid(), n++);
	return mq_open(name, O_CREAT | O_RDWR, 0600, &attr) < 0 ? errno : 0;
}

static int one_locked(void)
{
	int id = shmget(IPC_PRIVATE, 4096, 0600), err = 0;

	if (id < 0 || shmctl(id, SHM_LOCK, NULL))
		err = errno;
	return err;
}

static pid_t children[MOST];
static int nr_children;

static int one_process(void)
{
	pid_t pid = nr_children < MOST ? fork() : -1;

	if (!pid) {
		/* with its parent, and without the lines of sitters */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		syscall(SYS_close_range, 3, ~0U, 0);
		pause();
	}
	if (pid < 0)
		return errno;
	children[nr_children++] = pid;
	return 0;
}

static void end_processes(void)
{
	for (; nr_children; nr_children--) {
		kill(children[nr_children - 1], SIGKILL);
		waitpid(children[nr_children - 1], NULL, 0);
	}
}

struct kind {
	const char *name;
	int (*take)(void);
	int resource;		/* whose limit is @most, or -1 */
	unsigned long most;
	int full;		/* what comes then */
	const char *path;	/* of a limit that is set to MOST */
};

static const struct kind kinds[] = {
	{ "inotify instances", one_instance, -1, 0, EMFILE, "/proc/sys/fs/inotify/max_user_instances" },
	{ "inotify watches", one_watch, -1, 0, ENOSPC, "/proc/sys/fs/inotify/max_user_watches" },
	{ "pending signals", one_signal, RLIMIT_SIGPENDING, MOST, EAGAIN },
	{ "message queues", one_queue, RLIMIT_MSGQUEUE, MOST * 11000, EMFILE },
	{ "locked memory", one_locked, RLIMIT_MEMLOCK, MOST * 4096, ENOMEM },
	{ "processes", one_process, RLIMIT_NPROC, MOST, EAGAIN },
};

static void prepare(const struct kind *kind)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", MOST);
	if (kind->path)
		write_text(kind->path, text);
	become(USER);
	if (kind->resource >= 0)
		limit(kind->resource, kind->most);
	ktap_expect(ktap_plain() || !context_new(0, NULL), "expected to enter");
}

/* How many can be had in a context of one's own. */
static int take_all(const struct kind *kind)
{
	int n, err = 0;

	for (n = 0; n < 1000; n++) {
		err = kind->take();
		if (err)
			break;
	}
	ktap_expect(err == kind->full, "%s: expected %s in the end, came %s", kind->name,
		    errno_name(kind->full), errno_name(err));
	return n;
}

static void eat(void *data)
{
	int n;

	prepare(data);
	n = take_all(data);
	ktap_expect(n >= MOST / 2 && n <= MOST, "expected about %d, came %d", MOST, n);
}

/* One eats all it can get: the next one of the same user has its full number all the same. */
static void run_neighbour(const void *data)
{
	const struct kind *kind = data;
	struct sitter sitter = sitter_start(eat, (void *)kind);
	int n;

	prepare(kind);
	n = take_all(kind);
	ktap_expect(n >= MOST / 2 && n <= MOST, "expected about %d, came %d", MOST, n);
	end_processes();
	sitter_end(&sitter);
}

/* It is the context's count, in however many sessions, users' and processes. */
static void run_together(const void *data)
{
	const struct kind *kind = data;
	pid_t pid;
	int n;

	prepare(kind);
	n = take_all(kind);
	pid = fork();
	if (kind->resource == RLIMIT_NPROC) {
		ktap_expect(pid < 0 && errno == EAGAIN, "expected no process more");
		end_processes();
		return;
	}
	ktap_expect(pid >= 0, "fork: %s", errno_name(errno));
	if (!pid) {
		n = kind->take();
		ktap_expect(n == kind->full, "a child: expected %s, came %s",
			    errno_name(kind->full), errno_name(n));
		_exit(0);
	}
	wait_exit(pid, 0);
	ktap_expect(n >= MOST / 2, "expected about %d, came %d", MOST, n);
}

struct room {
	struct sitter sitters[CONTEXTS];
};

static void run_many(const void *unused)
{
	static struct room room;
	int i, n = ktap_seconds(1) > 1 ? 20 : CONTEXTS;

	(void)unused;
	for (i = 0; i < n; i++)
		room.sitters[i] = sitter_start(eat, (void *)&kinds[0]);
	/* the later ones have the lines of those before */
	while (i--)
		sitter_end(&room.sitters[i]);
}

/* What a context had comes back, and so does who moves on from one to one inside. */
static void run_again(const void *unused)
{
	int i;

	(void)unused;
	for (i = 0; i < 20; i++)
		in_child(eat, (void *)&kinds[0]);
	become(USER);
	for (i = 0; i < 5; i++) {
		pid_t pid;

		enter_new(0);
		pid = fork_or_fail();
		if (!pid) {
			ktap_expect(!setuid(USER), "setuid: %s", errno_name(errno));
			enter_new(0);
			execl("/bin/true", "true", NULL);
			_exit(1);
		}
		wait_exit(pid, 0);
	}
}

static const struct ktap_case cases[] = {
	{ "200 contexts of one user", run_many, .seconds = 120 },
	{ "again and again", run_again, .anywhere = "there it comes back, too" },
};

int main(int argc, char **argv)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		static struct ktap_case tests[2 * ARRAY_SIZE(kinds)];

		tests[2 * i] = (struct ktap_case){
			ktap_text("%s beside one who has all", kinds[i].name), run_neighbour,
			&kinds[i],
		};
		tests[2 * i + 1] = (struct ktap_case){
			ktap_text("%s of one context", kinds[i].name), run_together, &kinds[i],
			.anywhere = "there they are the user's",
		};
		ktap_add(&tests[2 * i]);
		ktap_add(&tests[2 * i + 1]);
	}
	ktap_add_all(cases);
	return ktap_main(argc, argv);
}
