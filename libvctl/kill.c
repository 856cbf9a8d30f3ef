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

/* Without a handle: a user may have made more contexts than we may have open. */
struct relative {
	uint32_t id, parent;
	uint64_t created;
	bool inhabited;
	bool asked;		/* for what follows */
	bool descends;
};

/* By their ids, which rise. */
struct relatives {
	struct relative *all;
	size_t count;
};

static int compare(const void *a, const void *b)
{
	const struct relative *one = a, *other = b;

	return (one->id > other->id) - (one->id < other->id);
}

/* NULL: it is none of these. */
static struct relative *parent_of(const struct relatives *relatives, const struct relative *one)
{
	const struct relative parent = { .id = one->parent };

	return bsearch(&parent, relatives->all, relatives->count, sizeof(parent), compare);
}

/* Was it made by one in @id, or in one that was, ...?  Each is asked on the way up, but once. */
static bool descends(const struct relatives *relatives, struct relative *one, uint32_t id)
{
	struct relative *at = one;

	while (at && !at->asked && at->parent != id) {
		at->asked = true;
		at = parent_of(relatives, at);
	}
	if (!at || (at->asked && !at->descends))
		return false;

	at->asked = at->descends = true;
	for (; one != at; one = parent_of(relatives, one))
		one->descends = true;
	return true;
}

static struct vctl_context *open_context(struct vctl_device *dev, uint32_t id,
					 struct vcontext_stat *stat)
{
	vctl_auto_context struct vctl_context *ctx = NULL;
	struct vcontext_open open = VCTL_SIZED(struct vcontext_open);
	struct vctl_context *found;

	*stat = VCTL_SIZED(struct vcontext_stat);
	open.id = id;
	if (vctl_context_open(dev, &open, &ctx, NULL) < 0 ||
	    vctl_context_stat(ctx, stat, NULL) < 0)
		return NULL;

	found = ctx;
	ctx = NULL;
	return found;
}

static void look_at(struct vctl_device *dev, struct relative *one, uint32_t id)
{
	vctl_auto_context struct vctl_context *ctx = NULL;
	struct vcontext_stat stat;

	*one = (struct relative){ .id = id, .parent = VCONTEXT_ID_ANY };
	ctx = open_context(dev, id, &stat);
	if (!ctx)
		return;

	one->parent = stat.parent;
	one->created = stat.created;
	one->inhabited = stat.processes > 0;
}

/* If it is still the one that it was. */
static void kill_relative(struct vctl_device *dev, const struct relative *one)
{
	vctl_auto_context struct vctl_context *ctx = NULL;
	struct vcontext_stat stat;

	ctx = open_context(dev, one->id, &stat);
	if (ctx && stat.created == one->created && stat.parent == one->parent)
		kill_context(ctx, &stat);
}

/* Those that were made inside have lives of their own. */
static void kill_descendants(struct vctl_device *dev, struct vctl_context *ctx)
{
	uint32_t id = vctl_context_id(ctx);
	auto_free struct relative *all = NULL;
	auto_free uint32_t *ids = NULL;
	struct relatives relatives;
	size_t found;

	if (vctl_list(dev, &ids, &found, NULL) < 0)
		return;
	all = calloc(found ? found : 1, sizeof(*all));
	if (!all)
		return;

	for (size_t i = 0; i < found; i++)
		look_at(dev, &all[i], ids[i]);
	relatives = (struct relatives){ .all = all, .count = found };
	for (size_t i = 0; i < found; i++) {
		if (all[i].inhabited && descends(&relatives, &all[i], id))
			kill_relative(dev, &all[i]);
	}
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
