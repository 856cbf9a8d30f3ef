// SPDX-License-Identifier: GPL-2.0-only
/* vctl unify: files that are the same in several vservers become one. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "message.h"
#include "option.h"
#include "unify.h"
#include "vserver.h"

enum {
	OPTION_ALL = OPTION_FIRST,
	OPTION_DRY_RUN,
	OPTION_UNDO,
	OPTION_EXCLUDE,
};

static const struct option_entry options[] = {
	{ "all", NULL, OPTION_ALL, "all vservers that have a tree" },
	{ "dry-run", NULL, OPTION_DRY_RUN, "change nothing, only tell what would be" },
	{ "undo", NULL, OPTION_UNDO, "give these trees files of their own again" },
	{ "exclude", "PATTERN", OPTION_EXCLUDE,
	  "leave files or directories alone, by name, or by path below the tree" },
	OPTION_ENTRY_JSON,
	{ 0 },
};

/* Anybody can make as many names as he likes: so many bytes are taken to remember a tree's. */
#define LISTED_MAX	(128ULL << 20)
#define ENTRIES_MAX	50000000
#define LINKS_MAX	(256ULL << 20)
#define LOOSE_MAX	(256ULL << 20)

static int take_excluded(struct unify *unify, const char *pattern)
{
	const char **more;

	pattern += strspn(pattern, "/");
	if (!*pattern) {
		message_usage(unify->self, "--exclude", "an empty pattern");
		return -1;
	}
	more = reallocarray(unify->excluded, unify->excluded_count + 1, sizeof(*more));
	if (!more) {
		message_system("--exclude", NULL);
		return -1;
	}

	more[unify->excluded_count++] = pattern;
	unify->excluded = more;
	return 0;
}

static int take_option(int value, const char *argument, void *data)
{
	struct unify *unify = data;

	switch (value) {
	case OPTION_ALL:
		unify->all = true;
		return 0;
	case OPTION_DRY_RUN:
		unify->dry = true;
		return 0;
	case OPTION_UNDO:
		unify->undo = true;
		return 0;
	case OPTION_EXCLUDE:
		return take_excluded(unify, argument);
	default:
		unify->json = value == OPTION_JSON;
		return 0;
	}
}

/* Directories have a slash in them, names of vservers have none. */
static enum status add_tree(struct unify *unify, const char *name)
{
	struct unify_tree *more = reallocarray(unify->trees, unify->count + 1, sizeof(*more));
	struct unify_tree *tree;
	enum status status;

	if (!more)
		return message_system(name, NULL);
	unify->trees = more;
	tree = &unify->trees[unify->count];
	*tree = (struct unify_tree){
		.name = strdup(name), .fd = -1,
		.listed_left = { .bytes = LISTED_MAX, .entries = ENTRIES_MAX },
		.links_left = LINKS_MAX, .loose_left = LOOSE_MAX,
	};
	if (!tree->name)
		return message_system(name, NULL);

	status = strchr(name, '/') ? STATUS_DONE : vserver_open(name, &tree->vs);
	unify->count++;
	return status;
}

static bool is_given(const struct unify *unify, const char *name)
{
	for (unsigned int i = 0; i < unify->count; i++) {
		if (strcmp(unify->trees[i].name, name) == 0)
			return true;
	}

	return false;
}

static enum status add_all(struct unify *unify)
{
	vctl_auto_error struct vctl_error *err = NULL;
	enum status status = STATUS_DONE;
	char **names;

	if (vctl_vserver_list(&names, &err) < 0)
		return message_fail(err);
	for (size_t i = 0; names[i] && status == STATUS_DONE; i++) {
		auto_free char *path = NULL;

		if (asprintf(&path, VCTL_TREE_DIR "/%s", names[i]) < 0)
			path = NULL;
		if (path && access(path, F_OK) == 0 && !is_given(unify, names[i]))
			status = add_tree(unify, names[i]);
	}

	vctl_names_free(names);
	return status;
}

static int compare_names(const void *one, const void *other)
{
	return strcmp(((const struct unify_tree *)one)->name,
		      ((const struct unify_tree *)other)->name);
}

