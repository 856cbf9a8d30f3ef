// SPDX-License-Identifier: GPL-2.0-only
/*
 * Vservers for the tests of the command line: linked in with --wrap in front of the library's
 * functions.  With FAKE in the environment there are those of known[], what is asked is told in
 * that file, nothing is really started, and commands "inside" run here.
 *
 *	FAKE_FAIL=ERRNO		what is asked fails
 *	FAKE_WARN=yes		start and stop warn
 *	FAKE_LATE=SECONDS	start takes so long, and what it prints comes then
 *	FAKE_NONE=yes		there are no vservers
 *
 * What runs "inside" finds FAKE_NAME in its environment, the name of the vserver.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <pty.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <vctl_vserver.h>

#include "error.h"

int __wrap_vctl_vserver_list(char ***names, struct vctl_error **err);
int __wrap_vctl_vserver_status(struct vctl_vserver *vs, struct vctl_vserver_status *status,
			       struct vctl_error **err);
int __wrap_vctl_vserver_start(struct vctl_vserver *vs, const struct vctl_watch *watch,
			      struct vctl_error **err);
int __wrap_vctl_vserver_stop(struct vctl_vserver *vs, int timeout_ms,
			     const struct vctl_watch *watch, struct vctl_error **err);
int __wrap_vctl_vserver_restart(struct vctl_vserver *vs, bool only_running, int timeout_ms,
				const struct vctl_watch *watch, struct vctl_error **err);
int __wrap_vctl_vserver_start_bare(struct vctl_vserver *vs, const struct vctl_watch *watch,
				   struct vctl_error **err);
int __wrap_vctl_vserver_stop_bare(struct vctl_vserver *vs, const struct vctl_watch *watch,
				  struct vctl_error **err);
int __wrap_vctl_vserver_exec(struct vctl_vserver *vs, const struct vctl_command *command,
			     struct vctl_inside *inside, struct vctl_error **err);
int __wrap_vctl_vserver_contexts(struct vctl_vserver_context **all, size_t *count,
				 struct vctl_error **err);
int __real_vctl_vserver_list(char ***names, struct vctl_error **err);
int __real_vctl_vserver_contexts(struct vctl_vserver_context **all, size_t *count,
				 struct vctl_error **err);
int __real_vctl_vserver_status(struct vctl_vserver *vs, struct vctl_vserver_status *status,
			       struct vctl_error **err);
int __real_vctl_vserver_start(struct vctl_vserver *vs, const struct vctl_watch *watch,
			      struct vctl_error **err);
int __real_vctl_vserver_stop(struct vctl_vserver *vs, int timeout_ms,
			     const struct vctl_watch *watch, struct vctl_error **err);
int __real_vctl_vserver_restart(struct vctl_vserver *vs, bool only_running, int timeout_ms,
				const struct vctl_watch *watch, struct vctl_error **err);
int __real_vctl_vserver_start_bare(struct vctl_vserver *vs, const struct vctl_watch *watch,
				   struct vctl_error **err);
int __real_vctl_vserver_stop_bare(struct vctl_vserver *vs, const struct vctl_watch *watch,
				  struct vctl_error **err);
int __real_vctl_vserver_exec(struct vctl_vserver *vs, const struct vctl_command *command,
			     struct vctl_inside *inside, struct vctl_error **err);

static const struct {
	const char *name;
	struct vctl_vserver_status status;
} known[] = {
	{ "gone", { .state = VCTL_ENDED, .wish = VCTL_WISH_REBOOT, .context = 102,
		    .fakeinit = true, .started = 1700000000 } },
	{ "half", { .state = VCTL_LEFT, .context = VCONTEXT_ID_ANY, .onboot = true } },
	{ "mail", { .state = VCTL_STOPPED, .context = VCONTEXT_ID_ANY } },
	{ "web1", { .state = VCTL_RUNNING, .context = 100, .processes = 5, .onboot = true,
		    .started = 1700000000, .addresses = (char *)"10.0.0.1 2001:db8::1" } },
	{ "web2", { .state = VCTL_STOPPED, .context = VCONTEXT_ID_ANY, .onboot = true } },
};

#define KNOWN (getenv("FAKE_NONE") ? 0 : sizeof(known) / sizeof(known[0]))

__attribute__((format(printf, 1, 2)))
static void record(const char *format, ...)
{
	int fd = openat(AT_FDCWD, getenv("FAKE"), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	va_list list;

	va_start(list, format);
	if (fd < 0 || vdprintf(fd, format, list) < 0)
		abort();
	va_end(list);
	close(fd);
}

/* This process has started one. */
static bool bare;

/* FAKE_HALF makes another one of "half": "stopped", or "bare" for one that is up for a command. */
static struct vctl_vserver_status status_of(const struct vctl_vserver *vs, bool *exists)
{
	struct vctl_vserver_status none = { .state = VCTL_STOPPED, .context = VCONTEXT_ID_ANY };
	const char *half = getenv("FAKE_HALF");

