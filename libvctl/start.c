// SPDX-License-Identifier: LGPL-2.1-or-later
/* The start of a vserver, as a list of steps. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "cgroup.h"
#include "claim.h"
#include "cleanup.h"
#include "error.h"
#include "first.h"
#include "relay.h"
#include "script.h"
#include "service_check.h"
#include "step.h"
#include "tree.h"

#ifndef LIBEXECDIR
#define LIBEXECDIR "/usr/local/lib/vctl"
#endif

/* How long somebody who but looks at a context of the same id may keep us from it. */
#define ID_WAIT_MS	1000

/* From the directory of programs. */
#define BESIDE_US "../lib/vctl/vreboot"

struct start {
	struct vctl_vserver *vs;
	const struct vctl_conf *conf;
	const struct vctl_watch *watch;
	struct state state;
	struct claim *claim;
	struct vctl_device *dev;
	struct vctl_context *ctx;
	struct child child;
	int tree, reboot, cgroup;
	int output[2];
	bool again;
	bool scripted;		/* pre-start has been run */
	bool left;		/* not all could be undone, and that has to stay written down */
};

static bool has_fakeinit(const struct start *start)
{
	return start->conf->flags & VCONTEXT_FAKEINIT;
}

static int no_memory(const struct start *start, struct vctl_error **err)
{
	return vctl_error_set(err, VCTL_SYSTEM, ENOMEM, vs_what(start->vs).text, NULL, NULL);
}

static int open_device(void *data, struct vctl_error **err)
{
	struct vcontext_info info = VCTL_SIZED(struct vcontext_info);
	struct start *start = data;
	int result = vctl_device_open(&start->dev, err);

	if (result == 0)
		result = vctl_info(start->dev, &info, err);
	if (result < 0)
		return result;
	/* To root of context 0 the kernel says how many contexts there are. */
	if (info.id != VCONTEXT_ID_HOST || info.contexts == VCONTEXT_ID_ANY)
		return vctl_error_set(err, VCTL_NOT_ROOT, EPERM, vs_what(start->vs).text,
				      "only root in context 0 may start it",
				      "run as root outside of any context");

	return 0;
}

/* Where it was built to be, or beside this program. */
static int open_vreboot(void)
{
	char path[PATH_MAX + sizeof(BESIDE_US)];
	int fd = open(LIBEXECDIR "/vreboot", O_RDONLY | O_CLOEXEC);
	ssize_t length;

	if (fd >= 0)
		return fd;
	length = readlink("/proc/self/exe", path, PATH_MAX);
	if (length <= 0)
		return -1;
	path[length] = '\0';
	strcpy(strrchr(path, '/') + 1, BESIDE_US);

	return open(path, O_RDONLY | O_CLOEXEC);
}

static void warn_vreboot(const struct start *start)
{
	vctl_auto_error struct vctl_error *err = NULL;

	vctl_error_set(&err, VCTL_SYSTEM, ENOENT, LIBEXECDIR "/vreboot",
		       "vreboot and vhalt are not there to be put into the vserver",
		       "install the tools with make install and the same PREFIX");
	tell_warn(start->watch, err);
}

static int open_files(void *data, struct vctl_error **err)
{
	struct start *start = data;
	int result;

	start->tree = tree_open(start->vs->tree, start->vs->name, err);
	if (start->tree < 0)
		return start->tree;
	if (!start->vs->bare) {
		result = service_check(start->tree, start->conf, start->vs->tree, start->watch,
				       err);
		if (result < 0)
			return result;
	}

	start->reboot = open_vreboot();
	if (start->reboot < 0)
		warn_vreboot(start);
	return 0;
}

static int look_at_addresses(void *data, struct vctl_error **err)
{
	struct start *start = data;
	int result;

	start->claim = malloc(sizeof(*start->claim));
	if (!start->claim)
		return no_memory(start, err);
	result = claim_read(start->conf, start->claim, err);
	if (result == 0)
		result = claim_look(start->vs, start->claim, err);
	if (result == 0)
		claim_warn(start->claim, start->watch);

	return result;
}

