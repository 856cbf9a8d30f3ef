// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "cleanup.h"
#include "program.h"
#include "user.h"
#include "visitor.h"

/* What more than one has to say about it. */
static int fail(const struct visitor *visitor, int number, struct complaint *complaint)
{
	return complain_system(complaint, number, "vserver %s", visitor->name);
}

static int enter_namespaces(const struct visitor *visitor, struct complaint *complaint)
{
	if (setns(visitor->mounts, CLONE_NEWNS) < 0 || setns(visitor->names, CLONE_NEWUTS) < 0)
		return fail(visitor, errno, complaint);

	umask(022);
	return 0;
}

/* As who it will run.  Root needs no files for that, unless it logs in. */
static int find_user(const struct visitor *visitor, struct user *user,
		     struct complaint *complaint)
{
	const char *name = visitor->command->user;
	int result = 0;

	if (name || visitor->command->login)
		result = user_find(name ? name : "root", user);
	if (name && result < 0)
		return complain(complaint, VCTL_NO_COMMAND, ENOENT,
				"there is no such user in the vserver",
				"see its /etc/passwd", "user %s", name);
	if (name || (visitor->command->login && result == 0))
		return 0;

	user->uid = 0;
	user->gid = 0;
	user->group_count = 0;
	strcpy(user->name, "root");
	strcpy(user->home, "/root");
	strcpy(user->shell, "/bin/sh");
	return 0;
}

/* /dev/pts is a file system of ours, in which nobody inside can make anything else of this. */
static int open_master(void)
{
	auto_fd int master = program_open(AT_FDCWD, "/dev/pts/ptmx", O_RDWR,
					  RESOLVE_NO_SYMLINKS);
	int unlocked = 0;
	struct statfs system;
	struct stat node;
	int fd = master;

	if (master < 0)
		return master;
	if (fstatfs(master, &system) < 0 || system.f_type != DEVPTS_SUPER_MAGIC ||
	    fstat(master, &node) < 0 || !S_ISCHR(node.st_mode))
		return -ENODEV;
	if (ioctl(master, TIOCSPTLCK, &unlocked) < 0)
		return -errno;

	master = -1;
	return fd;
}

static int set_up(int terminal, const struct vctl_command *command, const struct user *user)
{
	if (command->size.ws_row && ioctl(terminal, TIOCSWINSZ, &command->size) < 0)
		return -errno;
	/* Modes of which nothing is set are none. */
	if (command->modes.c_cflag && tcsetattr(terminal, TCSANOW, &command->modes) < 0)
		return -errno;
	if (fchown(terminal, user->uid, (gid_t)-1) < 0 || ioctl(terminal, TIOCSCTTY, 0) < 0)
		return -errno;

	return 0;
}

