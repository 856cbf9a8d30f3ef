// SPDX-License-Identifier: LGPL-2.1-or-later
/* Start, stop and restart, one after the other. */
#include <errno.h>

#include "child.h"
#include "error.h"
#include "vserver.h"

/* One that is up only for a command is that command's: -EBUSY. */
static int find_state(struct vctl_vserver *vs, enum vctl_vserver_state *state,
		      struct vctl_error **err)
{
	struct vctl_vserver_status status;
	int result = vctl_vserver_status(vs, &status, err);

	if (result < 0)
		return result;
	*state = status.state;
	vctl_vserver_status_free(&status);
	if (status.state == VCTL_RUNNING && status.bare)
		return vctl_error_set(err, VCTL_BUSY, EBUSY, vs_what(vs).text,
				      "it is up only for a command: vapt or vrpm",
				      "wait until that has ended, or vctl stop it");
	return 0;
}

/* Was it to be started again by one that has been killed since? */
static bool is_unfinished(const struct vctl_vserver *vs)
{
	auto_state struct state state = STATE_NONE;

	return vs_state(vs, &state, NULL) == 0 && state.again;
}

/* One that is stopped for that, and then can't be started, has nothing left. */
static int start_again(struct vctl_vserver *vs, const struct vctl_conf *conf, int timeout_ms,
		       const struct vctl_watch *watch, struct vctl_error **err)
{
	int result = vs_stop(vs, timeout_ms, true, watch, err);

	if (result < 0)
		return result;

	result = vs_start(vs, conf, true, watch, err);
	/* Who has stopped it meanwhile may have started it since. */
	if (result < 0 && result != -ESRCH)
		vs_forget(vs, NULL);
	return result;
}

/* Of one that has something left, it is all that is. */
static int start_anew(struct vctl_vserver *vs, const struct vctl_conf *conf,
		      enum vctl_vserver_state state, const struct vctl_watch *watch,
		      struct vctl_error **err)
{
	if (state == VCTL_STOPPED)
		return vs_start(vs, conf, false, watch, err);

	tell_step(watch, "tidying up after its last run");
	return start_again(vs, conf, 0, watch, err);
}

static int start(struct vctl_vserver *vs, const struct vctl_watch *watch, struct vctl_error **err)
{
	vctl_auto_conf struct vctl_conf *conf = NULL;
	auto_reserve struct child_reserve reserve;
	auto_unlock struct vctl_vserver *locked = NULL;
	enum vctl_vserver_state state;
	int result;

	child_reserve(&reserve);
	result = vs_lock(vs, watch, err);
	if (result < 0)
		return result;
	locked = vs;
	result = find_state(vs, &state, err);
	if (result == 0 && state == VCTL_RUNNING)
		return vctl_error_set(err, VCTL_RUNS, EALREADY, vs_what(vs).text,
				      "it is running already", "vctl restart starts it anew");
	if (result == 0)
		result = vctl_conf_read(vs->conf, &conf, err);

	if (result < 0)
		return result;

	if (vs->bare)
		conf->flags &= ~VCONTEXT_FAKEINIT;
	return start_anew(vs, conf, state, watch, err);
}

int vctl_vserver_start(struct vctl_vserver *vs, const struct vctl_watch *watch,
		       struct vctl_error **err)
{
	vs->bare = false;
	return start(vs, watch, err);
}

int vctl_vserver_start_bare(struct vctl_vserver *vs, const struct vctl_watch *watch,
			    struct vctl_error **err)
{
	int result;

	vs->bare = true;
	result = start(vs, watch, err);
	vs->bare = false;
	return result;
}

static bool is_bare(const struct vctl_vserver *vs)
{
	auto_state struct state state = STATE_NONE;

	return vs_state(vs, &state, NULL) == 0 && state.bare;
}

static int stop(struct vctl_vserver *vs, int timeout_ms, bool only_bare,
		const struct vctl_watch *watch, struct vctl_error **err)
{
	auto_reserve struct child_reserve reserve;
	auto_unlock struct vctl_vserver *locked = NULL;
	int result;

	child_reserve(&reserve);
	result = vs_lock(vs, watch, err);
	if (result < 0)
		return result;
	locked = vs;
	if (only_bare && !is_bare(vs))
		return 1;

	return vs_stop(vs, timeout_ms, false, watch, err);
}

int vctl_vserver_stop(struct vctl_vserver *vs, int timeout_ms, const struct vctl_watch *watch,
		      struct vctl_error **err)
{
	return stop(vs, timeout_ms, false, watch, err);
}

int vctl_vserver_stop_bare(struct vctl_vserver *vs, const struct vctl_watch *watch,
			   struct vctl_error **err)
{
	return stop(vs, -1, true, watch, err);
}

int vctl_vserver_restart(struct vctl_vserver *vs, bool only_running, int timeout_ms,
			 const struct vctl_watch *watch, struct vctl_error **err)
{
	vctl_auto_conf struct vctl_conf *conf = NULL;
	auto_reserve struct child_reserve reserve;
	auto_unlock struct vctl_vserver *locked = NULL;
	enum vctl_vserver_state state;
	int result;

	child_reserve(&reserve);
	result = vs_lock(vs, watch, err);
	if (result < 0)
		return result;
	locked = vs;
	result = find_state(vs, &state, err);
	if (result < 0)
		return result;
	if (only_running && state != VCTL_RUNNING && !is_unfinished(vs))
		return 1;

	/* What could not be started again is not stopped. */
	result = vctl_conf_read(vs->conf, &conf, err);
	if (result < 0)
		return result;

	return state == VCTL_RUNNING ? start_again(vs, conf, timeout_ms, watch, err) :
				       start_anew(vs, conf, state, watch, err);
}