/* What those who enter later need to know. */
static int write_state(void *data, struct vctl_error **err)
{
	struct start *start = data;
	const struct vctl_conf *conf = start->conf;
	struct state *state = &start->state;

	state->phase = STATE_STARTING;
	state->again = start->again;
	state->bare = start->vs->bare;
	state->fakeinit = has_fakeinit(start);
	state->has_nice = conf->has_nice;
	state->nice = conf->nice;
	if (conf->limit_count > 0) {
		state->limits = calloc(conf->limit_count, sizeof(*state->limits));
		if (!state->limits)
			return no_memory(start, err);
		memcpy(state->limits, conf->limits, conf->limit_count * sizeof(*state->limits));
		state->limit_count = conf->limit_count;
	}
	if (start->claim->count > 0) {
		state->addresses = claim_text(start->claim);
		if (!state->addresses)
			return no_memory(start, err);
	}

	return vs_write(start->vs, state, err);
}

static void remove_state(void *data)
{
	struct start *start = data;

	if (!start->left)
		vs_forget(start->vs, NULL);
}

static int run_pre_start(void *data, struct vctl_error **err)
{
	struct start *start = data;

	int result = script_run(start->vs, "pre-start", err);

	start->scripted = result == 0;
	return result;
}

/* What pre-start has done is for post-stop to undo; one that has failed has done nothing. */
static void undo_pre_start(void *data)
{
	struct start *start = data;
	vctl_auto_error struct vctl_error *err = NULL;

	if (start->scripted && !start->left && script_run(start->vs, "post-stop", &err) < 0)
		tell_warn(start->watch, err);
}

static int explain_context(const struct start *start, uint32_t id, struct vctl_error **err)
{
	char owner[VCTL_NAME_MAX + 1];
	char what[32], why[VCTL_NAME_MAX + 32];

	claim_context_owner(start->vs, id, owner);
	snprintf(what, sizeof(what), "context %u", id);
	snprintf(why, sizeof(why), "it is in use by %s%s", *owner ? "vserver " : "somebody",
		 owner);
	return vctl_error_set(err, VCTL_IN_USE, EEXIST, what, why,
			      "choose another S_CONTEXT, or leave it out for any");
}

static int open_context(struct start *start, struct vcontext_open *open, struct vctl_error **err)
{
	int64_t end = now_ms() + ID_WAIT_MS;
	struct timespec pause = { .tv_nsec = 20000000 };

	for (;;) {
		vctl_auto_error struct vctl_error *why = NULL;
		int result = vctl_context_open(start->dev, open, &start->ctx, &why);

		if (result == 0)
			return 0;
		if (result == -EEXIST && now_ms() < end) {
			nanosleep(&pause, NULL);
			continue;
		}
		if (result == -EEXIST)
			return explain_context(start, open->id, err);
		return vctl_error_set(err, vctl_error_code(why), -result, vctl_error_what(why),
				      vctl_error_why(why), vctl_error_advice(why));
	}
}

static int make_context(void *data, struct vctl_error **err)
{
	struct vcontext_open open = VCTL_SIZED(struct vcontext_open);
	struct vcontext_stat stat = VCTL_SIZED(struct vcontext_stat);
	struct start *start = data;
	int result;

	open.how = VCONTEXT_OPEN_CREATE | VCONTEXT_OPEN_EXCL;
	open.id = start->conf->context;
	open.flags = start->conf->flags;
	open.drop = vctl_secure_drop() & ~start->conf->caps;
	/* In process numbers of its own reboot() ends these, and nothing else. */
	if (has_fakeinit(start))
		open.drop &= ~(1ULL << CAP_SYS_BOOT);
	result = open_context(start, &open, err);
	if (result == 0)
		result = vctl_context_stat(start->ctx, &stat, err);
	if (result < 0)
		return result;

	start->state.context = vctl_context_id(start->ctx);
	start->state.created = stat.created;
	return vs_write(start->vs, &start->state, err);
}

/* All that the state tells of, whichever step has made it. */
static void release(void *data)
{
	struct start *start = data;
	vctl_auto_error struct vctl_error *err = NULL;

	start->left = vs_release(start->vs, &start->state, &err) < 0;
	if (start->left)
		tell_warn(start->watch, err);
}

