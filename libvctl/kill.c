// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cgroup.h"
#include "child.h"
#include "cleanup.h"
#include "error.h"
#include "kill.h"
#include "relay.h"
#include "vserver.h"

#define LIMIT_MS	10000
#define ROUND_MS	50

/* In a child that inside can do with what it likes: it has nothing and is about to end. */
static _Noreturn void signal_and_end(struct vctl_context *ctx, int number)
{
	unsigned int fd = (unsigned int)vctl_context_fd(ctx);

	prctl(PR_SET_DUMPABLE, 0);
	if (fd > 0)
		syscall(SYS_close_range, 0U, fd - 1, 0U);
	syscall(SYS_close_range, fd + 1, ~0U, 0U);
	if (vctl_context_enter(ctx, NULL) == 0) {
		close((int)fd);
		kill(-1, number);
	}
	_exit(EXIT_SUCCESS);
}

/* Into the mounts of those inside, and their process numbers. */
static bool go_inside(struct vctl_context *home, struct vctl_context *ctx)
{
	auto_fd int mounts = vctl_context_kept(home, CLONE_NEWNS, NULL);
	auto_fd int pid_ns = vctl_context_pid_ns(ctx, NULL);

	if (pid_ns >= 0)
		setns(pid_ns, CLONE_NEWPID);
	return mounts >= 0 && setns(mounts, CLONE_NEWNS) == 0;
}

/*
 * Those inside who have CAP_SYS_PTRACE can open all that who has entered can: its root directory, which
 * is therefore theirs (@home's), and its program, which is not.  With @still they stand still until it
 * is gone; else it is not waited for, since they may have stopped it.
 */
static void kill_inside(struct vctl_context *home, struct vctl_context *ctx, int number, bool still)
{
	struct child child;
	int result = child_fork(&child, 0, -1, -1);

	if (result == 0) {
		result = go_inside(home, ctx) ? child_fork(&child, 0, -1, -1) : -1;
		if (result == 0)
			signal_and_end(ctx, number);
		if (result > 0 && still)
			child_reap(&child);
		_exit(EXIT_SUCCESS);
	}
	if (result > 0)
		child_close(&child, true);
}

bool kill_ask(const struct vctl_vserver *vs, struct vctl_context *ctx)
{
	if (cgroup_freeze(vs->name) < 0)
		return false;

	kill_inside(ctx, ctx, SIGTERM, true);
	cgroup_thaw(vs->name);
	return true;
}

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
	int64_t end = relay_now() + timeout_ms;
	struct timespec pause = { .tv_nsec = 2000000 };

	for (;;) {
		reap(vs);
		if (count(ctx, nested) <= least)
			return true;
		if (relay_now() >= end)
			return false;
		nanosleep(&pause, NULL);
		if (pause.tv_nsec < 16000000)
			pause.tv_nsec *= 2;
	}
}

static void kill_context(struct vctl_context *home, struct vctl_context *ctx,
			 const struct vcontext_stat *stat)
{
	/* Process 1 takes all others along, forks that are under way included. */
	if ((stat->flags & VCONTEXT_FAKEINIT) && vctl_context_kill(ctx, SIGKILL, NULL) == 0)
		return;

	kill_inside(home, ctx, SIGKILL, false);
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
			kill_context(ctx, all[i].ctx, &all[i].stat);
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
		kill_context(ctx, ctx, &stat);
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
		if (relay_now() >= end)
			return false;
	}

	return true;
}

int kill_all(struct vctl_vserver *vs, struct vctl_device *dev, struct vctl_context *ctx,
	     struct vctl_error **err)
{
	int64_t end = relay_now() + LIMIT_MS;
	bool empty = kill_group(vs, end);

	reap(vs);
	if (!ctx)
		return empty ? 0 : give_up(vs, err);

	/* Zombies are in no control group any more, but in the context still. */
	while (empty && !kill_wait(vs, ctx, 0, true, ROUND_MS)) {
		empty = relay_now() < end;
		kill_once(dev, ctx);
	}

	return empty ? 0 : give_up(vs, err);
}