/* In one order, so that two that run at once lock them in that. */
static enum status sort_trees(struct unify *unify)
{
	qsort(unify->trees, unify->count, sizeof(*unify->trees), compare_names);
	for (unsigned int i = 1; i < unify->count; i++) {
		if (strcmp(unify->trees[i].name, unify->trees[i - 1].name) == 0)
			return message_usage(unify->self, unify->trees[i].name,
					     "it is there twice");
	}

	return STATUS_DONE;
}

static enum status take_trees(struct unify *unify, int count, char **names)
{
	enum status status = STATUS_DONE;

	if (unify->all && count > 0)
		return message_usage(unify->self, names[0], "all of them, or some by name");
	if (!unify->all && count == 0)
		return message_usage(unify->self, unify->self->name, "which vservers is missing");
	if (count == 1 && !unify->undo && strchr(names[0], '/'))
		return message_usage(unify->self, names[0], "with which others is missing");
	for (int i = 0; i < count && status == STATUS_DONE; i++)
		status = *names[i] ? add_tree(unify, names[i]) :
				     message_usage(unify->self, "", "an empty name");
	if (status == STATUS_DONE && (unify->all || (count == 1 && !unify->undo)))
		status = add_all(unify);

	return status == STATUS_DONE ? sort_trees(unify) : status;
}

static void free_unify(struct unify *unify)
{
	for (unsigned int i = 0; i < unify->count; i++) {
		if (unify->trees[i].fd >= 0)
			close(unify->trees[i].fd);
		vctl_vserver_close(unify->trees[i].vs);
		free((char *)unify->trees[i].name);
	}
	unify_owners_free(unify);
	free(unify->trees);
	free(unify->excluded);
}

static enum status run(const struct command *self, int argc, char **argv)
{
	__attribute__((cleanup(free_unify))) struct unify unify = {
		.self = self, .stage = -1, .beside = -1,
	};
	enum status status;
	int first;
	int go_on = option_parse(self, argc, argv, take_option, &unify, &first);

	if (go_on <= 0)
		return go_on < 0 ? STATUS_USAGE : STATUS_DONE;
	status = take_trees(&unify, argc - first, argv + first);
	if (status != STATUS_DONE)
		return status;
	if (geteuid() != 0) {
		message_error(self->name, "only root may do that", "run it as root");
		return STATUS_FAILED;
	}
	if (unify.count == 0 || (unify.count == 1 && !unify.undo)) {
		message_error(self->name, unify.count ? "there is no other vserver" :
							"there is no vserver",
			      "vserver NAME build makes one");
		return STATUS_FAILED;
	}

	unify.policy.excluded = unify.excluded;
	unify.policy.excluded_count = unify.excluded_count;
	return unify_work(&unify);
}

const struct command command_unify = {
	.name = "unify",
	.classic = "vunify",
	.vserver = "NAME unify [OPTION...] [OTHER...]",
	.usage = "[--dry-run] [--undo] [--exclude PATTERN]... [--json]\n"
		 "           --all | NAME|DIRECTORY...",
	.summary = "share files that are the same in several vservers",
	.text = "Find files that are the same in several vservers, or other trees (an argument\n"
		"with a slash), and make them one: on disk, and in memory.  They may run meanwhile.\n"
		"One vserver alone is unified with all others.\n\n"
		"Inside, nobody can write to such a file from then on, or change its owner, mode,\n"
		"times or attributes; but to remove it or to put another in its place works, so\n"
		"that packages are installed, upgraded and removed as ever.\n\n"
		"Files are the same if they have the same path, contents, owner, mode, time,\n"
		"attributes and access list.  Hard links that a tree has stay.  Never shared are:\n"
		"configuration files of packages; what is in /etc, /home, /root, /tmp, /run, /mnt,\n"
		"/media, /proc, /sys and /dev; of /var all but lists of packages and of their\n"
		"files; what is in other places than the system's, where there are packages; what\n"
		"is setuid, setgid or sticky; what is open for writing or locked.\n\n"
		"What a killed one leaves is whole; the next one goes on.",
	.options = options,
	.anywhere = true,
	.run = run,
};
