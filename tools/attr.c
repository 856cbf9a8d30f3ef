// SPDX-License-Identifier: GPL-2.0-only
/* vctl attr: which files are several trees' at once. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "below.h"
#include "cleanup.h"
#include "command.h"
#include "json_text.h"
#include "message.h"
#include "option.h"

#define DEPTH_MAX 200

enum {
	OPTION_SET = OPTION_FIRST,
	OPTION_CLEAR,
	OPTION_NAMES,
	OPTION_RECURSIVE,
};

static const struct option_entry options[] = {
	{ "set", "A[,A]", OPTION_SET, "set immutable, invert, or both" },
	{ "clear", "A[,A]", OPTION_CLEAR, "clear them" },
	{ "names", "N", OPTION_NAMES, "with invert: how many names it has in each tree (1)" },
	{ "recursive", NULL, OPTION_RECURSIVE, "regular files in and below directories" },
	OPTION_ENTRY_JSON,
	{ 0 },
};

static const struct {
	const char *name;
	uint32_t bit;
} names[] = {
	{ "immutable", VCTL_ATTR_IMMUTABLE },
	{ "invert", VCTL_ATTR_INVERT },
};

#define NAMES (sizeof(names) / sizeof(names[0]))

struct attr {
	const struct command *self;
	uint32_t set, clear;
	uint32_t count;		/* of names; 0: as it was */
	bool recursive, json;
	struct json_object *rows;
	bool failed;
	unsigned int depth;
};

static int take_names(struct attr *attr, const char *list, uint32_t *mask)
{
	auto_free char *copy = strdup(list);
	char *rest = NULL;
	uint32_t taken = 0;

	for (char *word = copy ? strtok_r(copy, ",", &rest) : NULL; word;
	     word = strtok_r(NULL, ",", &rest)) {
		uint32_t bit = 0;

		for (size_t i = 0; i < NAMES; i++)
			bit |= strcmp(names[i].name, word) == 0 ? names[i].bit : 0;
		if (!bit) {
			message_usage(attr->self, word, "no such attribute: immutable, invert");
			return -1;
		}
		taken |= bit;
	}
	if (!taken) {
		message_usage(attr->self, list, "an attribute is missing: immutable, invert");
		return -1;
	}

	*mask |= taken;
	return 0;
}

static int take_count(struct attr *attr, const char *text)
{
	char *end;
	unsigned long count = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end || count == 0 || count > UINT16_MAX) {
		message_usage(attr->self, *text ? text : "--names", "not a number of names");
		return -1;
	}

	attr->count = (uint32_t)count;
	return 0;
}

static int take_option(int value, const char *argument, void *data)
{
	struct attr *attr = data;

	switch (value) {
	case OPTION_SET:
		return take_names(attr, argument, &attr->set);
	case OPTION_CLEAR:
		return take_names(attr, argument, &attr->clear);
	case OPTION_NAMES:
		return take_count(attr, argument);
	case OPTION_RECURSIVE:
		attr->recursive = true;
		return 0;
	default:
		attr->json = true;
		return 0;
	}
}

static void print_row(struct attr *attr, const char *path, uint32_t attributes, uint32_t count)
{
	struct json_object *row;

	if (!attr->json) {
		auto_free char *shown = strdup(path);

		if (shown)
			message_defuse(shown);
		printf("%c%c %s\n", attributes & VCTL_ATTR_IMMUTABLE ? 'i' : '-',
		       attributes & VCTL_ATTR_INVERT ? 'u' : '-', shown ? shown : path);
		return;
	}

	row = json_object_new_object();
	json_object_object_add(row, "path", json_text(path));
	for (size_t i = 0; i < NAMES; i++)
		json_object_object_add(row, names[i].name,
				       json_object_new_boolean(attributes & names[i].bit));
	json_object_object_add(row, "names", count ? json_object_new_int64(count) : NULL);
	json_object_array_add(attr->rows, row);
}

static void fail(struct attr *attr, const char *path, const struct vctl_error *err)
{
	message_error(path, err ? vctl_error_why(err) : strerror(errno),
		      err ? vctl_error_advice(err) : NULL);
	attr->failed = true;
}

