// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "become.h"
#include "cleanup.h"
#include "message.h"
#include "watcher.h"

static int refuse(const char *name, const struct vctl_error *err)
{
	auto_free char *what = NULL;
	auto_free char *advice = NULL;

	switch (vctl_error_code(err)) {
	case VCTL_NOT_ROOT:
	case VCTL_LOCKED:
		if (asprintf(&what, "%s: context 1", name) < 0)
			what = NULL;
		if (asprintf(&advice, "run vctl %s as root outside of any context", name) < 0)
			advice = NULL;
		message_error(what ? what : name,
			      "only root in context 0 may see the processes of all contexts",
			      advice);
		return -1;
	default:
		message_fail(err);
		return -1;
	}
}

int watcher_open(struct watcher *watcher, const char *name)
{
	struct vcontext_open open = VCTL_SIZED(struct vcontext_open);
	vctl_auto_error struct vctl_error *err = NULL;

	open.id = VCONTEXT_ID_WATCHER;
	open.how = VCONTEXT_OPEN_CREATE;
	if (vctl_device_open(&watcher->dev, &err) < 0 ||
	    vctl_context_open(watcher->dev, &open, &watcher->ctx, &err) < 0)
		return refuse(name, err);

	return 0;
}

void watcher_close(struct watcher *watcher)
{
	vctl_context_close(watcher->ctx);
	vctl_device_close(watcher->dev);
	*watcher = (struct watcher)WATCHER_NONE;
}

pid_t watcher_fork(const struct watcher *watcher)
{
	vctl_auto_error struct vctl_error *err = NULL;
	pid_t child;

	fflush(NULL);
	child = fork();
	if (child < 0)
		message_system("process in context 1", NULL);
	if (child == 0 && vctl_context_enter(watcher->ctx, &err) < 0) {
		message_fail(err);
		_exit(STATUS_FAILED);
	}

	return child;
}

pid_t watcher_run(const struct watcher *watcher, char **argv, int out)
{
	pid_t child = watcher_fork(watcher);

	if (child != 0)
		return child;
	if (dup2(out, STDOUT_FILENO) < 0)
		message_system("standard output", NULL);
	else
		become(argv);
	_exit(STATUS_FAILED);
}

enum status watcher_wait(pid_t child)
{
	int status;

	while (waitpid(child, &status, 0) < 0) {
		if (errno != EINTR)
			return message_system("end of the process in context 1", NULL);
	}

	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
