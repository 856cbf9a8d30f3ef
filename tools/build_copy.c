// SPDX-License-Identifier: GPL-2.0-only
/* The methods copy and skeleton: parts of the running system, or nothing but directories. */
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "build.h"
#include "cleanup.h"
#include "run.h"
#include "below.h"

/* What is copied at all; most of it are links into /usr on systems of today. */
static const char *const parts[] = {
	"bin", "sbin", "lib", "lib32", "lib64", "libx32", "libo32", "usr", "etc", "var", "opt",
};

/* What is the machine's alone, or its people's, or is made anew; the first that fits. */
static const struct {
	const char *pattern;
	enum copy_rule rule;
} rules[] = {
	{ "etc/vservers", COPY_NOT },
	{ "etc/ssh/ssh_host_*", COPY_NOT },
	{ "etc/network/interfaces", COPY_NOT },
	{ "etc/network/interfaces.d", COPY_EMPTY },
	{ "etc/netplan", COPY_EMPTY },
	{ "etc/NetworkManager/system-connections", COPY_EMPTY },
	{ "etc/udev/rules.d/70-persistent*", COPY_NOT },
	{ "etc/crypttab", COPY_NOT },
	{ "etc/shadow-", COPY_NOT },
	{ "etc/gshadow-", COPY_NOT },
	{ "lib/firmware", COPY_EMPTY },
	{ "lib/modules", COPY_EMPTY },
	{ "usr/lib/firmware", COPY_EMPTY },
	{ "usr/lib/modules", COPY_EMPTY },
	{ "usr/src", COPY_EMPTY },
	{ "var/cache/apt/*.bin", COPY_NOT },
	{ "var/cache/apt/archives/*.deb", COPY_NOT },
	{ "var/crash", COPY_EMPTY },
	{ "var/lib/containerd", COPY_EMPTY },
	{ "var/lib/containers", COPY_EMPTY },
	{ "var/lib/dbus/machine-id", COPY_NOT },
	{ "var/lib/docker", COPY_EMPTY },
	{ "var/lib/libvirt/images", COPY_EMPTY },
	{ "var/lib/lxc", COPY_EMPTY },
	{ "var/lib/lxd", COPY_EMPTY },
	{ "var/lib/machines", COPY_EMPTY },
	{ "var/lib/systemd/coredump", COPY_EMPTY },
	{ "var/lib/systemd/random-seed", COPY_NOT },
	{ "var/lib/vservers", COPY_NOT },
	{ "var/lock", COPY_EMPTY },
	{ "var/log/journal", COPY_EMPTY },
	{ "var/mail", COPY_EMPTY },
	{ "var/run", COPY_EMPTY },
	{ "var/spool/mail", COPY_EMPTY },
	{ "var/tmp", COPY_EMPTY },
	/* Logs that have been put aside. */
	{ "var/log/*.[0-9]", COPY_NOT },
	{ "var/log/*.[0-9].*", COPY_NOT },
	{ "var/log/*.gz", COPY_NOT },
	{ "var/log/*.xz", COPY_NOT },
	{ "var/log/*.old", COPY_NOT },
};

static enum copy_rule rule_of(const char *path, bool directory, const void *data)
{
	(void)data;
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		if (fnmatch(rules[i].pattern, path, 0) == 0)
			return rules[i].rule;
	}

	return !directory && strncmp(path, "var/log/", 8) == 0 ? COPY_EMPTY : COPY_FULLY;
}

static const char *source(const struct build *build)
{
	return build->from ? build->from : "/";
}

static int check_copy(struct build *build)
{
	auto_fd int from = below_open_path(source(build), O_PATH | O_DIRECTORY);

	if (from < 0)
		return trouble_system(&build->trouble, source(build), errno);
	if (faccessat(from, "etc", F_OK, 0) < 0 || faccessat(from, "usr", F_OK, 0) < 0)
		return trouble_set(&build->trouble, source(build),
				   "it is not the root of a system: no etc and usr are in it",
				   NULL);

	return 0;
}

static int copy_parts(struct build *build, struct copy *copy)
{
	auto_fd int from = below_open_path(source(build), O_RDONLY | O_DIRECTORY);

	if (from < 0)
		return -1;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (copy_entry(copy, from, build->tree, parts[i]) < 0)
			return -1;
	}

	return 0;
}

/* /vservers may be anywhere in what is copied, by a link. */
static int fill_copy(struct build *build)
{
	auto_free struct copy *copy = calloc(1, sizeof(*copy));
	struct stat trees;
	int result = -1;
	int number;

	if (!copy || fstat(build->stage.trees, &trees) < 0)
		return trouble_system(&build->trouble, VCTL_TREE_DIR, errno);
	progress_start(&build->progress, "copying");
	copy->into = build->tree;
	copy->rule = rule_of;
	copy->progress = &build->progress;
	copy->avoid_dev = trees.st_dev;
	copy->avoid_ino = trees.st_ino;
	if (copy_begin(copy) == 0)
		result = copy_parts(build, copy);
	number = errno;
	copy_end(copy);
	if (result < 0)
		return build_copied(build, copy, number);

	build->files = build->progress.files;
	build->bytes = copy->copied_bytes;
	return 0;
}

/* Where everything else has its place, with modes that differ from the usual. */
static const struct {
	const char *path;
	mode_t mode;
} skeleton[] = {
	{ "dev", 0755 }, { "etc", 0755 }, { "home", 0755 }, { "proc", 0555 }, { "root", 0700 },
	{ "run", 0755 }, { "sys", 0555 }, { "tmp", 01777 }, { "usr/bin", 0755 },
	{ "usr/lib", 0755 }, { "usr/sbin", 0755 }, { "usr/share", 0755 },
	{ "usr/local/bin", 0755 }, { "usr/local/lib", 0755 }, { "usr/local/sbin", 0755 },
	{ "var/cache", 0755 }, { "var/lib", 0755 }, { "var/log", 0755 }, { "var/spool", 0755 },
	{ "var/tmp", 01777 },
};

static int check_nothing(struct build *build)
{
	(void)build;
	return 0;
}

static int fill_skeleton(struct build *build)
{
	for (size_t i = 0; i < sizeof(skeleton) / sizeof(skeleton[0]); i++) {
		if (below_make(build->tree, skeleton[i].path, skeleton[i].mode) < 0)
			return trouble_system(&build->trouble, VCTL_TREE_DIR, errno);
	}

	return 0;
}

const struct method method_copy = {
	.name = "copy",
	.options = " from ",
	.settle = SETTLE_SYSTEM | SETTLE_HOSTS | SETTLE_PEOPLE,
	.check = check_copy,
	.fill = fill_copy,
};

const struct method method_skeleton = {
	.name = "skeleton",
	.options = "",
	.settle = -1,
	.check = check_nothing,
	.fill = fill_skeleton,
};
