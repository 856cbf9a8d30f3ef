// SPDX-License-Identifier: GPL-2.0-only
/* vctl delete: remove a vserver, wholly. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <vctl_vserver.h>

#include "cleanup.h"
#include "command.h"
#include "message.h"
#include "option.h"
#include "run.h"
#include "stage.h"
#include "below.h"

#define MOUNT_POINT 5	/* which word of a line in mountinfo it is */

enum {
	OPTION_YES = OPTION_FIRST,
};

static const struct option_entry options[] = {
	{ "yes", NULL, OPTION_YES, "don't ask" },
	{ 0 },
};

struct delete {
	const struct command *self;
	const char *name;
	bool yes;
	struct vctl_vserver *vs;
	struct stage stage;
	struct trouble trouble;
	struct progress progress;
};

static int take_option(int value, const char *argument, void *data)
{
	(void)argument;
	((struct delete *)data)->yes = value == OPTION_YES;
	return 0;
}

static int take_line(struct delete *delete, int argc, char **argv)
{
	int first;
	int go_on = option_parse(delete->self, argc, argv, take_option, delete, &first);

	if (go_on <= 0)
		return go_on;
	if (first == argc) {
		message_usage(delete->self, delete->self->name, "which vserver is missing");
		return -1;
	}

	delete->name = argv[first++];
	if (first == argc)
		return 1;
	message_usage(delete->self, argv[first], "one vserver at a time");
	return -1;
}

/* Nobody there who could answer is wrong usage. */
static int ask(const struct delete *delete)
{
	char answer[16];

	if (delete->yes)
		return 1;
	if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO)) {
		message_usage(delete->self, delete->name,
			      "there is no terminal to ask on: --yes says that it is meant");
		return -1;
	}

	fprintf(stderr, "Delete vserver %s and all its files? [y/N] ", delete->name);
	fflush(stderr);
	return fgets(answer, sizeof(answer), stdin) && (answer[0] == 'y' || answer[0] == 'Y');
}

static bool is_there(int directory, const char *name)
{
	struct stat stat;

	return directory >= 0 && fstatat(directory, name, &stat, AT_SYMLINK_NOFOLLOW) == 0;
}

/* The name that may have been meant, among those that there are. */
static int complain_unknown(struct delete *delete)
{
	auto_free char *advice = NULL;
	const char *near = NULL;
	char **names = NULL;

	if (vctl_vserver_list(&names, NULL) == 0)
		near = vctl_nearest(delete->name, (const char *const *)names);
	if (near && asprintf(&advice, "did you mean %s?", near) < 0)
		advice = NULL;
	vctl_names_free(names);

	return trouble_set(&delete->trouble, "", "there is no such vserver",
			   advice ? advice : "vserver list shows those that are there");
}

static int see_that_it_is_stopped(struct delete *delete)
{
	struct vctl_vserver_status status = { .state = VCTL_STOPPED };
	vctl_auto_error struct vctl_error *err = NULL;
	auto_free char *advice = NULL;

	if (vctl_vserver_status(delete->vs, &status, &err) < 0)
		return trouble_error(&delete->trouble, err);
	vctl_vserver_status_free(&status);
	if (status.state == VCTL_STOPPED)
		return 0;

	if (asprintf(&advice, "vserver %s stop ends that", delete->name) < 0)
		advice = NULL;
	return trouble_set(&delete->trouble, "", status.state == VCTL_RUNNING ||
			   status.state == VCTL_STARTING ? "it is running" :
			   "something of it is left from when it ran", advice);
}

/* Spaces and the like are octal there, behind a backslash. */
static void unescape(char *text)
{
	char *end = text;

	for (; *text; text++) {
		if (text[0] == '\\' && text[1] && text[2] && text[3]) {
			*end++ = (char)((text[1] - '0') << 6 | (text[2] - '0') << 3 |
					(text[3] - '0'));
			text += 3;
		} else {
			*end++ = *text;
		}
	}
	*end = '\0';
}

/* The word of that number in a line, counted from 1; it is cut out of the line. */
static char *nth_word(char *line, int number)
{
	char *rest = NULL;
	char *word = strtok_r(line, " \n", &rest);

	while (word && --number > 0)
		word = strtok_r(NULL, " \n", &rest);
	return word;
}

