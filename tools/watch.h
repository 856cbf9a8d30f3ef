/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef WATCH_H
#define WATCH_H

#include <stdbool.h>
#include <stddef.h>

#include <vctl_vserver.h>

/*
 * How a start or stop is shown: warnings as messages, what services print on standard output, and
 * on a terminal what it is doing at the moment, in a line that is gone afterwards.
 */
struct watch {
	struct vctl_watch calls;	/* for the library */
	const char *name;		/* of the vserver */
	bool among;			/* others print too: each line tells whose it is */
	bool defuse;			/* standard output is a terminal, which no vserver steers */
	char line[512];			/* what is not yet printed */
	size_t used;
	bool broken;			/* what is printed does not end with the end of a line */
};

/**
 * watch_begin() - Get ready to watch
 * @watch: out; its address goes into @calls
 * @name: of the vserver; belongs to the caller
 * @silent: show warnings alone
 * @among: others print at the same time
 */
void watch_begin(struct watch *watch, const char *name, bool silent, bool among);

/** watch_end() - Print what is left, and end the line */
void watch_end(struct watch *watch);

/**
 * watch_show() - On a terminal, show what goes on, in the place of what was shown before
 * @what: it; NULL: nothing any more
 */
void watch_show(const char *what);

#endif /* WATCH_H */
