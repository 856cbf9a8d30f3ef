// SPDX-License-Identifier: GPL-2.0-only
/* Files of one path: which of them are the same, and one of those for all. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "closer.h"
#include "hints.h"
#include "mark.h"
#include "unify.h"

/* The files of one path, and the one that is to be had instead of others. */
struct round {
	struct unify *unify;
	struct member *members;
	unsigned int count;
	struct member *kept;
	bool held;		/* by us, just now */
	bool linked;		/* a name of another is its now */
};

static int failed(struct unify *unify)
{
	int number = errno;
	bool general = number == ENOSPC || number == EDQUOT || number == EROFS ||
		       number == ENOMEM || number == EINTR;

	return trouble_system(&unify->trouble, general ? "" : unify->path, number);
}

static bool same_time(const struct timespec *one, const struct timespec *other)
{
	return one->tv_sec == other->tv_sec && one->tv_nsec == other->tv_nsec;
}

bool unify_same_traits(const struct seen *one, const struct seen *other)
{
	return one->size == other->size && one->mode == other->mode && one->uid == other->uid &&
	       one->gid == other->gid && same_time(&one->mtime, &other->mtime);
}

static void shut(struct member *member)
{
	if (member->fd >= 0)
		close(member->fd);
	member->fd = -1;
}

/* Names can be exchanged all the time: what was met is this one only if all of it is as it was. */
static bool is_the_one(int fd, const struct seen *seen)
{
	struct seen now;

	return unify_see_open(fd, &now) == 0 && S_ISREG(now.mode) && now.ino == seen->ino &&
	       now.nlink == seen->nlink && now.immutable == seen->immutable &&
	       unify_same_traits(&now, seen);
}

int unify_open(struct unify *unify, struct member *member)
{
	uint32_t attributes;

	member->fd = openat(member->directory, member->name,
			    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_NOATIME | O_CLOEXEC);
	if (member->fd < 0)
		return errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == EIO ?
		       failed(unify) : 1;
	if (!is_the_one(member->fd, &member->seen)) {
		shut(member);
		return 1;
	}
	if (!member->seen.immutable)
		return 0;
	if (vctl_attr_get(member->fd, &attributes, &member->names, NULL) < 0 ||
	    attributes != (VCTL_ATTR_IMMUTABLE | VCTL_ATTR_INVERT))
		member->names = 0;

	return 0;
}

static void give_up(struct unify *unify, struct member *member, enum left why)
{
	unify_leave(unify, why, &member->seen);
	member->done = true;
	shut(member);
}

/* One that others have already, if there is any. */
static struct member *choose(struct round *round)
{
	struct member *best = NULL;

	for (unsigned int i = 0; i < round->count; i++) {
		struct member *member = &round->members[i];

		if (!member->done && (!best || (member->seen.immutable && (!best->seen.immutable ||
		    member->seen.nlink > best->seen.nlink))))
			best = member;
	}

	return best;
}

/* Can they be the same, as far as that is known without a look into them? */
static bool may_be_same(const struct round *round, const struct member *member)
{
	const struct member *kept = round->kept;

	return !member->done && member->seen.ino != kept->seen.ino &&
	       unify_same_traits(&member->seen, &kept->seen) &&
	       !hints_differ(round->unify->hints, round->unify->path, kept->tree, member->tree);
}

static unsigned int candidates(const struct round *round)
{
	unsigned int found = 0;

	for (unsigned int i = 0; i < round->count; i++)
		found += may_be_same(round, &round->members[i]);
	return found;
}

/* What its names are counted as that has no partner. */
static enum left why_alone(const struct round *round)
{
	const struct member *kept = round->kept;

	if (kept->why != LEFT_DATA)
		return kept->why;
	for (unsigned int i = 0; i < round->count; i++) {
		if (round->members[i].seen.ino != kept->seen.ino &&
		    unify_same_traits(&round->members[i].seen, &kept->seen))
			return LEFT_PACKAGE;
	}

	return LEFT_TRAITS;
}

/* All names that the chosen file has among these. */
static void finish_kept(struct round *round, enum left why, bool leave)
{
	for (unsigned int i = 0; i < round->count; i++) {
		struct member *member = &round->members[i];

		if (member->done || member->seen.ino != round->kept->seen.ino)
			continue;
		if (leave && member->seen.nlink == 1)
			unify_leave(round->unify, why, &member->seen);
		member->done = true;
	}
	shut(round->kept);
}

static bool is_as_seen(const struct member *member)
{
	struct seen now;

	return unify_see_open(member->fd, &now) == 0 && now.ino == member->seen.ino &&
	       S_ISREG(now.mode) && unify_same_traits(&now, &member->seen);
}

/* 0, or 1 and it is left alone.  One that is marked others may have locked for reading. */
static int lease(struct round *round, struct member *member)
{
	int result = mark_lease(member->fd);

	if (result < 0)
		return failed(round->unify);
	if (result == 0 && (member->seen.immutable || !mark_locked(member->fd)))
		return 0;

	give_up(round->unify, member, LEFT_IN_USE);
	return 1;
}

/*
 * From then on nobody can change it: only then is it compared.  Without the module it could get no
 * names then, and a lease has to do until it has got them.
 */
static int hold_kept(struct round *round)
{
	struct unify *unify = round->unify;
	struct member *kept = round->kept;
	int result;

	if (unify->dry)
		return lease(round, kept);

	result = mark_hold(kept->fd, 1, unify->module);
	if (result < 0)
		return failed(unify);
	if (result > 0) {
		give_up(unify, kept, result == 1 ? LEFT_IN_USE : LEFT_ROOM);
		return 1;
	}
	round->held = true;
	if (is_as_seen(kept))
		return 0;

	round->held = false;
	if (mark_take_back(kept->fd, 1) < 0)
		return failed(unify);
	give_up(unify, kept, LEFT_CHANGED);
	return 1;
}

