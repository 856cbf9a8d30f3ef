// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "clock.h"
#include "cgroup.h"
#include "child.h"
#include "cleanup.h"
#include "error.h"
#include "inside.h"
#include "relay.h"
#include "visitor.h"

#define EXEC_MS		10000	/* until a program runs that nobody is there to interrupt */

static int runs_not(const struct vctl_vserver *vs, const char *why, struct vctl_error **err)
{
	return vctl_error_set(err, VCTL_RUNS_NOT, ESRCH, vs_what(vs).text, why,
			      "vctl start starts it, vctl status tells more");
}

int inside_open(const struct vctl_vserver *vs, const struct state *state,
		struct vctl_device **dev, struct vctl_context **ctx, struct vctl_error **err)
{
	struct vcontext_stat stat;
	int result = vs_context(state, dev, ctx, &stat, err);

	if (result == -ENOENT)
		return runs_not(vs, "its context has gone", err);
	if (result < 0)
		return result;
	if (stat.state & VCONTEXT_IS_OVER)
		return runs_not(vs, "its init has ended", err);
	if (stat.flags & VCONTEXT_PRIVATE)
		return vctl_error_set(err, VCTL_PRIVATE, EPERM, vs_what(vs).text,
				      "it has the flag private: nobody can enter it, not even root",
				      "look at it from context 1, or take private out of S_FLAGS");

	return 0;
}

/* Both ends of what the child gets in place of standard input, output and errors. */
struct ends {
	int in[2], out[2], err[2];
};

#define ENDS_NONE { { -1, -1 }, { -1, -1 }, { -1, -1 } }

static void close_pair(int *pair)
{
	for (int i = 0; i < 2; i++) {
		if (pair[i] >= 0)
			close(pair[i]);
	}
}

static void close_ends(struct ends *ends)
{
	close_pair(ends->in);
	close_pair(ends->out);
	close_pair(ends->err);
}

static int open_ends(struct ends *ends, bool terminal, bool together)
{
	if (terminal)
		return 0;
	if (pipe2(ends->out, O_CLOEXEC) < 0)
		return -errno;
	if (!together && (pipe2(ends->in, O_CLOEXEC) < 0 || pipe2(ends->err, O_CLOEXEC) < 0))
		return -errno;

	return 0;
}

static int take(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

/* Those inside can hold up an exec of what they have a lease on: for a minute and more. */
static int wait_line(const struct child *child, int64_t deadline)
{
	struct pollfd line = { .fd = child->line, .events = POLLIN };
	int64_t left = deadline - now_ms();

	if (deadline < 0 || (left > 0 && poll(&line, 1, (int)left) != 0))
		return 0;

	syscall(SYS_pidfd_send_signal, child->pidfd, SIGKILL, NULL, 0);
	return -ETIMEDOUT;
}

/* Until it runs its program, or has told why not. */
static int wait_for(struct child *child, int *terminal, int64_t deadline, struct vctl_error **err)
{
	struct child_message message;
	int result;
	int fd;

	for (;;) {
		result = wait_line(child, deadline);
		if (result < 0)
			break;
		result = child_hear(child->line, &message, &fd);
		if (fd >= 0) {
			if (*terminal >= 0)
				close(*terminal);
			*terminal = fd;
		}
		if (result <= 0)
			break;
		if (message.word == CHILD_FAILED)
			return complaint_raise(&message.complaint, err);
	}

	return result < 0 ? vctl_error_set(err, VCTL_SYSTEM, -result, "process of the vserver",
					   NULL, NULL) : 0;
}

/* What the child needs open, of the context. */
struct ways {
	int mounts, names, pid_ns, cgroup;
};

#define WAYS_NONE { -1, -1, -1, -1 }

static void close_ways(struct ways *ways)
{
	const int fds[] = { ways->mounts, ways->names, ways->pid_ns, ways->cgroup };

	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++) {
		if (fds[i] >= 0)
			close(fds[i]);
	}
}

