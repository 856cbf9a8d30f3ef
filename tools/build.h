/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BUILD_H
#define BUILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <vctl_vserver.h>

#include "command.h"
#include "copy.h"
#include "progress.h"
#include "stage.h"
#include "trouble.h"

struct method;

/* What the command line of "vctl build" asks for, and how far that is. */
struct build {
	const struct command *self;
	const char *name;
	const struct method *method;
	const char *from;
	const char *suite, *mirror, *include, *variant;
	bool full;			/* --copy */
	const char *hostname;		/* never NULL in fill() */
	const char **addresses;		/* --ip */
	size_t address_count;
	const char **settings;		/* --set */
	size_t setting_count;
	bool onboot;

	struct vctl_vserver *vs;
	struct vctl_vserver *source;	/* of a clone, locked */
	struct trouble trouble;
	struct progress progress;
	struct stage stage;
	int archive;			/* of tar */
	int tree;			/* that is being made */
	const char *top;		/* its name in the stage */
	uint64_t files, bytes;		/* that are in it */
	struct copy *copy;		/* of a clone: what has been linked */
};

/* What is done to a tree whatever its method is; see settle(). */
enum settle_flag {
	SETTLE_SYSTEM = 1 << 0,		/* no disks, consoles, or services of a machine's own */
	SETTLE_HOSTS = 1 << 1,		/* /etc/hosts is written, not mended */
	SETTLE_PEOPLE = 1 << 2,		/* nobody's files and passwords */
};

/**
 * struct method - a way to fill a new tree
 * @name: as in --method NAME
 * @options: those of the options that not all methods have, with spaces around
 * @settle: enum settle_flag; -1: nothing is done to what it makes
 * @check: before anything is made: is all there that it needs?  Returns 0 or -1 with trouble; 1 for
 *	wrong usage, told
 * @fill: fills @build->tree; returns 0 or -1 with trouble
 */
struct method {
	const char *name;
	const char *options;
	int settle;
	int (*check)(struct build *build);
	int (*fill)(struct build *build);
};

extern const struct method method_copy;
extern const struct method method_debootstrap;
extern const struct method method_tar;
extern const struct method method_clone;
extern const struct method method_skeleton;

/** build_copied() - What a failed copy() says, with the file that it was at; returns -1 */
int build_copied(struct build *build, const struct copy *copy, int number);

/** build_reopen() - Open the tree again, by the name that it has in the stage; 0 or -1 */
int build_reopen(struct build *build);

/** build_unpack() - Unpack the archive into the tree, as the method tar does; 0 or -1 */
int build_unpack(struct build *build);

/** build_open_archive() - Open the archive that --from names; 0, -1 or 1 as a method's check() */
int build_open_archive(struct build *build);

/**
 * build_scrub() - Remove device nodes and sockets, and count the rest
 *
 * Return: 0, or -1 with trouble.
 */
int build_scrub(struct build *build);

#endif /* BUILD_H */
