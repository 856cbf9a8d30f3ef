// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files that several trees have in common without being immutable, as a backup restores them: one
 * vserver could write to the other's.  All with several names are remembered, those of data too.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "mark.h"
#include "message.h"
#include "run.h"
#include "unify.h"

/* So many are told of one by one. */
#define TOLD_MAX 20

struct loose {
	struct loose *next;
	uint64_t ino, size;
	uint32_t nlink;
	uint32_t met;		/* names */
	uint32_t names;		/* in the first of its trees */
	unsigned int tree;	/* that one */
	bool several;		/* trees have it */
	bool shares;		/* all names that were met are where files are shared */
	char path[];
};

/* What it takes besides its path, with its place among the others. */
#define LOOSE_COST (sizeof(struct loose) + 64)

struct loose_files {
	void *by_number;
	struct loose *first, **last;
	uint64_t told;
};

static int compare(const void *one, const void *other)
{
	const struct loose *a = one, *b = other;

	return a->ino == b->ino ? 0 : a->ino < b->ino ? -1 : 1;
}

static int failed(struct unify *unify)
{
	return trouble_system(&unify->trouble, "", ENOMEM);
}

/* One that is met for the first time; NULL: out of memory. */
static struct loose *add(struct unify *unify, const struct member *member)
{
	size_t length = strlen(unify->path) + 1;
	struct loose *loose = calloc(1, sizeof(*loose) + length);

	if (!loose)
		return NULL;
	*loose = (struct loose){
		.ino = member->seen.ino, .size = member->seen.size, .nlink = member->seen.nlink,
		.tree = member->tree, .shares = true,
	};
	memcpy(loose->path, unify->path, length);
	if (!tsearch(loose, &unify->loose->by_number, compare)) {
		free(loose);
		return NULL;
	}

	*unify->loose->last = loose;
	unify->loose->last = &loose->next;
	return loose;
}

/* 0 with the one that is known by that number; 1: there is no room for it; or -1: out of memory. */
static int find(struct unify *unify, const struct member *member, struct loose **loose)
{
	const struct loose wanted = { .ino = member->seen.ino };
	struct loose **found;

	if (!unify->loose) {
		unify->loose = calloc(1, sizeof(*unify->loose));
		if (!unify->loose)
			return -1;
		unify->loose->last = &unify->loose->first;
	}
	found = tfind(&wanted, &unify->loose->by_number, compare);
	if (!found && !unify_take_room(unify, member->tree, &unify->trees[member->tree].loose_left,
				       LOOSE_COST + strlen(unify->path)))
		return 1;

	*loose = found ? *found : add(unify, member);
	return *loose ? 0 : -1;
}

int unify_loose_see(struct unify *unify, const struct member *members, unsigned int count,
		    bool shares)
{
	for (unsigned int i = 0; i < count; i++) {
		const struct member *member = &members[i];
		struct loose *loose;
		int result;

		if (member->seen.nlink < 2 || member->seen.immutable)
			continue;
		result = find(unify, member, &loose);
		if (result < 0)
			return failed(unify);
		if (result > 0)
			continue;
		loose->met++;
		if (member->tree == loose->tree)
			loose->names++;
		else
			loose->several = true;
		loose->shares &= shares && policy_shares_mode(member->seen.mode);
	}

	return 0;
}

static void tell(struct unify *unify, const struct loose *loose)
{
	const char *tree = unify->trees[loose->tree].name;
	auto_free char *what = NULL;
	auto_free char *advice = NULL;

	if (++unify->loose->told > TOLD_MAX)
		return;
	if (asprintf(&what, "%s/%s", tree, loose->path) < 0)
		what = NULL;
	if (asprintf(&advice, "vunify --undo %s gives it one of its own", tree) < 0)
		advice = NULL;
	message_error(what ? what : loose->path, loose->several ?
		      "it is one file with another tree's, and can be written to" :
		      "it has names elsewhere, maybe in another tree, and can be written to", advice);
}

/* 1: it has to be told. */
static int mark(struct unify *unify, const struct loose *loose, int fd)
{
	uint32_t attributes, names;
	int result;

	if (!loose->shares)
		return 1;
	if (vctl_attr_get(fd, &attributes, &names, NULL) < 0)
		return 1;
	result = unify->dry ? 0 : mark_set(fd, names ? names : loose->names);
	if (result < 0)
		return trouble_system(&unify->trouble, loose->path, errno);
	if (result > 0)
		return 1;

	unify->marked.files++;
	unify->marked.bytes += loose->size;
	return 0;
}

/* What it is by now: others have got other files there meanwhile, as they should. */
static int settle(struct unify *unify, const struct loose *loose)
{
	const char *name;
	auto_fd int parent = unify_open_parent(unify, loose->tree, loose->path, &name);
	auto_fd int fd = parent < 0 ? -1 :
			 openat(parent, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY |
				O_NOATIME | O_CLOEXEC);
	struct seen now;

	if (fd < 0 || unify_see_open(fd, &now) < 0)
		return 1;
	if (now.immutable || (now.ino == loose->ino && now.nlink == 1))
		return 0;

	return now.ino == loose->ino && S_ISREG(now.mode) ? mark(unify, loose, fd) : 1;
}

static void tell_rest(struct unify *unify)
{
	uint64_t told = unify->loose ? unify->loose->told : 0;
	auto_free char *why = NULL;

	unify->incomplete |= told > 0;
	if (told <= TOLD_MAX)
		return;
	if (asprintf(&why, "so can %" PRIu64 " more files", told - TOLD_MAX) < 0)
		why = NULL;
	message_error(unify->self->name, why ? why : "so can more files", NULL);
}

int unify_loose(struct unify *unify)
{
	for (const struct loose *loose = unify->loose ? unify->loose->first : NULL; loose;
	     loose = loose->next) {
		int result = 0;

		if (run_interrupted())
			return trouble_system(&unify->trouble, "", EINTR);
		if (loose->several || loose->met < loose->nlink)
			result = settle(unify, loose);
		if (result < 0)
			return -1;
		if (result > 0)
			tell(unify, loose);
	}

	tell_rest(unify);
	return 0;
}

void unify_loose_free(struct unify *unify)
{
	struct loose *next;

	if (!unify->loose)
		return;
	for (struct loose *loose = unify->loose->first; loose; loose = next) {
		next = loose->next;
		tdelete(loose, &unify->loose->by_number, compare);
		free(loose);
	}
	free(unify->loose);
	unify->loose = NULL;
}