static void do_file(struct attr *attr, int fd, const char *path)
{
	vctl_auto_error struct vctl_error *err = NULL;
	uint32_t attributes, count;

	if (vctl_attr_get(fd, &attributes, &count, &err) < 0) {
		fail(attr, path, err);
		return;
	}
	if (!attr->set && !attr->clear) {
		print_row(attr, path, attributes, count);
		return;
	}

	attributes = (attributes & ~attr->clear) | attr->set;
	if (vctl_attr_set(fd, attributes, attr->count ? attr->count : count, &err) < 0)
		fail(attr, path, err);
}

static void do_directory(struct attr *attr, int fd, const char *path);

/* Only what is open is looked at: who owns the directory may put something else there. */
static void do_place(struct attr *attr, int place, const char *path, bool named)
{
	auto_free char *number = NULL;
	auto_fd int fd = -1;
	struct stat stat;

	if (place < 0 || fstat(place, &stat) < 0) {
		fail(attr, path, NULL);
		return;
	}
	if (!S_ISREG(stat.st_mode) && !S_ISDIR(stat.st_mode)) {
		if (named)
			message_error(path, "neither a regular file nor a directory", NULL);
		attr->failed |= named;
		return;
	}
	if (asprintf(&number, "/proc/self/fd/%d", place) < 0)
		number = NULL;
	fd = number ? open(number, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC) : -1;
	if (fd < 0)
		fail(attr, path, NULL);
	else if (S_ISDIR(stat.st_mode) && attr->recursive)
		do_directory(attr, fd, path);
	else
		do_file(attr, fd, path);
}

static void do_entry(struct attr *attr, int directory, const char *name, const char *path)
{
	auto_fd int place = openat(directory, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);

	do_place(attr, place, path, false);
}

static void do_named(struct attr *attr, const char *path)
{
	auto_fd int place = below_open_path(path, O_PATH);

	do_place(attr, place, path, true);
}

static void do_directory(struct attr *attr, int fd, const char *path)
{
	struct dirent **entries = NULL;
	int count = scandirat(fd, ".", &entries, NULL, alphasort);

	if (count < 0 || ++attr->depth > DEPTH_MAX) {
		errno = count < 0 ? errno : ELOOP;
		fail(attr, path, NULL);
	}
	for (int i = 0; i < count; i++) {
		const char *name = entries[i]->d_name;
		auto_free char *below = NULL;

		if (asprintf(&below, "%s/%s", path, name) < 0)
			below = NULL;
		if (below && attr->depth <= DEPTH_MAX && strcmp(name, ".") != 0 &&
		    strcmp(name, "..") != 0)
			do_entry(attr, fd, name, below);
		free(entries[i]);
	}
	attr->depth -= count >= 0;
	free(entries);
}

static enum status run(const struct command *self, int argc, char **argv)
{
	struct attr attr = { .self = self };
	int first;
	int go_on = option_parse(self, argc, argv, take_option, &attr, &first);

	if (go_on <= 0)
		return go_on < 0 ? STATUS_USAGE : STATUS_DONE;
	if (first == argc)
		return message_usage(self, self->name, "which files is missing");
	if (attr.set & attr.clear)
		return message_usage(self, "--clear", "the same attribute is to be set");
	if (attr.count && !(attr.set & VCTL_ATTR_INVERT))
		return message_usage(self, "--names", "it goes with --set invert");

	attr.rows = json_object_new_array();
	for (int i = first; i < argc; i++)
		do_named(&attr, argv[i]);
	if (attr.json)
		puts(json_object_to_json_string_ext(attr.rows, JSON_C_TO_STRING_PRETTY |
						    JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(attr.rows);
	return attr.failed ? STATUS_FAILED : STATUS_DONE;
}

const struct command command_attr = {
	.name = "attr",
	.usage = "[--set A[,A]] [--clear A[,A]] [--names N] [--recursive] [--json] FILE...",
	.summary = "attributes of files that several vservers share",
	.text = "Show, set or clear two attributes of files:\n\n"
		"immutable (i): nobody can change the file, or make or remove names of it.\n"
		"invert (u), besides the first: its names can be made, removed and replaced all\n"
		"the same, so that packages are upgraded as ever.  It needs the module, and the\n"
		"kernel sets it of no file that somebody writes to, has locked or watches.\n\n"
		"vctl unify sets both.  invert shows for root alone; only root of context 0, with\n"
		"CAP_LINUX_IMMUTABLE, sets and clears them.",
	.options = options,
	.anywhere = true,
	.run = run,
};