static int make_cgroup(void *data, struct vctl_error **err)
{
	vctl_auto_error struct vctl_error *why = NULL;
	struct start *start = data;
	int result;

	start->state.cgroup = true;
	result = vs_write(start->vs, &start->state, err);
	if (result < 0)
		return result;

	start->cgroup = cgroup_make(start->vs->name, start->conf, &why);
	if (start->cgroup >= 0)
		return 0;
	if (why)
		return vctl_error_set(err, vctl_error_code(why), vctl_error_errno(why),
				      vctl_error_what(why), vctl_error_why(why),
				      vctl_error_advice(why));
	if (start->conf->flags & VCONTEXT_PRIVATE)
		return vctl_error_set(err, VCTL_SYSTEM, EOPNOTSUPP, "flag private",
				      "nobody could stop the vserver: this machine has no control "
				      "groups v2",
				      "mount cgroup2 on /sys/fs/cgroup, or take private out of "
				      "S_FLAGS");

	start->state.cgroup = false;
	return vs_write(start->vs, &start->state, err);
}

static int add_addresses(void *data, struct vctl_error **err)
{
	struct start *start = data;

	return claim_take(start->vs, start->claim, &start->state, err);
}

static _Noreturn void run_first(const struct start *start, int line)
{
	struct first first = {
		.name = start->vs->name,	.path = start->vs->tree,
		.conf = start->conf,		.dev = start->dev,
		.ctx = start->ctx,		.tree = start->tree,
		.reboot = start->reboot,	.output = start->output[1],
		.bare = start->vs->bare,
		.addresses = start->claim->addresses,
		.address_count = start->claim->count,
	};
	struct complaint complaint;
	int result;

	if (has_fakeinit(start)) {
		result = child_hand_over(CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWPID,
					 start->cgroup);
		if (result < 0) {
			complain_system(&complaint, -result, "process 1 of vserver %s",
					start->vs->name);
			child_fail(line, &complaint);
		}
	}

	first_run(&first, line);
}

static int hear(struct start *start, struct child_message *message, struct vctl_error **err)
{
	int result = child_hear(start->child.line, message, NULL);

	if (result < 0)
		return vctl_error_set(err, VCTL_SYSTEM, -result, vs_what(start->vs).text, NULL,
				      NULL);
	if (result > 0 && message->word == CHILD_FAILED)
		return complaint_raise(&message->complaint, err);

	return result;
}

static int fork_first(struct start *start)
{
	uint64_t flags = has_fakeinit(start) ? 0 : CLONE_NEWNS | CLONE_NEWUTS;
	int result;

	if (!has_fakeinit(start) && pipe2(start->output, O_CLOEXEC) < 0)
		return -errno;
	result = child_fork(&start->child, flags, flags ? start->cgroup : -1, -1);
	if (result == 0)
		run_first(start, start->child.line);

	return result;
}

/* A process that waits to be told to go on, in mounts that the context keeps. */
static int make_surroundings(void *data, struct vctl_error **err)
{
	struct start *start = data;
	struct child_message message;
	int result = fork_first(start);

	if (result < 0)
		return vctl_error_set(err, VCTL_SYSTEM, -result, vs_what(start->vs).text, NULL,
				      NULL);

	start->vs->child = start->child.pid;
	result = hear(start, &message, err);
	if (result < 0)
		return result;
	if (result == 0 || message.word != CHILD_READY)
		return vctl_error_set(err, VCTL_SYSTEM, ECHILD, vs_what(start->vs).text,
				      "its first process was killed", "try again");

	start->state.service = (enum service)message.value;
	return vs_write(start->vs, &start->state, err);
}

static void end_child(void *data)
{
	struct start *start = data;

	if (start->child.pidfd >= 0)
		syscall(SYS_pidfd_send_signal, start->child.pidfd, SIGKILL, NULL, 0);
	/* It is waited for with what else is there. */
	child_close(&start->child);
}