/* Of others nothing is removed.  What is in mounts of other processes goes away with its place. */
static int see_that_nothing_is_mounted(struct delete *delete)
{
	auto_free char *tree = realpath(vctl_vserver_tree(delete->vs), NULL);
	auto_file FILE *file = fopen("/proc/self/mountinfo", "re");
	auto_free char *line = NULL;
	size_t room = 0;

	if (!tree)
		return errno == ENOENT ? 0 :
		       trouble_system(&delete->trouble, vctl_vserver_tree(delete->vs), errno);
	if (!file)
		return trouble_system(&delete->trouble, "/proc/self/mountinfo", errno);
	while (getline(&line, &room, file) > 0) {
		char *place = nth_word(line, MOUNT_POINT);
		size_t length = strlen(tree);

		if (!place)
			continue;
		unescape(place);
		if (strncmp(place, tree, length) != 0 || (place[length] && place[length] != '/'))
			continue;
		return trouble_set(&delete->trouble, place, "something is mounted there",
				   "umount it first, or its files would be removed");
	}

	return 0;
}

static int drop(struct delete *delete, const char *path)
{
	if (unlink(path) == 0 || errno == ENOENT)
		return 0;

	return trouble_system(&delete->trouble, path, errno);
}

/* From one moment to the next it is no vserver; then its files are removed. */
static int remove_all(struct delete *delete)
{
	struct stage *stage = &delete->stage;

	if (stage->trees >= 0 && is_there(stage->trees, delete->name)) {
		if (stage_make(stage, &delete->trouble) < 0)
			return -1;
		if (renameat(stage->trees, delete->name, stage->directory, STAGE_TREE) < 0)
			return trouble_system(&delete->trouble, vctl_vserver_tree(delete->vs),
					      errno);
	}
	if (drop(delete, vctl_vserver_script(delete->vs)) < 0 ||
	    drop(delete, vctl_vserver_conf(delete->vs)) < 0)
		return -1;

	progress_start(&delete->progress, "removing");
	if (stage->directory >= 0 && stage_remove(stage, &delete->progress) < 0)
		return trouble_system(&delete->trouble, VCTL_TREE_DIR, errno);

	return 0;
}

/* Leftovers alone are something to delete, too. */
static int carry_out(struct delete *delete)
{
	struct stage *stage = &delete->stage;
	int cleared;

	if (stage_lock(delete->vs, &delete->trouble) < 0 || see_that_it_is_stopped(delete) < 0 ||
	    stage_open(stage, delete->vs, STAGE_DELETING, false, &delete->trouble) < 0 ||
	    see_that_nothing_is_mounted(delete) < 0)
		return -1;

	progress_start(&delete->progress, "removing what a killed build or delete left");
	cleared = stage_clear(stage, delete->vs, &delete->progress, &delete->trouble);
	if (cleared < 0)
		return -1;
	if (!cleared && !is_there(stage->conf, stage->final_conf) &&
	    !is_there(stage->trees, delete->name))
		return complain_unknown(delete);

	return remove_all(delete);
}

static enum status finish(struct delete *delete, int result)
{
	auto_free char *command = NULL;
	const char *left = NULL;

	progress_end(&delete->progress);
	if (result == 0) {
		printf("vserver %s: deleted\n", delete->name);
		return STATUS_DONE;
	}

	if (delete->stage.directory >= 0)
		left = "the same command again goes on";
	if (asprintf(&command, "delete %s", delete->name) < 0)
		return message_system("delete", NULL);
	return trouble_tell(&delete->trouble, command, left);
}

static void free_delete(struct delete *delete)
{
	stage_close(&delete->stage);
	trouble_forget(&delete->trouble);
	vctl_vserver_close(delete->vs);
}

static enum status run(const struct command *self, int argc, char **argv)
{
	__attribute__((cleanup(free_delete))) struct delete delete = {
		.self = self,
		.stage = STAGE_NONE,
	};
	vctl_auto_error struct vctl_error *err = NULL;
	int go_on = take_line(&delete, argc, argv);

	if (go_on <= 0)
		return go_on < 0 ? STATUS_USAGE : STATUS_DONE;
	if (vctl_vserver_open(delete.name, &delete.vs, &err) < 0) {
		message_fail(err);
		return vctl_error_code(err) == VCTL_BAD_NAME ? STATUS_USAGE : STATUS_FAILED;
	}
	go_on = ask(&delete);
	if (go_on <= 0)
		return go_on < 0 ? STATUS_USAGE : STATUS_FAILED;

	return finish(&delete, carry_out(&delete));
}

const struct command command_delete = {
	.name = "delete",
	.usage = "[--yes] NAME",
	.vserver = "NAME delete [--yes]",
	.summary = "remove a virtual server",
	.text = "Remove the tree /vservers/NAME, the configuration and the script of a vserver\n"
		"that is stopped, after asking on the terminal.  No link in it is followed, and\n"
		"where something is mounted in it nothing is removed.  What a delete that was\n"
		"killed has left the same command again removes.\n\n"
		"Files that are shared with other vservers stay as they are there.",
	.options = options,
	.anywhere = true,
	.run = run,
};
