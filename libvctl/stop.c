// SPDX-License-Identifier: LGPL-2.1-or-later
/* The stop of a vserver: its own way first, and an end in any case. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "cleanup.h"
#include "error.h"
#include "inside.h"
#include "kill.h"
#include "reap.h"
#include "relay.h"
#include "script.h"

#define USUAL_MS	60000	/* for its own shutdown */
#define TERM_MS		5000	/* after SIGTERM */

struct stop {
	struct vctl_vserver *vs;
	struct state *state;
	struct vctl_device *dev;
	struct vctl_context *ctx;
	bool again;
	int64_t deadline;
	const struct vctl_watch *watch;
};

static void run_script(const struct stop *stop, const char *when)
{
	vctl_auto_error struct vctl_error *err = NULL;

	if (script_run(stop->vs, when, &err) < 0)
		tell_warn(stop->watch, err);
}

/* Process 1 with nobody else is not worth waiting for. */
static uint32_t alone(const struct stop *stop)
{
	return stop->state->fakeinit ? 1 : 0;
}

/* The tree's own program for it; -ENOENT: it has none. */
static int run_shutdown(const struct stop *stop, struct vctl_inside *inside,
			struct vctl_error **err)
{
	static const char *const off[] = { "RUNLEVEL=0", "PREVLEVEL=3", NULL };
	static const char *const reboot[] = { "RUNLEVEL=6", "PREVLEVEL=3", NULL };
	const char *const *argv;
	int result = -ENOENT;

	for (unsigned int attempt = 0; result == -ENOENT; attempt++) {
		struct vctl_command command = { 0 };

		argv = service_stop(stop->state->service, stop->again, attempt);
		if (!argv)
			break;
		command.argv = (char *const *)argv;
		result = inside_run(stop->vs, stop->state, stop->ctx, &command,
				    stop->again ? reboot : off, inside, err);
	}

	return result;
}

static void warn_late(const struct stop *stop)
{
	vctl_auto_error struct vctl_error *err = NULL;

	vctl_error_set(&err, VCTL_TIMEOUT, ETIMEDOUT, vs_what(stop->vs).text,
		       "its own shutdown takes too long", "its processes are killed now");
	tell_warn(stop->watch, err);
}

/* Its program is waited for now, or with all the others if it doesn't end. */
static void wait_for(const struct stop *stop, struct vctl_inside *inside)
{
	struct vctl_context *ctx = stop->state->fakeinit ? stop->ctx : NULL;
	int status = 0;

	stop->vs->child = inside->pid;
	if (!relay_output(inside->out, inside->pidfd, NULL, stop->deadline, stop->watch)) {
		warn_late(stop);
		return;
	}
	if (reap_until(inside->pid, &status, stop->deadline) == 0) {
		warn_late(stop);
		return;
	}
	stop->vs->child = 0;

	/* The programs of an init do but tell it. */
	if (ctx && WIFEXITED(status) && WEXITSTATUS(status) == 0 &&
	    !relay_output(-1, -1, ctx, stop->deadline, NULL))
		warn_late(stop);
}

static void shut_down(const struct stop *stop)
{
	struct vctl_inside inside = VCTL_INSIDE_NONE;
	vctl_auto_error struct vctl_error *err = NULL;
	int result = run_shutdown(stop, &inside, &err);

	if (result == 0)
		wait_for(stop, &inside);
	else if (result != -ENOENT)
		tell_warn(stop->watch, err);
	if (result < 0 && inside.pid > 0)
		stop->vs->child = inside.pid;

	if (inside.pidfd >= 0)
		close(inside.pidfd);
	if (inside.out >= 0)
		close(inside.out);
}

static uint32_t processes_of(const struct stop *stop)
{
	struct vcontext_stat stat = VCTL_SIZED(struct vcontext_stat);

	return vctl_context_stat(stop->ctx, &stat, NULL) < 0 ? 0 : stat.processes;
}

/* Also if it has no process any more: to end some may not be all that its shutdown does. */
static void end_gently(const struct stop *stop)
{
	if (stop->deadline > now_ms()) {
		tell_step(stop->watch, "stopping its services");
		shut_down(stop);
	}
	/* Those who are in time have ended, now come those who were never asked. */
	if (processes_of(stop) > alone(stop) &&
	    vctl_context_kill(stop->ctx, SIGTERM | VCONTEXT_KILL_ALL, NULL) == 0)
		kill_wait(stop->vs, stop->ctx, alone(stop), false, TERM_MS);
}

static int look(struct stop *stop, bool *gently, struct vctl_error **err)
{
	struct vcontext_stat stat;
	int result = vs_context(stop->state, &stop->dev, &stop->ctx, &stat, err);

	if (result < 0)
		return result == -ENOENT ? 0 : result;

	/* Also one whose stop was killed: its services may have something to lose. */
	*gently = stop->state->phase != STATE_STARTING &&
		  !(stat.state & VCONTEXT_IS_OVER) && !(stat.flags & VCONTEXT_PRIVATE);
	return 0;
}

static int act(struct stop *stop, struct vctl_error **err)
{
	bool gently = false;
	int result = look(stop, &gently, err);

	if (result < 0)
		return result;
	if (stop->state->phase == STATE_RUNNING || stop->state->phase == STATE_SERVICES)
		run_script(stop, "pre-stop");
	stop->state->phase = STATE_STOPPING;
	stop->state->again = stop->again;
	result = vs_write(stop->vs, stop->state, err);
	if (result < 0)
		return result;

	if (gently)
		end_gently(stop);
	tell_step(stop->watch, "ending its processes");
	result = vs_release(stop->vs, stop->state, err);
	if (result < 0)
		return result;

	run_script(stop, "post-stop");
	/* Else nobody would know that it is to be started, should we be killed now. */
	return stop->again ? 0 : vs_forget(stop->vs, err);
}

int vs_stop(struct vctl_vserver *vs, int timeout_ms, bool again, const struct vctl_watch *watch,
	    struct vctl_error **err)
{
	auto_state struct state state = STATE_NONE;
	struct stop stop = {
		.vs = vs, .state = &state, .again = again, .watch = watch,
		.deadline = now_ms() + (timeout_ms < 0 ? USUAL_MS : timeout_ms),
	};
	int result = vs_state(vs, &state, err);

	if (result < 0)
		return result == -ENOENT ? 1 : result;

	result = act(&stop, err);
	vctl_context_close(stop.ctx);
	vctl_device_close(stop.dev);
	return result;
}
