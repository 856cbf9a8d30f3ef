// SPDX-License-Identifier: GPL-2.0-only
/* The method clone: another vserver's tree, whose root may be writing to it. */
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "build.h"
#include "cleanup.h"
#include "command.h"
#include "message.h"
#include "policy_rpm.h"

/* What is there only while it runs. */
static const char *const passing[] = { "dev", "proc", "run", "sys", "tmp" };

static enum copy_rule rule_of_full(const char *path, bool directory, const void *data)
{
	(void)data;
	for (size_t i = 0; directory && i < sizeof(passing) / sizeof(passing[0]); i++) {
		if (strcmp(path, passing[i]) == 0)
			return COPY_EMPTY;
	}

	/* Two machines by one name would be one to who logs in. */
	return fnmatch("etc/ssh/ssh_host_*", path, 0) == 0 ? COPY_NOT : COPY_FULLY;
}

/* What a unify would share is shared from the start. */
static enum copy_rule rule_of(const char *path, bool directory, const void *policy)
{
	if (!directory && policy_judge_path(policy, path) == VERDICT_SHARE)
		return COPY_LINK;

	return rule_of_full(path, directory, NULL);
}

/* It is locked for as long: nobody starts, stops or deletes it meanwhile. */
static int check_clone(struct build *build)
{
	vctl_auto_error struct vctl_error *err = NULL;
	auto_fd int tree = -1;

	if (!build->from) {
		message_usage(build->self, "--method clone",
			      "of which vserver is missing: --from NAME");
		return 1;
	}
	if (strcmp(build->from, build->name) == 0)
		return trouble_set(&build->trouble, build->from, "it can't be a clone of itself",
				   NULL);
	if (vctl_vserver_open(build->from, &build->source, &err) < 0)
		return trouble_error(&build->trouble, err);
	if (stage_lock(build->source, &build->trouble) < 0)
		return -1;

	tree = open(vctl_vserver_tree(build->source), O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (tree < 0 && errno == ENOENT)
		return trouble_set(&build->trouble, build->from, "there is no such vserver",
				   "vserver list shows those that are there");
	if (tree < 0)
		return trouble_system(&build->trouble, vctl_vserver_tree(build->source), errno);

	return 0;
}

/* 0: it doesn't. */
static int warn_if_it_runs(struct build *build)
{
	struct vctl_vserver_status status = { .state = VCTL_STOPPED };
	auto_free char *what = NULL;

	if (vctl_vserver_status(build->source, &status, NULL) < 0)
		return 0;
	vctl_vserver_status_free(&status);
	if (status.state == VCTL_STOPPED)
		return 0;

	if (asprintf(&what, "warning: %s", build->from) < 0)
		what = NULL;
	message_error(what ? what : build->from,
		      "it is running: its files are copied as they are just now",
		      "databases may not like that: stop it before");
	return 1;
}

/* With @trouble if it is not the copying that fails. */
static int clone_tree(struct build *build, struct copy *copy, struct policy *policy)
{
	auto_fd int from = openat(build->stage.trees, build->from,
				  O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (from < 0 || copy_begin(copy) < 0)
		return -1;
	if (!build->full && (policy_add(policy, from, build->from, &build->trouble) < 0 ||
			     policy_add_rpm(policy, from, build->from, &build->trouble) < 0))
		return -1;

	return copy_contents(copy, from, build->tree);
}

static int fill_clone(struct build *build)
{
	struct copy *copy = calloc(1, sizeof(*copy));
	struct policy policy = { .packaged = false };
	int result, number;

	if (!copy)
		return trouble_system(&build->trouble, "", ENOMEM);
	build->copy = copy;
	warn_if_it_runs(build);
	progress_start(&build->progress, build->full ? "copying" : "linking and copying");
	copy->into = build->tree;
	copy->rule = build->full ? rule_of_full : rule_of;
	copy->data = &policy;
	copy->progress = &build->progress;
	result = clone_tree(build, copy, &policy);
	number = errno;
	copy_end(copy);
	policy_free(&policy);
	if (result < 0)
		return build_copied(build, copy, number);

	build->files = build->progress.files;
	build->bytes = copy->copied_bytes + copy->linked_bytes;
	return 0;
}

const struct method method_clone = {
	.name = "clone",
	.options = " from copy ",
	.settle = 0,
	.check = check_clone,
	.fill = fill_clone,
};