static int open_ways(struct ways *ways, const struct vctl_vserver *vs, const struct state *state,
		     struct vctl_context *ctx, struct vctl_error **err)
{
	ways->mounts = vctl_context_kept(ctx, CLONE_NEWNS, err);
	if (ways->mounts < 0)
		return ways->mounts;
	ways->names = vctl_context_kept(ctx, CLONE_NEWUTS, err);
	if (ways->names < 0)
		return ways->names;
	if (state->fakeinit) {
		ways->pid_ns = vctl_context_pid_ns(ctx, err);
		if (ways->pid_ns < 0)
			return ways->pid_ns;
	}
	if (state->cgroup) {
		ways->cgroup = cgroup_open(vs->name);
		if (ways->cgroup < 0)
			return vctl_error_set(err, VCTL_SYSTEM, errno, "its control group", NULL,
					      NULL);
	}

	return 0;
}

static int run_child(const struct ways *ways, const struct visitor *visitor, struct child *child,
		     int *terminal, struct vctl_error **err)
{
	int64_t deadline = visitor->environment ? now_ms() + EXEC_MS : -1;
	int result = child_fork(child, 0, ways->cgroup, ways->pid_ns);

	if (result == 0)
		visitor_run(visitor, child->line);
	if (result < 0)
		return vctl_error_set(err, VCTL_SYSTEM, -result, "process of the vserver", NULL,
				      NULL);

	return wait_for(child, terminal, deadline, err);
}

int inside_run(const struct vctl_vserver *vs, const struct state *state, struct vctl_context *ctx,
	       const struct vctl_command *command, const char *const *environment,
	       struct vctl_inside *inside, struct vctl_error **err)
{
	__attribute__((cleanup(close_ends))) struct ends ends = ENDS_NONE;
	__attribute__((cleanup(close_ways))) struct ways ways = WAYS_NONE;
	bool together = environment;
	struct visitor visitor = { .name = vs->name, .command = command,
				   .environment = environment, .state = state, .ctx = ctx };
	auto_fd int terminal = -1;
	struct child child;
	pid_t pid;
	int result;

	*inside = (struct vctl_inside)VCTL_INSIDE_NONE;
	result = open_ways(&ways, vs, state, ctx, err);
	if (result < 0)
		return result;
	result = open_ends(&ends, command->terminal, together);
	if (result < 0)
		return vctl_error_set(err, VCTL_SYSTEM, -result, vs_what(vs).text, NULL, NULL);

	visitor.mounts = ways.mounts;
	visitor.names = ways.names;
	visitor.in = ends.in[0];
	visitor.out = ends.out[1];
	visitor.err = together ? ends.out[1] : ends.err[1];
	result = run_child(&ways, &visitor, &child, &terminal, err);
	pid = child.pid;
	if (result < 0) {
		/* It may have got as far as to be traced inside. */
		if (child_end(&child) == -ETIMEDOUT)
			inside->pid = pid;
		return result;
	}

	inside->pid = pid;
	inside->pidfd = take(&child.pidfd);
	inside->in = command->terminal ? take(&terminal) : take(&ends.in[1]);
	inside->out = take(&ends.out[0]);
	inside->err = take(&ends.err[0]);
	child_close(&child);
	return 0;
}

int vctl_vserver_exec(struct vctl_vserver *vs, const struct vctl_command *command,
		      struct vctl_inside *inside, struct vctl_error **err)
{
	vctl_auto_device struct vctl_device *dev = NULL;
	vctl_auto_context struct vctl_context *ctx = NULL;
	auto_state struct state state = STATE_NONE;
	auto_reserve struct child_reserve reserve;
	int result;

	*inside = (struct vctl_inside)VCTL_INSIDE_NONE;
	child_reserve(&reserve);
	result = vs_state(vs, &state, err);
	if (result == -ENOENT)
		return runs_not(vs, "it is not running", err);
	if (result < 0)
		return result;
	if (state.phase != STATE_RUNNING && state.phase != STATE_SERVICES)
		return runs_not(vs, "it is being started or stopped", err);
	result = inside_open(vs, &state, &dev, &ctx, err);
	if (result < 0)
		return result;

	result = inside_run(vs, &state, ctx, command, NULL, inside, err);
	if (result < 0)
		inside->pid = -1;
	return result;
}