static int use(int in, int out, int err)
{
	return dup2(in, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 ||
	       dup2(err, STDERR_FILENO) < 0 ? -errno : 0;
}

static int open_terminal(const struct visitor *visitor, const struct user *user, int line,
			 struct complaint *complaint)
{
	auto_fd int master = open_master();
	auto_fd int terminal = -1;
	int result = master;

	if (master >= 0) {
		terminal = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
		result = terminal < 0 ? -errno : set_up(terminal, visitor->command, user);
	}
	if (result == 0)
		result = child_say(line, CHILD_TERMINAL, 0, master);
	if (result == 0)
		result = use(terminal, terminal, terminal);

	return result < 0 ? complain_system(complaint, -result, "terminal of vserver %s",
					    visitor->name) : 0;
}

static int open_standard(const struct visitor *visitor, struct complaint *complaint)
{
	auto_fd int null = -1;
	int in = visitor->in;

	if (in < 0) {
		null = program_open(AT_FDCWD, "/dev/null", O_RDWR, RESOLVE_NO_SYMLINKS);
		if (null < 0)
			return fail(visitor, -null, complaint);
		in = null;
	}
	if (use(in, visitor->out, visitor->err) < 0)
		return fail(visitor, errno, complaint);

	return 0;
}

#define VARIABLE_ROOM	(USER_PATH_MAX + 16)
#define VARIABLES	16

struct environment {
	const char *all[VARIABLES];
	size_t count;
	char user[VARIABLE_ROOM], logname[VARIABLE_ROOM], home[VARIABLE_ROOM],
	     shell[VARIABLE_ROOM], term[VARIABLE_ROOM];
};

static void add(struct environment *environment, const char *variable)
{
	if (environment->count < VARIABLES - 1)
		environment->all[environment->count++] = variable;
	environment->all[environment->count] = NULL;
}

static void add_value(struct environment *environment, char *room, const char *key,
		      const char *value)
{
	snprintf(room, VARIABLE_ROOM, "%s=%s", key, value);
	add(environment, room);
}

static void make_environment(const struct visitor *visitor, const struct user *user,
			     struct environment *environment)
{
	environment->count = 0;
	add(environment, "PATH=" PROGRAM_PATH);
	add(environment, "container=vcontext");
	add_value(environment, environment->user, "USER", user->name);
	add_value(environment, environment->logname, "LOGNAME", user->name);
	add_value(environment, environment->home, "HOME", user->home);
	add_value(environment, environment->shell, "SHELL", user->shell);
	if (visitor->command->term)
		add_value(environment, environment->term, "TERM", visitor->command->term);
	for (size_t i = 0; visitor->environment && visitor->environment[i]; i++)
		add(environment, visitor->environment[i]);
	for (size_t i = 0; visitor->command->environment && visitor->command->environment[i]; i++)
		add(environment, visitor->command->environment[i]);
}

/* No link may take it out by what another process has open. */
static void go_home(const struct user *user)
{
	auto_fd int home = program_open(AT_FDCWD, user->home, O_PATH | O_DIRECTORY, 0);

	if (home >= 0)
		(void)!fchdir(home);
}

static int prepare(const struct visitor *visitor, struct user *user, int line,
		   struct complaint *complaint)
{
	const struct state *state = visitor->state;
	int result = child_settle(line, complaint);

	if (result == 0)
		result = enter_namespaces(visitor, complaint);
	if (result == 0)
		result = find_user(visitor, user, complaint);
	if (result == 0)
		result = visitor->command->terminal ?
				 open_terminal(visitor, user, line, complaint) :
				 open_standard(visitor, complaint);
	if (result == 0)
		result = child_limit(state->limits, state->limit_count, state->has_nice,
				     state->nice, complaint);

	return result;
}

/*
 * It is counted where it comes from until it execs, and how many of that user the machine has is no
 * reason to keep it out: the limit is for what it does inside.
 */
static int become_user(const struct user *user, int line)
{
	const struct rlimit none = { RLIM_INFINITY, RLIM_INFINITY };
	struct rlimit limit;
	int result;

	if (getrlimit(RLIMIT_NPROC, &limit) < 0 || setrlimit(RLIMIT_NPROC, &none) < 0)
		return -errno;
	result = child_become(line, user->uid, user->gid, user->groups, user->group_count);

	return result == 0 && setrlimit(RLIMIT_NPROC, &limit) < 0 ? -errno : result;
}

/*
 * Who wants to enter at exec has to be root when it says so, and no longer.  From then on nobody
 * outside but root stops it or sets limits for it, whoever it becomes.
 */
static int become(const struct visitor *visitor, const struct user *user, int line,
		  struct complaint *complaint)
{
	const char *shell[] = { user->shell, NULL };
	const char *const *argv = (const char *const *)visitor->command->argv;
	char called[USER_PATH_MAX + 1];
	struct environment environment;
	int result = vctl_context_enter_at_exec(visitor->ctx, NULL);

	if (result == 0)
		result = child_seal();
	if (result == 0)
		result = user->uid != 0 ? become_user(user, line) :
			 child_become(line, user->uid, user->gid, user->groups, user->group_count);
	if (result < 0)
		return fail(visitor, -result, complaint);

	if (child_is_orphan(line))
		_exit(EXIT_FAILURE);

	make_environment(visitor, user, &environment);
	if (!visitor->command->login)
		return program_run(argv, NULL, environment.all, complaint);

	go_home(user);
	snprintf(called, sizeof(called), "-%s", strrchr(user->shell, '/') ?
						strrchr(user->shell, '/') + 1 : user->shell);
	return program_run(shell, called, environment.all, complaint);
}

void visitor_run(const struct visitor *visitor, int line)
{
	struct complaint complaint;
	struct user user;

	if (prepare(visitor, &user, line, &complaint) == 0)
		become(visitor, &user, line, &complaint);
	child_fail(line, &complaint);
}
