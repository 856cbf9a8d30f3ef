/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef ERRAND_H
#define ERRAND_H

#include <stdbool.h>
#include <sys/types.h>

#include "parcel.h"
#include "report.h"

/*
 * A command that is run in several vservers, in each by a process of its own.  What that makes
 * there, a directory with files or a start of one that is stopped, is undone by yet another one,
 * which outlives both it and us.
 */

/**
 * struct errand - what is to be done everywhere
 * @argv: the command, ending with NULL
 * @environment: variables for it, as in struct vctl_command
 * @parcel: files that it reads; @argv has their paths, where they are replaced
 * @terminal: it gets a terminal of the vserver's, which is steered by ours; else it reads nothing,
 *	and what it prints comes in lines that tell whose they are
 */
struct errand {
	char **argv;
	const char *const *environment;
	struct parcel parcel;
	bool terminal;
};

#define ERRAND_WHY 400

/* How it went in one of them. */
struct outcome {
	bool done;		/* exit status 0 */
	bool was_stopped;	/* and has been started for that, without its services */
	int exit_status;	/* -1: it has none */
	int signal;		/* that ended it; 0: none */
	char why[ERRAND_WHY];	/* if not done */
};

/**
 * errand_begin() - Begin it in one vserver
 * @name: of the vserver; has to be one
 * @report: out: of the process that does it
 *
 * Return: 0, or -1 with errno set.
 */
int errand_begin(const struct errand *errand, const char *name, struct report *report);

/**
 * errand_abort() - Ask the process that does it to end
 * @hard: now, even in the middle of what the command is doing; else that gets SIGINT, and half a
 *	minute
 */
void errand_abort(const struct report *report, bool hard);

/**
 * errand_end() - Wait until it has ended, and nothing of it is left
 * @report: of errand_begin()
 * @outcome: out
 */
void errand_end(struct report *report, struct outcome *outcome);

#endif /* ERRAND_H */
