// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>

#include "clock.h"
#include "cgroup.h"
#include "cleanup.h"
#include "error.h"
#include "kill.h"
#include "relay.h"
#include "vserver.h"

#define LIMIT_MS	10000
#define ROUND_MS	50

static uint32_t count(struct vctl_context *ctx, bool nested)
{
	struct vcontext_stat stat = VCTL_SIZED(struct vcontext_stat);

	if (vctl_context_stat(ctx, &stat, NULL) < 0)
		return 0;

	return nested ? stat.tasks : stat.processes;
}

/* A zombie of ours is in the context until we have waited for it. */
static void reap(struct vctl_vserver *vs)
{
	if (vs->child > 0 && waitpid(vs->child, NULL, WNOHANG) != 0)
		vs->child = 0;
}

bool kill_wait(struct vctl_vserver *vs, struct vctl_context *ctx, uint32_t least, bool nested,
	       int timeout_ms)
{
	int64_t end = now_ms() + timeout_ms;
	struct timespec pause = { .tv_nsec = 2000000 };

	for (;;) {
		reap(vs);
		if (count(ctx, nested) <= least)
			return true;
		if (now_ms() >= end)
			return false;
		nanosleep(&pause, NULL);
		if (pause.tv_nsec < 16000000)
			pause.tv_nsec *= 2;
	}
}

static void kill_context(struct vctl_context *ctx, const struct vcontext_stat *stat)
{
	/* Process 1 takes all others along, forks that are under way included. */
	if ((stat->flags & VCONTEXT_FAKEINIT) && vctl_context_kill(ctx, SIGKILL, NULL) == 0)
		return;

	vctl_context_kill(ctx, SIGKILL | VCONTEXT_KILL_ALL, NULL);
}

struct relative {
	uint32_t id, parent;
	struct vcontext_stat stat;
	struct vctl_context *ctx;
};

/* Was it made by one in @id, or in one that was, ...? */
static bool descends(const struct relative *all, size_t known, const struct relative *one,
		     uint32_t id)
{
	uint32_t parent = one->parent;

	for (size_t depth = 0; depth <= known && parent != id; depth++) {
		size_t i = 0;

		while (i < known && all[i].id != parent)
			i++;
		if (i == known)
			return false;
		parent = all[i].parent;
	}

	return parent == id;
}

static void look_at(struct vctl_device *dev, struct relative *one, uint32_t id)
{
	struct vcontext_open open = VCTL_SIZED(struct vcontext_open);

	*one = (struct relative){ .id = id, .parent = VCONTEXT_ID_ANY };
	one->stat = VCTL_SIZED(struct vcontext_stat);
	open.id = id;
	if (vctl_context_open(dev, &open, &one->ctx, NULL) == 0 &&
	    vctl_context_stat(one->ctx, &one->stat, NULL) == 0)
		one->parent = one->stat.parent;
}

/* Those that were made inside have lives of their own. */
static void kill_descendants(struct vctl_device *dev, struct vctl_context *ctx)
{
	uint32_t id = vctl_context_id(ctx);
	auto_free struct relative *all = NULL;
	auto_free uint32_t *ids = NULL;
	size_t found;

	if (vctl_list(dev, &ids, &found, NULL) < 0)
		return;
	all = calloc(found ? found : 1, sizeof(*all));
	if (!all)
		return;

	for (size_t i = 0; i < found; i++)
		look_at(dev, &all[i], ids[i]);
	for (size_t i = 0; i < found; i++) {
		if (all[i].ctx && all[i].stat.processes > 0 && descends(all, found, &all[i], id))
			kill_context(all[i].ctx, &all[i].stat);
	}
	for (size_t i = 0; i < found; i++)
		vctl_context_close(all[i].ctx);
}

static void kill_once(struct vctl_device *dev, struct vctl_context *ctx)
{
	struct vcontext_stat stat = VCTL_SIZED(struct vcontext_stat);

	if (vctl_context_stat(ctx, &stat, NULL) < 0)
		return;

	if (stat.processes > 0)
		kill_context(ctx, &stat);
	if (stat.tasks > stat.processes)
		kill_descendants(dev, ctx);
}

static int give_up(const struct vctl_vserver *vs, struct vctl_error **err)
{
	return vctl_error_set(err, VCTL_TIMEOUT, ETIMEDOUT, vs_what(vs).text,
			      "it has processes that not even SIGKILL ends",
			      "they wait for a device or file system that doesn't answer, or "
			      "nobody has waited for them; see to that and try again");
}

/* By the control group, which no fork escapes. */
static bool kill_group(struct vctl_vserver *vs, int64_t end)
{
	while (cgroup_kill(vs->name) == 0 && !cgroup_empty(vs->name)) {
		if (cgroup_wait_empty(vs->name, ROUND_MS) == 0)
			break;
		if (now_ms() >= end)
			return false;
	}

	return true;
}

int kill_all(struct vctl_vserver *vs, struct vctl_device *dev, struct vctl_context *ctx,
	     struct vctl_error **err)
{
	int64_t end = now_ms() + LIMIT_MS;
	bool empty = kill_group(vs, end);

	reap(vs);
	if (!ctx)
		return empty ? 0 : give_up(vs, err);

	/* Zombies are in no control group any more, but in the context still. */
	while (empty && !kill_wait(vs, ctx, 0, true, ROUND_MS)) {
		empty = now_ms() < end;
		kill_once(dev, ctx);
	}

	return empty ? 0 : give_up(vs, err);
}
