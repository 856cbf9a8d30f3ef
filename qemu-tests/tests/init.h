/* SPDX-License-Identifier: GPL-2.0-only */
/* A context with the flag fakeinit, and its process 1. */
#ifndef INIT_H
#define INIT_H

#include "guest.h"

struct init {
	int handle;		/* -1 on a kernel without contexts, where entering does nothing */
	pid_t pid;		/* its number outside */
	int line;
	int ns;			/* its PID namespace */
};

/* A handle on a new context with the flag. */
int fakeinit_open(void);

/*
 * Process 1 of the context of @handle and of a new PID namespace, with a /proc of that.  It runs
 * @function in the context and ends with it; @line is the other end of init_line.
 */
struct init init_start(int handle, void (*function)(void *), void *data);
extern int init_line;

/* The same with a new context, until its end. */
void as_init(void (*function)(void *), void *data);

/* One that waits, without zombies, until it is told to end; it is in the context on return. */
struct init init_sit(int handle);
void init_end(struct init *init);	/* and is waited for */

/* fork() into the PID namespace @ns; 0 in the child. */
pid_t fork_into(int ns);

/* A child that runs @function there, in the context of @handle unless that is -1. */
pid_t start_inside(int ns, int handle, void (*function)(void *), void *data);

/* Commands on a handle: a descriptor, 0 or -errno. */
int context_pid_ns(int handle);
int context_kill(int handle, int signal);

#endif /* INIT_H */
