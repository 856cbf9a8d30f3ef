// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cleanup.h"
#include "run.h"

#define TICK_MS 200
#define USUAL_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* Besides what programs exit with. */
#define STATUS_NOT_FOUND 127
#define STATUS_NOT_SET_UP 126

/* The rules of Landlock's second version: the first one had no way to allow hard links. */
#define LANDLOCK_VERSION 2
#define WRITES (LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR | \
		LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_CHAR | \
		LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG | \
		LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO | \
		LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM | \
		LANDLOCK_ACCESS_FS_REFER)

static volatile sig_atomic_t interrupted, again;
static time_t first;

/* A single word may come twice: to the process and to its group. */
static void note_signal(int number)
{
	struct timespec now;

	(void)number;
	clock_gettime(CLOCK_MONOTONIC, &now);
	if (!interrupted)
		first = now.tv_sec;
	else if (now.tv_sec > first + 1)
		again = 1;
	interrupted = 1;
}

void run_catch_signals(void)
{
	struct sigaction action = { .sa_handler = note_signal };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	/* Under nohup it stays ignored. */
	if (signal(SIGHUP, SIG_IGN) != SIG_IGN)
		sigaction(SIGHUP, &action, NULL);
	/* Would there be no status to wait for, or a write to nobody end us. */
	signal(SIGCHLD, SIG_DFL);
	signal(SIGPIPE, SIG_IGN);
}

bool run_interrupted(void)
{
	return interrupted;
}

bool run_interrupted_again(void)
{
	return again;
}

static const char *search_path(void)
{
	const char *path = getenv("PATH");

	return path && *path ? path : USUAL_PATH;
}

bool run_find(const char *program)
{
	auto_free char *path = strdup(search_path());
	char *rest = NULL;

	for (char *part = path ? strtok_r(path, ":", &rest) : NULL; part;
	     part = strtok_r(NULL, ":", &rest)) {
		auto_free char *file = NULL;

		if (asprintf(&file, "%s/%s", part, program) < 0)
			file = NULL;
		if (file && access(file, X_OK) == 0)
			return true;
	}

	return false;
}

/*
 * Nothing outside of @directory is to be written, whatever names an archive has for it.  A kernel
 * that can't see to that leaves it to the program, which has rules of its own.
 */
static int stay_below(int directory)
{
	struct landlock_ruleset_attr rules = { .handled_access_fs = WRITES };
	struct landlock_path_beneath_attr below = {
		.allowed_access = WRITES,
		.parent_fd = directory,
	};
	long version = syscall(SYS_landlock_create_ruleset, NULL, 0,
			       LANDLOCK_CREATE_RULESET_VERSION);
	auto_fd int set = -1;

	if (version < LANDLOCK_VERSION)
		return 0;

	set = (int)syscall(SYS_landlock_create_ruleset, &rules, sizeof(rules), 0);
	if (set < 0 ||
	    syscall(SYS_landlock_add_rule, set, LANDLOCK_RULE_PATH_BENEATH, &below, 0) < 0)
		return -1;

	return (int)syscall(SYS_landlock_restrict_self, set, 0);
}

static int set_limits(const struct run_limit *limits)
{
	for (; limits && limits->most; limits++) {
		struct rlimit limit = { .rlim_cur = limits->most, .rlim_max = limits->most };

		if (setrlimit((__rlimit_resource_t)limits->resource, &limit) < 0)
			return -1;
	}

	return 0;
}

/* What becomes the program; @out takes all that it prints. */
static void become_program(const struct run *run, int out)
{
	auto_fd int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	signal(SIGPIPE, SIG_DFL);
	if (dup2(run->in >= 0 ? run->in : null, STDIN_FILENO) < 0 ||
	    dup2(out, STDOUT_FILENO) < 0 || dup2(out, STDERR_FILENO) < 0 ||
	    prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || setenv("LC_ALL", "C", 1) < 0 ||
	    setenv("PATH", search_path(), 1) < 0 || unsetenv("TAR_OPTIONS") < 0 ||
	    (run->directory >= 0 ? fchdir(run->directory) : chdir("/")) < 0 ||
	    (run->fenced && stay_below(run->directory) < 0) || set_limits(run->limits) < 0)
		_exit(STATUS_NOT_SET_UP);

	umask(022);
	execvp(run->argv[0], (char *const *)run->argv);
	_exit(errno == ENOENT ? STATUS_NOT_FOUND : STATUS_NOT_SET_UP);
}

