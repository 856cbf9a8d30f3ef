// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "cleanup.h"
#include "error.h"
#include "script.h"
#include "vserver.h"

extern char **environ;

static int fail(const char *what, const char *why, struct vctl_error **err)
{
	return vctl_error_set(err, VCTL_SCRIPT, ECANCELED, what, why,
			      "see what it has printed, and run it by hand");
}

static int tell_status(const char *what, int status, struct vctl_error **err)
{
	char why[64];

	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;

	if (WIFEXITED(status))
		snprintf(why, sizeof(why), "it failed with exit status %d", WEXITSTATUS(status));
	else
		snprintf(why, sizeof(why), "it was ended by signal %d", WTERMSIG(status));
	return fail(what, why, err);
}

/* In the child.  Returns only if the program can't be run. */
static int become(const char *program, char *const argv[], int line)
{
	auto_fd int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int result = child_attach(line);

	if (result < 0)
		return result;
	/* One that is there already would be closed. */
	if (null < 0 || (null == STDIN_FILENO ? fcntl(null, F_SETFD, 0) :
						dup2(null, STDIN_FILENO)) < 0)
		return -errno;

	execve(program, argv, environ);
	return -errno;
}

/* It ends with us: who acts on the vserver next is not to do so beside it. */
static int spawn(const char *program, char *const argv[], struct child *child)
{
	struct child_message message;
	int result = child_fork(child, 0, -1, -1);

	if (result == 0) {
		child_say(child->line, CHILD_FAILED, become(program, argv, child->line), -1);
		_exit(EXIT_FAILURE);
	}
	if (result < 0)
		return result;

	/* The line ends when it has become the program. */
	result = child_hear(child->line, &message, NULL);
	if (result == 0)
		return 0;

	child_end(child);
	return result < 0 ? result : message.value;
}

int script_run(const struct vctl_vserver *vs, const char *when, struct vctl_error **err)
{
	const char *argv[] = { "/bin/sh", vs->script, when, vs->name, NULL };
	const char *const *own = argv + 1;
	char what[sizeof(VCTL_CONF_DIR) + VCTL_NAME_MAX + 32];
	struct stat node;
	struct child child;
	bool program;
	int result;

	if (stat(vs->script, &node) < 0)
		return errno == ENOENT ? 0 : vctl_error_set(err, VCTL_SYSTEM, errno, vs->script,
							   NULL, NULL);
	if (node.st_uid != 0 || (node.st_mode & 022))
		return vctl_error_set(err, VCTL_SCRIPT, EPERM, vs->script,
				      "it is run as root, and others than root may change it",
				      "make it root's, with mode 0755 or 0700");

	snprintf(what, sizeof(what), "%s %s", vs->script, when);
	program = node.st_mode & 0111;
	result = spawn(program ? vs->script : "/bin/sh", (char *const *)(program ? own : argv),
		       &child);
	/* Without a first line that says what runs it. */
	if (result == -ENOEXEC)
		result = spawn("/bin/sh", (char *const *)argv, &child);
	if (result < 0)
		return fail(what, strerrordesc_np(-result), err);

	result = child_reap(&child);
	child_close(&child);
	if (result < 0)
		return fail(what, "how it ended is lost: SIGCHLD is ignored", err);

	return tell_status(what, result, err);
}