/* 0, or 1 if it can't be used. */
static int open_kept(struct round *round)
{
	struct unify *unify = round->unify;
	struct member *kept = round->kept;
	int result = unify_open(unify, kept);

	if (result < 0)
		return -1;
	if (result > 0) {
		give_up(unify, kept, LEFT_CHANGED);
		return 1;
	}
	if (!kept->seen.immutable)
		return hold_kept(round);
	if (kept->names && (unify->module || unify->dry))
		return lease(round, kept);

	give_up(unify, kept, kept->names ? LEFT_MODULE : LEFT_IMMUTABLE);
	return 1;
}

/* The same for one that may be replaced. */
static int open_other(struct round *round, struct member *other)
{
	struct unify *unify = round->unify;
	int result = unify_open(unify, other);

	if (result < 0)
		return -1;
	if (result > 0) {
		give_up(unify, other, LEFT_CHANGED);
		return 1;
	}
	if (!other->seen.immutable)
		return lease(round, other);
	if (other->names && (unify->module || unify->dry))
		return 0;

	give_up(unify, other, other->names ? LEFT_MODULE : LEFT_IMMUTABLE);
	return 1;
}

static void no_longer_own(struct unify *unify, const struct member *member)
{
	if (member->seen.nlink > 1)
		return;

	unify->trees[member->tree].own_files--;
	unify->trees[member->tree].own_bytes -= member->seen.size;
}

/* One name of the other file; @others: how many of its names have been done. */
static int take_name(struct round *round, struct member *member, const struct member *open,
		     unsigned int others)
{
	struct unify *unify = round->unify;
	struct member old = *member;
	int result = 0;

	old.fd = open->fd;
	member->done = true;
	if (!unify->dry)
		result = unify_swap(unify, round->kept->fd, &round->kept->seen, &old, others == 0);
	if (result > 0)
		unify_leave(unify, unify_swap_left(result), &member->seen);
	if (result != 0)
		return result;

	if (!round->linked)
		no_longer_own(unify, round->kept);
	round->linked = true;
	no_longer_own(unify, member);
	unify->linked.files++;
	unify->linked.bytes += member->seen.size;
	return 0;
}

static void lose_names(struct round *round, const struct member *open, unsigned int count)
{
	for (unsigned int i = 0; i < round->count; i++) {
		if (round->members[i].seen.ino == open->seen.ino)
			round->members[i].seen.nlink -= count;
	}
}

/* All names of the other file among these. */
static int replace(struct round *round, struct member *other)
{
	struct unify *unify = round->unify;
	struct member open = *other;
	unsigned int done = 0;

	for (unsigned int i = 0; i < round->count; i++) {
		struct member *member = &round->members[i];
		int result;

		if (member->done || member->seen.ino != open.seen.ino)
			continue;
		result = take_name(round, member, &open, done);
		/* As many names as a file can have: the next round finds another one. */
		if (result < 0 && errno == EMLINK) {
			member->done = false;
			lose_names(round, &open, done);
			return 0;
		}
		if (result < 0)
			return failed(unify);
		done += result == 0;
	}
	if (done < open.seen.nlink)
		return 0;

	unify->saved.files++;
	unify->saved.bytes += open.seen.size;
	closer_close(unify->closer, other->fd);
	other->fd = -1;
	return 0;
}

static int try_other(struct round *round, struct member *other)
{
	struct unify *unify = round->unify;
	int result = open_other(round, other);

	if (result != 0)
		return result < 0 ? -1 : 0;

	result = unify_same_inside(unify, round->kept->fd, other->fd, other->seen.size,
				   &other->why);
	if (result < 0)
		return failed(unify);
	if (result > 0)
		result = replace(round, other);
	shut(other);
	return result < 0 ? -1 : 0;
}

/* What was held for nothing, or, without the module, was not marked until now. */
static int settle_kept(struct round *round)
{
	int result = 0;

	if (round->unify->dry || round->kept->seen.immutable)
		return 0;
	if (round->held && !round->linked)
		result = mark_take_back(round->kept->fd, 1) < 0 ? -1 : 0;
	else if (!round->unify->module && round->linked)
		result = mark_set(round->kept->fd, 1);
	if (result <= 0)
		return result < 0 ? failed(round->unify) : 0;

	return trouble_system(&round->unify->trouble, round->unify->path, ETXTBSY);
}

/* One of them, and all that are the same. */
static int do_round(struct round *round)
{
	int result = candidates(round) ? open_kept(round) : 2;

	if (result == 2) {
		finish_kept(round, why_alone(round), true);
		return 0;
	}
	if (result != 0)
		return result < 0 ? -1 : 0;

	for (unsigned int i = 0; i < round->count && result == 0; i++) {
		if (may_be_same(round, &round->members[i]))
			result = try_other(round, &round->members[i]);
	}
	if (settle_kept(round) < 0)
		result = -1;
	finish_kept(round, LEFT_CONTENT, !round->linked);
	return result;
}

int unify_members(struct unify *unify, struct member *members, unsigned int count)
{
	int result = 0;

	if (members[0].seen.size == 0 && count == 2)
		return 0;
	while (result == 0) {
		struct round round = {
			.unify = unify, .members = members, .count = count,
		};

		round.kept = choose(&round);
		if (!round.kept)
			break;
		if (round.kept->seen.size == 0) {
			round.kept->done = true;
			continue;
		}
		shut(round.kept);
		result = do_round(&round);
	}

	return result;
}