/*
 * Process 1 of the program's own numbers: with it ends whatever the program has started.  @out
 * fails once nobody reads from it: our parent was gone before we asked to be told.
 */
static void lead(const struct run *run, int out)
{
	struct pollfd reader = { .fd = out };
	pid_t child, gone;
	int status;

	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || poll(&reader, 1, 0) != 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
		_exit(STATUS_NOT_SET_UP);

	child = fork();
	if (child == 0) {
		signal(SIGINT, SIG_DFL);
		signal(SIGTERM, SIG_DFL);
		signal(SIGHUP, SIG_DFL);
		become_program(run, out);
	}
	close(out);
	do {
		gone = wait(&status);
	} while (child > 0 && gone != child && (gone > 0 || errno == EINTR));
	if (child < 0 || gone != child)
		_exit(STATUS_NOT_SET_UP);

	_exit(WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
}

/* What it prints, line by line; carriage returns end lines, too, as progress has them. */
struct lines {
	char line[RUN_SAID];
	size_t length;
};

static void end_line(struct run *run, struct lines *lines)
{
	lines->line[lines->length] = '\0';
	lines->length = 0;
	if (!*lines->line)
		return;
	if ((!run->heed || run->heed(lines->line, run->data)) && !*run->said)
		snprintf(run->said, sizeof(run->said), "%s", lines->line);
}

static void take_bytes(struct run *run, struct lines *lines, const char *bytes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (bytes[i] == '\n' || bytes[i] == '\r')
			end_line(run, lines);
		else if (lines->length < sizeof(lines->line) - 1)
			lines->line[lines->length++] = bytes[i];
	}
}

/* Until it has closed its end or there is a signal. */
static void listen_to(struct run *run, int in)
{
	struct pollfd writer = { .fd = in, .events = POLLIN };
	struct lines lines = { .length = 0 };
	char bytes[4096];

	while (!interrupted) {
		ssize_t count = 0;
		int ready = poll(&writer, 1, TICK_MS);

		if (run->tick)
			run->tick(run->data);
		if (ready <= 0)
			continue;
		count = read(in, bytes, sizeof(bytes));
		if (count == 0)
			break;
		if (count > 0)
			take_bytes(run, &lines, bytes, (size_t)count);
	}
	end_line(run, &lines);
}

/* As fork(), for a child that is process 1 and has its own mounts. */
static pid_t fork_apart(void)
{
	unsigned long flags = CLONE_NEWPID | CLONE_NEWNS | SIGCHLD;

	fflush(NULL);
#ifdef __s390x__
	return (pid_t)syscall(SYS_clone, NULL, flags, NULL, NULL, 0);
#else
	return (pid_t)syscall(SYS_clone, flags, NULL, NULL, NULL, 0);
#endif
}

int run_program(struct run *run)
{
	auto_fd int in = -1;
	int ends[2];
	pid_t child;
	int status;

	run->said[0] = '\0';
	if (interrupted)
		return -EINTR;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;

	in = ends[0];
	child = fork_apart();
	if (child == 0) {
		close(ends[0]);
		lead(run, ends[1]);
	}
	close(ends[1]);
	if (child < 0)
		return -errno;

	listen_to(run, in);
	/* What holds no end of the pipe may still work. */
	if (interrupted)
		kill(child, SIGKILL);
	while (waitpid(child, &status, 0) < 0) {
		if (errno != EINTR)
			return -errno;
		if (interrupted)
			kill(child, SIGKILL);
	}
	if (interrupted)
		return -EINTR;

	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