	*exists = half && strcmp(vctl_vserver_name(vs), "half") == 0;
	if (*exists && (bare || strcmp(half, "bare") == 0)) {
		none.state = VCTL_RUNNING;
		none.bare = true;
		none.context = 100;
	}
	if (*exists)
		return none;
	for (size_t i = 0; i < KNOWN; i++) {
		if (strcmp(known[i].name, vctl_vserver_name(vs)) == 0) {
			*exists = true;
			return known[i].status;
		}
	}

	return none;
}

static int fail(const struct vctl_vserver *vs, enum vctl_code code, int number, const char *why,
		struct vctl_error **err)
{
	char what[100];

	snprintf(what, sizeof(what), "vserver %s", vctl_vserver_name(vs));
	return vctl_error_set(err, code, number, what, why, NULL);
}

/* What a vserver needs: the device, and that nothing is to fail. */
static int begin(struct vctl_error **err)
{
	vctl_auto_device struct vctl_device *dev = NULL;
	const char *number = getenv("FAKE_FAIL");
	int result = vctl_device_open(&dev, err);

	if (result == 0 && number)
		result = vctl_error_set(err, VCTL_NOT_ROOT, atoi(number), "vserver",
					"only root of context 0 may", "be root");
	return result;
}

int __wrap_vctl_vserver_list(char ***names, struct vctl_error **err)
{
	if (!getenv("FAKE"))
		return __real_vctl_vserver_list(names, err);

	*names = calloc(KNOWN + 1, sizeof(**names));
	for (size_t i = 0; i < KNOWN; i++)
		(*names)[i] = strdup(known[i].name);
	return 0;
}

int __wrap_vctl_vserver_status(struct vctl_vserver *vs, struct vctl_vserver_status *status,
			       struct vctl_error **err)
{
	bool exists;
	int result;

	if (!getenv("FAKE"))
		return __real_vctl_vserver_status(vs, status, err);

	result = begin(err);
	if (result < 0)
		return result;
	*status = status_of(vs, &exists);
	if (status->addresses)
		status->addresses = strdup(status->addresses);
	return 0;
}

/* As old as the made-up kernel has them. */
int __wrap_vctl_vserver_contexts(struct vctl_vserver_context **all, size_t *count,
				 struct vctl_error **err)
{
	if (!getenv("FAKE"))
		return __real_vctl_vserver_contexts(all, count, err);

	*all = calloc(KNOWN + 1, sizeof(**all));
	*count = 0;
	for (size_t i = 0; i < KNOWN; i++) {
		struct vctl_vserver_context *one = *all + *count;

		if (known[i].status.context == VCONTEXT_ID_ANY)
			continue;
		one->context = known[i].status.context;
		one->created = one->context * 1000000ULL;
		strcpy(one->name, known[i].name);
		++*count;
	}
	return 0;
}

/* Lines, a part of one, and what would steer a terminal. */
static void go_on(const struct vctl_watch *watch, const char *step)
{
	vctl_auto_error struct vctl_error *err = NULL;
	static const char text[] = "Starting cron ...\n\033[31mdone";

	if (watch->step)
		watch->step(watch->data, step);
	if (watch->output) {
		watch->output(watch->data, text, 9);
		watch->output(watch->data, text + 9, sizeof(text) - 10);
	}
	if (getenv("FAKE_WARN")) {
		vctl_error_set(&err, VCTL_SCRIPT, ECANCELED, "post-start", "it failed", NULL);
		watch->warn(watch->data, err);
	}
}

static void take_time(const struct vctl_watch *watch)
{
	const char *text = getenv("FAKE_LATE");
	int left = text ? atoi(text) * 1000 : 0;

	if (watch->late && watch->late_ms < left) {
		usleep((unsigned int)watch->late_ms * 1000);
		left -= watch->late_ms;
		watch->late(watch->data);
	}
	usleep((unsigned int)left * 1000);
}

int __wrap_vctl_vserver_start(struct vctl_vserver *vs, const struct vctl_watch *watch,
			      struct vctl_error **err)
{
	struct vctl_vserver_status status;
	bool exists;
	int result;

	if (!getenv("FAKE"))
		return __real_vctl_vserver_start(vs, watch, err);

	result = begin(err);
	if (result < 0)
		return result;
	status = status_of(vs, &exists);
	if (!exists)
		return fail(vs, VCTL_NO_VSERVER, ENOENT, "there is no configuration", err);
	if (status.state == VCTL_RUNNING)
		return fail(vs, VCTL_RUNS, EALREADY, "it is running already", err);
	record("start %s\n", vctl_vserver_name(vs));
	take_time(watch);
	if (getenv("FAKE_LATE"))
		record("started %s\n", vctl_vserver_name(vs));
	go_on(watch, "starting services");
	return 0;
}

