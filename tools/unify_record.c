// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "below.h"
#include "cleanup.h"
#include "mark.h"
#include "message.h"
#include "unify_record.h"

/* Written by a process that may be killed between any two stores. */
struct record {
	uint32_t valid;
	uint32_t number;	/* of the tree, counted from 1, which stays for one run */
	uint64_t expected;	/* to come out */
	uint64_t new;		/* goes in */
	char tree[PATH_MAX];
	char path[PATH_MAX];
};

static int save(struct unify *unify, const char *was)
{
	auto_free char *what = NULL;
	char name[sizeof(SAVED) + 20];
	struct seen seen;

	if (unify_see(unify->stage, STAGED, &seen) < 0)
		return -1;
	snprintf(name, sizeof(name), SAVED "%" PRIu64, seen.ino);
	if (syscall(SYS_renameat2, unify->stage, STAGED, unify->stage, name, RENAME_NOREPLACE) < 0)
		return -1;

	if (asprintf(&what, "%s/%s", unify->stage_path, name) < 0)
		what = NULL;
	message_error(what ? what : name, *was ? was : "it came out of a tree",
		      "somebody put it there just then: put it back, or remove it");
	unify->incomplete = true;
	return 0;
}

/* Where it was, in words. */
static int save_recorded(struct unify *unify, const struct record *record)
{
	auto_free char *was = NULL;

	if (asprintf(&was, "it was %s/%s", record->tree, record->path) < 0)
		was = NULL;
	return save(unify, was ? was : "");
}

/* The name has what was to go in, so what is here belongs there; 1: it hasn't, or not any more. */
static int put_back(const struct unify *unify, const struct record *record)
{
	auto_fd int tree = below_open_path(record->tree, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
	struct unify_tree one = { .fd = tree };
	struct unify of_it = { .trees = &one };
	const char *name;
	auto_fd int parent = tree < 0 ? -1 : unify_open_parent(&of_it, 0, record->path, &name);
	struct seen seen;

	if (parent < 0 || unify_see(parent, name, &seen) < 0 || seen.ino != record->new)
		return 1;
	if (syscall(SYS_renameat2, unify->stage, STAGED, parent, name, RENAME_EXCHANGE) < 0)
		return 1;

	return unify_see(unify->stage, STAGED, &seen) < 0 || seen.ino != record->new;
}

static int recover(struct unify *unify)
{
	struct record *record = unify->record;
	struct seen seen;

	record->tree[sizeof(record->tree) - 1] = '\0';
	record->path[sizeof(record->path) - 1] = '\0';
	if (unify_see(unify->stage, STAGED, &seen) < 0)
		return errno == ENOENT ? 0 : -1;
	if (!record->valid && S_ISDIR(seen.mode))
		return save(unify, "");
	if (record->valid && seen.ino != record->expected && seen.ino != record->new &&
	    put_back(unify, record) > 0)
		return save_recorded(unify, record);

	return mark_unlink(unify->stage, STAGED);
}

int unify_record_open(struct unify *unify)
{
	auto_fd int fd = openat(unify->stage, RECORD, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC,
				0600);
	void *map;
	int result;

	if (fd < 0 || ftruncate(fd, sizeof(struct record)) < 0)
		return -1;
	/* A full disk is found here, not when it is written to. */
	result = posix_fallocate(fd, 0, sizeof(struct record));
	if (result) {
		errno = result;
		return -1;
	}
	map = mmap(NULL, sizeof(struct record), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		return -1;

	unify->record = map;
	result = recover(unify);
	unify->record->number = 0;
	if (result == 0)
		unify_record_clear(unify);
	return result;
}

void unify_record_close(struct unify *unify)
{
	if (!unify->record)
		return;

	/* A swap may have failed halfway; the next one tries that again then. */
	if (recover(unify) == 0)
		unlinkat(unify->stage, RECORD, 0);
	munmap(unify->record, sizeof(struct record));
	unify->record = NULL;
}

static void set_tree(struct record *record, const struct unify_tree *tree)
{
	char by_number[32];
	ssize_t length;

	snprintf(by_number, sizeof(by_number), "/proc/self/fd/%d", tree->fd);
	length = readlink(by_number, record->tree, sizeof(record->tree) - 1);
	record->tree[length < 0 ? 0 : length] = '\0';
}

void unify_record_set(struct unify *unify, const struct member *old, uint64_t new)
{
	struct record *record = unify->record;

	if (record->number != old->tree + 1)
		set_tree(record, &unify->trees[old->tree]);
	record->number = old->tree + 1;
	snprintf(record->path, sizeof(record->path), "%s", old->path ? old->path : unify->path);
	record->expected = old->seen.ino;
	record->new = new;
	__atomic_store_n(&record->valid, 1, __ATOMIC_RELEASE);
}

void unify_record_clear(const struct unify *unify)
{
	__atomic_store_n(&unify->record->valid, 0, __ATOMIC_RELEASE);
}

int unify_record_save(struct unify *unify)
{
	return save_recorded(unify, unify->record);
}
