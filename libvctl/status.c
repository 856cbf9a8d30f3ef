// SPDX-License-Identifier: LGPL-2.1-or-later
/* What a vserver is doing, by what is written down and what the kernel says. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "error.h"
#include "vserver.h"

int vs_state(const struct vctl_vserver *vs, struct state *state, struct vctl_error **err)
{
	auto_fd int dir = -1;
	int result;

	*state = (struct state)STATE_NONE;
	dir = state_dir(false, err);
	if (dir < 0)
		return dir;

	result = state_read(dir, vs->name, state, err);
	if (result < 0)
		state_free(state);
	return result;
}

int vs_write(const struct vctl_vserver *vs, const struct state *state, struct vctl_error **err)
{
	auto_fd int dir = state_dir(true, err);

	return dir < 0 ? dir : state_write(dir, vs->name, state, err);
}

int vs_forget(const struct vctl_vserver *vs, struct vctl_error **err)
{
	auto_fd int dir = state_dir(true, err);

	return dir < 0 ? dir : state_remove(dir, vs->name, err);
}

int vs_context(const struct state *state, struct vctl_device **dev, struct vctl_context **ctx,
	       struct vcontext_stat *stat, struct vctl_error **err)
{
	struct vcontext_open open = VCTL_SIZED(struct vcontext_open);
	vctl_auto_error struct vctl_error *why = NULL;
	int result;

	*ctx = NULL;
	result = vctl_device_open(dev, err);
	if (result < 0)
		return result;
	if (state->context == VCONTEXT_ID_ANY)
		return -ENOENT;

	open.id = state->context;
	result = vctl_context_open(*dev, &open, ctx, &why);
	if (result < 0 && vctl_error_code(why) == VCTL_NO_CONTEXT)
		return -ENOENT;
	if (result < 0)
		return vctl_error_set(err, vctl_error_code(why), -result, vctl_error_what(why),
				      vctl_error_why(why), vctl_error_advice(why));

	*stat = VCTL_SIZED(struct vcontext_stat);
	result = vctl_context_stat(*ctx, stat, err);
	if (result < 0 || stat->created == state->created)
		return result;

	/* Ids are given out again. */
	vctl_context_close(*ctx);
	*ctx = NULL;
	return -ENOENT;
}

static enum vctl_vserver_wish wish_of(const struct vcontext_stat *stat)
{
	if (stat->state & VCONTEXT_IS_REBOOTED)
		return VCTL_WISH_REBOOT;

	return stat->state & VCONTEXT_IS_HALTED ? VCTL_WISH_HALT : VCTL_WISH_NONE;
}

/* Of one whose state has been read. */
static int look(const struct vctl_vserver *vs, const struct state *state,
		struct vctl_vserver_status *status, struct vctl_error **err)
{
	vctl_auto_device struct vctl_device *dev = NULL;
	vctl_auto_context struct vctl_context *ctx = NULL;
	struct vcontext_stat stat;
	int result = vs_context(state, &dev, &ctx, &stat, err);

	if (result < 0 && result != -ENOENT)
		return result;
	if (result == 0) {
		status->context = stat.id;
		status->processes = stat.processes;
	}

	status->fakeinit = state->fakeinit;
	status->bare = state->bare;
	if (state->phase != STATE_RUNNING && !vs_is_locked(vs)) {
		status->state = VCTL_LEFT;
	} else if (state->phase != STATE_RUNNING && state->phase != STATE_SERVICES) {
		status->state = VCTL_STARTING;
	} else if (result < 0) {
		status->state = VCTL_LEFT;
	} else if (stat.state & VCONTEXT_IS_OVER) {
		status->state = VCTL_ENDED;
		status->wish = wish_of(&stat);
	} else {
		status->state = VCTL_RUNNING;
		status->started = state->started;
	}

	return 0;
}

static bool is_onboot(const struct vctl_vserver *vs)
{
	vctl_auto_conf struct vctl_conf *conf = NULL;

	return vctl_conf_read(vs->conf, &conf, NULL) == 0 && conf->onboot;
}

int vctl_vserver_status(struct vctl_vserver *vs, struct vctl_vserver_status *status,
			struct vctl_error **err)
{
	auto_state struct state state = STATE_NONE;
	int result;

	*status = (struct vctl_vserver_status){ .context = VCONTEXT_ID_ANY };
	result = vs_state(vs, &state, err);
	if (result < 0 && result != -ENOENT)
		return result;
	if (result == 0) {
		result = look(vs, &state, status, err);
		if (result < 0)
			return result;
		status->addresses = state.addresses;
		state.addresses = NULL;
	}

	status->onboot = is_onboot(vs);
	return 0;
}

void vctl_vserver_status_free(struct vctl_vserver_status *status)
{
	free(status->addresses);
	status->addresses = NULL;
}