static void close_pipe(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static int run_services(void *data, struct vctl_error **err)
{
	struct start *start = data;
	struct child_message message;
	int result = child_say(start->child.line, CHILD_GO, 0, -1);

	/* Else it would never be at its end. */
	close_pipe(&start->output[1]);
	if (result == 0)
		result = hear(start, &message, err);
	else
		vctl_error_set(err, VCTL_SYSTEM, -result, vs_what(start->vs).text, NULL, NULL);
	if (result < 0)
		return result;

	start->state.phase = STATE_SERVICES;
	start->state.started = time(NULL);
	return vs_write(start->vs, &start->state, err);
}

static void warn_status(const struct start *start, int status)
{
	vctl_auto_error struct vctl_error *err = NULL;
	char what[VCTL_NAME_MAX + 64], why[64];
	bool traced = status == -ETIMEDOUT;

	/* Any other error: nobody is to know how children end. */
	if (!traced && (status < 0 || (WIFEXITED(status) && WEXITSTATUS(status) == 0)))
		return;

	snprintf(what, sizeof(what), "%s of vserver %s", service_name(start->state.service),
		 start->vs->name);
	if (traced)
		snprintf(why, sizeof(why), "a process inside traces it, and keeps how it ended");
	else if (WIFEXITED(status))
		snprintf(why, sizeof(why), "it failed with exit status %d", WEXITSTATUS(status));
	else
		snprintf(why, sizeof(why), "it was ended by signal %d", WTERMSIG(status));
	vctl_error_set(&err, VCTL_SYSTEM, ECHILD, what, why, "see what it has printed");
	tell_warn(start->watch, err);
}

static void relay_services(const struct start *start)
{
	const struct vctl_watch *watch = start->watch;
	int64_t deadline = watch && watch->late ? now_ms() + watch->late_ms : -1;

	if (relay_output(start->output[0], start->child.pidfd, NULL, deadline, watch) ||
	    deadline < 0)
		return;

	watch->late(watch->data);
	relay_output(start->output[0], start->child.pidfd, NULL, -1, watch);
}

/* Its services may take for ever, and whoever stops it then must not have to wait for that. */
static int wait_for_services(struct start *start)
{
	int status;

	vs_yield(start->vs);
	if (start->state.service > SERVICE_INIT)
		relay_services(start);
	status = child_reap(&start->child);
	if (status != -ETIMEDOUT)
		start->vs->child = 0;
	vs_retake(start->vs);

	return status;
}

/* Nobody has stopped it, or started it once more, since. */
static bool still_starts(const struct start *start)
{
	auto_state struct state state = STATE_NONE;

	return vs_state(start->vs, &state, NULL) == 0 && state.phase == STATE_SERVICES &&
	       state.context == start->state.context && state.created == start->state.created;
}

/* From here on it runs, unless somebody stops it. */
static int finish(struct start *start, struct vctl_error **err)
{
	vctl_auto_error struct vctl_error *script = NULL;
	vctl_auto_error struct vctl_error *failed = NULL;
	int status = wait_for_services(start);

	if (!still_starts(start))
		return vctl_error_set(err, VCTL_RUNS_NOT, ESRCH, vs_what(start->vs).text,
				      "it was stopped while its services were being started", NULL);
	warn_status(start, status);
	if (script_run(start->vs, "post-start", &script) < 0)
		tell_warn(start->watch, script);

	/* Had we been killed before, some of its services would not be there. */
	start->state.phase = STATE_RUNNING;
	start->state.again = false;
	if (vs_write(start->vs, &start->state, &failed) < 0)
		tell_warn(start->watch, failed);
	return 0;
}

static void start_free(struct start *start)
{
	int *fds[] = { &start->tree, &start->reboot, &start->cgroup, &start->output[0],
		       &start->output[1] };

	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		close_pipe(fds[i]);
	child_close(&start->child);
	vctl_context_close(start->ctx);
	vctl_device_close(start->dev);
	state_free(&start->state);
	free(start->claim);
}

int vs_start(struct vctl_vserver *vs, const struct vctl_conf *conf, bool again,
	     const struct vctl_watch *watch, struct vctl_error **err)
{
	static const struct step steps[] = {
		{ NULL, open_device, NULL },
		{ NULL, open_files, NULL },
		{ NULL, look_at_addresses, NULL },
		{ NULL, write_state, remove_state },
		{ NULL, run_pre_start, undo_pre_start },
		{ "making its context", make_context, release },
		{ NULL, make_cgroup, NULL },
		{ NULL, add_addresses, NULL },
		{ "mounting its tree", make_surroundings, end_child },
		{ "starting its services", run_services, NULL },
	};
	__attribute__((cleanup(start_free))) struct start start = {
		.vs = vs, .conf = conf, .watch = watch, .again = again, .state = STATE_NONE, .child = CHILD_NONE,
		.tree = -1, .reboot = -1, .cgroup = -1, .output = { -1, -1 },
	};
	int result = steps_run(steps, sizeof(steps) / sizeof(steps[0]), &start, watch, err);

	return result < 0 ? result : finish(&start, err);
}
