// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

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

/* As posix_spawn() does it; a negative errno value on failure. */
static pid_t spawn(const char *program, char *const argv[])
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	sigset_t set;
	pid_t pid;
	int result;

	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawnattr_init(&attributes);
	sigfillset(&set);
	posix_spawnattr_setsigdefault(&attributes, &set);
	sigemptyset(&set);
	posix_spawnattr_setsigmask(&attributes, &set);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
	result = posix_spawn(&pid, program, &files, &attributes, argv, environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&files);

	return result ? -result : pid;
}

int script_run(const struct vctl_vserver *vs, const char *when, struct vctl_error **err)
{
	const char *argv[] = { "/bin/sh", vs->script, when, vs->name, NULL };
	const char *const *own = argv + 1;
	char what[sizeof(VCTL_CONF_DIR) + VCTL_NAME_MAX + 32];
	struct stat node;
	bool program;
	int status;
	pid_t pid;

	if (stat(vs->script, &node) < 0)
		return errno == ENOENT ? 0 : vctl_error_set(err, VCTL_SYSTEM, errno, vs->script,
							   NULL, NULL);
	if (node.st_uid != 0 || (node.st_mode & 022))
		return vctl_error_set(err, VCTL_SCRIPT, EPERM, vs->script,
				      "it is run as root, and others than root may change it",
				      "make it root's, with mode 0755 or 0700");

	snprintf(what, sizeof(what), "%s %s", vs->script, when);
	program = node.st_mode & 0111;
	pid = spawn(program ? vs->script : "/bin/sh", (char *const *)(program ? own : argv));
	/* Without a first line that says what runs it. */
	if (pid == -ENOEXEC)
		pid = spawn("/bin/sh", (char *const *)argv);
	if (pid < 0)
		return fail(what, strerrordesc_np(-pid), err);

	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return fail(what, "how it ended is lost: SIGCHLD is ignored", err);
	}

	return tell_status(what, status, err);
}
