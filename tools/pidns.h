/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef PIDNS_H
#define PIDNS_H

#include <signal.h>
#include <sys/types.h>

#include <vctl.h>

#include "command.h"
#include "report.h"

/*
 * A child in another PID namespace, and its parent outside, which stays as long as it: a process
 * cannot move itself into a PID namespace.
 */
struct pidns {
	struct report line;	/* tells the child whether its parent is still there */
	int terminal;		/* in whose foreground the parent was; -1: in none */
	sigset_t signals;	/* as they were, for the child */
	struct sigaction on_child;
};

/**
 * pidns_fork() - Start a child in another PID namespace, with a /proc of that
 * @pidns: out
 * @ns: the namespace; -1: a new one, of which the child is process 1
 *
 * The child is killed when its parent ends, unless it has changed its user by then.
 *
 * Return: 1 in the parent, 0 in the child; -1 and told, in either of them.
 */
int pidns_fork(struct pidns *pidns, int ns);

/**
 * pidns_wait() - Wait for the end of the child, and do as it does
 * @pidns: from pidns_fork()
 * @ctx: its context, if it is process 1 there: it is killed when this process is to end (SIGTERM,
 *	SIGHUP); or NULL
 *
 * Return: its exit status, or 128 and the number of the signal that ended it.
 */
enum status pidns_wait(struct pidns *pidns, struct vctl_context *ctx);

#endif /* PIDNS_H */