int __wrap_vctl_vserver_stop(struct vctl_vserver *vs, int timeout_ms,
			     const struct vctl_watch *watch, struct vctl_error **err)
{
	bool exists;
	int result;

	if (!getenv("FAKE"))
		return __real_vctl_vserver_stop(vs, timeout_ms, watch, err);

	result = begin(err);
	if (result < 0)
		return result;
	if (status_of(vs, &exists).state == VCTL_STOPPED)
		return 1;
	record("stop %s %d\n", vctl_vserver_name(vs), timeout_ms);
	go_on(watch, "shutting down");
	return 0;
}

int __wrap_vctl_vserver_restart(struct vctl_vserver *vs, bool only_running, int timeout_ms,
				const struct vctl_watch *watch, struct vctl_error **err)
{
	bool exists;
	int result;

	if (!getenv("FAKE"))
		return __real_vctl_vserver_restart(vs, only_running, timeout_ms, watch, err);

	result = begin(err);
	if (result < 0)
		return result;
	if (status_of(vs, &exists).state != VCTL_RUNNING && only_running)
		return 1;
	if (!exists)
		return fail(vs, VCTL_NO_VSERVER, ENOENT, "there is no configuration", err);
	record("restart %s %d\n", vctl_vserver_name(vs), timeout_ms);
	return 0;
}

int __wrap_vctl_vserver_start_bare(struct vctl_vserver *vs, const struct vctl_watch *watch,
				   struct vctl_error **err)
{
	int result;

	if (!getenv("FAKE"))
		return __real_vctl_vserver_start_bare(vs, watch, err);

	result = begin(err);
	if (result < 0)
		return result;
	record("start bare %s\n", vctl_vserver_name(vs));
	bare = true;
	return 0;
}

int __wrap_vctl_vserver_stop_bare(struct vctl_vserver *vs, const struct vctl_watch *watch,
				  struct vctl_error **err)
{
	if (!getenv("FAKE"))
		return __real_vctl_vserver_stop_bare(vs, watch, err);

	record("stop bare %s\n", vctl_vserver_name(vs));
	return 0;
}

static void record_command(const struct vctl_vserver *vs, const struct vctl_command *command)
{
	record("exec %s", vctl_vserver_name(vs));
	if (command->user)
		record(" as %s", command->user);
	if (command->terminal)
		record(" terminal");
	record(command->login ? " login" : ":");
	for (size_t i = 0; command->argv && command->argv[i]; i++)
		record(" [%.20s]", strchr(command->argv[i], '\n') ? "script" : command->argv[i]);
	record("\n");
}

pid_t fake_command;

static void become(const char *name, const struct vctl_command *command, int ends[3][2])
{
	char *const shell[] = { (char *)"sh", NULL };

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* What is sent to our group doesn't reach it. */
	setsid();
	unsetenv("FAKE");
	setenv("FAKE_NAME", name, 1);
	for (size_t i = 0; command->environment && command->environment[i]; i++)
		putenv((char *)command->environment[i]);
	for (int i = 0; ends && i < 3; i++)
		dup2(ends[i][i > 0], i);
	execvp(command->login ? "sh" : command->argv[0], command->login ? shell : command->argv);
	_exit(127);
}

int __wrap_vctl_vserver_exec(struct vctl_vserver *vs, const struct vctl_command *command,
			     struct vctl_inside *inside, struct vctl_error **err)
{
	int ends[3][2];
	bool exists;
	int result;

	if (!getenv("FAKE"))
		return __real_vctl_vserver_exec(vs, command, inside, err);

	result = begin(err);
	if (result < 0)
		return result;
	if (status_of(vs, &exists).state != VCTL_RUNNING && !bare)
		return exists ? fail(vs, VCTL_RUNS_NOT, ESRCH, "it is not running", err) :
				fail(vs, VCTL_NO_VSERVER, ENOENT, "there is none", err);
	record_command(vs, command);

	if (command->terminal) {
		fake_command = inside->pid = forkpty(&inside->in, NULL, NULL, NULL);
		if (inside->pid == 0)
			become(vctl_vserver_name(vs), command, NULL);
		inside->pidfd = (int)syscall(SYS_pidfd_open, inside->pid, 0);
		return 0;
	}
	for (int i = 0; i < 3; i++) {
		if (pipe2(ends[i], O_CLOEXEC) < 0)
			abort();
	}
	fake_command = inside->pid = fork();
	if (inside->pid == 0)
		become(vctl_vserver_name(vs), command, ends);
	inside->pidfd = (int)syscall(SYS_pidfd_open, inside->pid, 0);
	inside->in = ends[0][1];
	inside->out = ends[1][0];
	inside->err = ends[2][0];
	close(ends[0][0]);
	close(ends[1][1]);
	close(ends[2][1]);
	return 0;
}
