// SPDX-License-Identifier: GPL-2.0-only
/* The method debootstrap: a fresh Debian, from the net, a mirror of our own, or what was kept. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "build.h"
#include "cleanup.h"
#include "run.h"
#include "below.h"

#define USUAL_MIRROR	"http://deb.debian.org/debian"
#define USUAL_SUITE	"bookworm"
#define LINE_MAX_LENGTH	256

#define ADVICE_FOREIGN	"packages' scripts run as root of the machine: copy it elsewhere if you " \
			"trust these"

/* What is asked of mmdebstrap or debootstrap. */
struct order {
	const char *suite;
	char *directory;	/* of packages; NULL: they come from elsewhere */
	char *escaped;		/* the same as a part of a URL */
	bool flat;		/* it is no mirror, there are just packages in it */
	bool is_signed;
	bool foreign;		/* it is in the tree of a vserver */
	char *mirror;		/* as the program takes it */
	char *variant, *include;
	char *target;
	char *tarball;		/* of debootstrap --make-tarball */
};

static void free_order(struct order *order)
{
	free(order->directory);
	free(order->escaped);
	free(order->mirror);
	free(order->variant);
	free(order->include);
	free(order->target);
	free(order->tarball);
}

/* The value of a KEY=value line in os-release; "" if there is none. */
static void os_release(const char *key, char *value, size_t room)
{
	auto_file FILE *file = fopen("/etc/os-release", "re");
	size_t length = strlen(key);
	char line[LINE_MAX_LENGTH];

	*value = '\0';
	while (file && fgets(line, sizeof(line), file)) {
		const char *word = line + length + 1;

		if (strncmp(line, key, length) != 0 || line[length] != '=')
			continue;
		word += *word == '"';
		snprintf(value, room, "%.*s", (int)strcspn(word, "\"\n"), word);
	}
}

static const char *find_suite(const struct build *build)
{
	static char name[LINE_MAX_LENGTH];
	char id[LINE_MAX_LENGTH];

	if (build->suite)
		return build->suite;
	os_release("ID", id, sizeof(id));
	os_release("VERSION_CODENAME", name, sizeof(name));

	return strcmp(id, "debian") == 0 && *name ? name : USUAL_SUITE;
}

/* The directory that --mirror names, with a slash or file: in front; NULL if it names none. */
static const char *named_directory(const char *mirror)
{
	if (!mirror)
		return NULL;
	if (strncmp(mirror, "file:", 5) == 0)
		mirror += strncmp(mirror, "file:///", 8) == 0 ? 7 : 5;
	else if (strncmp(mirror, "copy:", 5) == 0)
		mirror += strncmp(mirror, "copy:///", 8) == 0 ? 7 : 5;
	else if (strstr(mirror, "://") || strncmp(mirror, "deb ", 4) == 0)
		return NULL;

	return mirror;
}

/* What has a meaning of its own in a list of sources is written as %XX. */
static char *escape(const char *path)
{
	char *text = malloc(3 * strlen(path) + 1);
	char *end = text;

	if (!text)
		return NULL;
	for (; *path; path++) {
		if (isalnum((unsigned char)*path) || strchr("/._-+~", *path))
			*end++ = *path;
		else
			end += sprintf(end, "%%%02x", (unsigned char)*path);
	}

	*end = '\0';
	return text;
}

static bool has(const char *directory, const char *format, const char *suite)
{
	auto_free char *name = NULL;
	auto_free char *path = NULL;

	if (asprintf(&name, format, suite) < 0)
		name = NULL;
	if (!name || asprintf(&path, "%s/%s", directory, name) < 0)
		path = NULL;

	return path && access(path, F_OK) == 0;
}

static int open_directory(struct build *build, struct order *order, const char *named)
{
	auto_fd int fd = below_open_path(named, O_PATH | O_DIRECTORY);

	order->directory = fd < 0 ? NULL : below_path(fd);
	if (!order->directory)
		return trouble_system(&build->trouble, named, errno);

	order->foreign = below_in_tree(fd);
	return 0;
}

/* Packages have scripts, which are run as root of the machine. */
static int refuse_unsigned(struct build *build, const struct order *order)
{
	if (!order->foreign || order->is_signed)
		return 0;

	return trouble_set(&build->trouble, order->directory,
			   "it is in the tree of a vserver, and not signed", ADVICE_FOREIGN);
}

static int look_at_directory(struct build *build, struct order *order, const char *named)
{
	if (open_directory(build, order, named) < 0)
		return -1;
	order->escaped = escape(order->directory);
	if (!order->escaped)
		return trouble_system(&build->trouble, "", ENOMEM);

	if (has(order->directory, "dists/%s", order->suite)) {
		order->is_signed = has(order->directory, "dists/%s/InRelease", order->suite) ||
				   has(order->directory, "dists/%s/Release.gpg", order->suite);
		return refuse_unsigned(build, order);
	}
	order->flat = true;
	order->is_signed = has(order->directory, "InRelease%s", "") ||
			   has(order->directory, "Release.gpg%s", "");
	if (has(order->directory, "Packages%s", "") || has(order->directory, "Packages.gz%s", "") ||
	    has(order->directory, "Packages.xz%s", ""))
		return refuse_unsigned(build, order);

	return trouble_setf(&build->trouble, order->directory,
			    "dpkg-scanpackages makes a list of packages",
			    "it is no mirror: neither dists/%s nor a file Packages is in it",
			    order->suite);
}

/* mmdebstrap copies packages, since its new system doesn't see the directory. */
static int set_mirror(struct order *order, bool mm)
{
	const char *trusted = order->is_signed ? "" : "[trusted=yes] ";

	if (!order->directory)
		return 0;
	if (!mm)
		return asprintf(&order->mirror, "file://%s", order->escaped);
	if (order->flat)
		return asprintf(&order->mirror, "deb %scopy:%s ./", trusted, order->escaped);
	if (!order->is_signed)
		return asprintf(&order->mirror, "deb %scopy:%s %s main", trusted, order->escaped,
				order->suite);

	return asprintf(&order->mirror, "copy:%s", order->escaped);
}

static int write_order(struct build *build, struct order *order, bool mm)
{
	const char *named = named_directory(build->mirror);

	order->suite = find_suite(build);
	if (named && look_at_directory(build, order, named) < 0)
		return -1;
	if (!mm && order->flat)
		return trouble_set(&build->trouble, order->directory,
				   "debootstrap needs a mirror, with dists and pool",
				   "install mmdebstrap, which takes such a directory");

	if (set_mirror(order, mm) < 0)
		order->mirror = NULL;
	if (!order->mirror && !order->directory)
		order->mirror = strdup(build->mirror ? build->mirror : USUAL_MIRROR);
	if (build->variant && asprintf(&order->variant, "--variant=%s", build->variant) < 0)
		order->variant = NULL;
	if (build->include && asprintf(&order->include, "--include=%s", build->include) < 0)
		order->include = NULL;
	if (asprintf(&order->target, VCTL_TREE_DIR "/%s/%s", build->stage.name, build->top) < 0)
		order->target = NULL;
	if (!order->mirror || !order->target || (build->variant && !order->variant) ||
	    (build->include && !order->include))
		return trouble_system(&build->trouble, "", ENOMEM);

	return 0;
}

/* "I: retrieving libc6": shown as it goes; what begins with E: is the error. */
static bool heed(const char *line, void *data)
{
	struct build *build = data;

	if (strncmp(line, "I: ", 3) == 0)
		snprintf(build->progress.note, sizeof(build->progress.note), "%s", line + 3);
	progress_tick(&build->progress);

	return strncmp(line, "E: ", 3) == 0 || strncmp(line, "E:", 2) == 0 ||
	       strstr(line, "No space left") || strstr(line, "Read-only file system");
}

static void tick(void *data)
{
	struct build *build = data;

	progress_tick(&build->progress);
}

static int carry_out(struct build *build, const char *const *argv)
{
	struct run run = {
		.argv = argv, .in = -1, .directory = -1, .heed = heed, .tick = tick, .data = build,
	};
	int status;

	progress_start(&build->progress, argv[0]);
	status = run_program(&run);
	if (status == 0)
		return 0;
	if (status < 0)
		return trouble_system(&build->trouble, status == -EINTR ? "" : argv[0], -status);
	if (strstr(run.said, "No space left"))
		return trouble_system(&build->trouble, VCTL_TREE_DIR, ENOSPC);
	if (strstr(run.said, "Read-only file system"))
		return trouble_system(&build->trouble, VCTL_TREE_DIR, EROFS);
	if (!*run.said)
		return trouble_setf(&build->trouble, argv[0], "see whether the mirror is in reach",
				    "it ended with status %d", status);

	return trouble_set(&build->trouble, argv[0],
			   run.said + (strncmp(run.said, "E: ", 3) == 0 ? 3 : 0),
			   "see whether suite, mirror and packages are right");
}

static int run_mmdebstrap(struct build *build, const struct order *order)
{
	const char *argv[16] = { "mmdebstrap", "--mode=root", "--format=directory" };
	size_t count = 3;

	if (order->variant)
		argv[count++] = order->variant;
	if (order->include)
		argv[count++] = order->include;
	/* By a suite's name it would look for nothing in packages that belong to none. */
	argv[count++] = order->flat ? "" : order->suite;
	argv[count++] = order->target;
	argv[count++] = order->mirror;

	return carry_out(build, argv);
}

static int run_debootstrap(struct build *build, const struct order *order)
{
	const char *argv[16] = { "debootstrap" };
	size_t count = 1;

	if (order->variant)
		argv[count++] = order->variant;
	if (order->include)
		argv[count++] = order->include;
	if (order->tarball)
		argv[count++] = order->tarball;
	if (order->directory && !order->is_signed)
		argv[count++] = "--no-check-gpg";
	if (order->foreign)
		argv[count++] = "--force-check-gpg";
	argv[count++] = order->suite;
	argv[count++] = order->target;
	argv[count++] = order->mirror;

	return carry_out(build, argv);
}

/* What is there now is what a program was given that the new system can't see. */
static int mend_sources(struct build *build, const struct order *order)
{
	auto_free char *text = NULL;

	if (!order->directory || !below_exists(build->tree, "etc/apt"))
		return 0;
	if (asprintf(&text, "# Installed from a directory of the machine that this one is on.\n"
		     "deb " USUAL_MIRROR " %s main\n", order->suite) < 0) {
		text = NULL;
		return trouble_system(&build->trouble, "", ENOMEM);
	}
	if (below_rewrite(build->tree, "etc/apt/sources.list", text) < 0)
		return trouble_system(&build->trouble, VCTL_TREE_DIR, errno);

	below_drop(build->tree, "etc/apt/sources.list.d/0000sources.list");
	return 0;
}

/* What debootstrap --make-tarball makes has packages in it, not yet a system. */
static int fill_from_packages(struct build *build, struct order *order)
{
	auto_free char *path = below_path(build->archive);

	if (below_in_tree(build->archive))
		return trouble_set(&build->trouble, build->from,
				   "it has packages in it, and is in the tree of a vserver",
				   ADVICE_FOREIGN);
	if (path && *path != '/')
		return trouble_set(&build->trouble, build->from,
				   "it has packages in it, which debootstrap takes from files alone",
				   "write it to a file");
	if (!run_find("debootstrap"))
		return trouble_set(&build->trouble, build->from,
				   "it has packages in it, which debootstrap alone can install",
				   "install debootstrap");
	if (below_empty(build->tree, "") < 0)
		return trouble_system(&build->trouble, VCTL_TREE_DIR, errno);
	if (!path || asprintf(&order->tarball, "--unpack-tarball=%s", path) < 0) {
		order->tarball = NULL;
		return trouble_system(&build->trouble, build->from, errno);
	}
	if (write_order(build, order, false) < 0)
		return -1;

	return run_debootstrap(build, order);
}

static int fill_from_archive(struct build *build, struct order *order)
{
	if (build_unpack(build) < 0)
		return -1;
	if (!below_exists(build->tree, "debootstrap") || below_exists(build->tree, "etc/passwd"))
		return 0;

	return fill_from_packages(build, order);
}

static int fill_fresh(struct build *build, struct order *order)
{
	bool mm = run_find("mmdebstrap");

	if (write_order(build, order, mm) < 0)
		return -1;

	return mm ? run_mmdebstrap(build, order) : run_debootstrap(build, order);
}

static int check_debootstrap(struct build *build)
{
	if (build->from)
		return build_open_archive(build);
	if (!run_find("mmdebstrap") && !run_find("debootstrap"))
		return trouble_set(&build->trouble, "method debootstrap",
				   "neither mmdebstrap nor debootstrap is there",
				   "install mmdebstrap");

	return 0;
}

static int fill_debootstrap(struct build *build)
{
	__attribute__((cleanup(free_order))) struct order order = { .suite = NULL };

	if ((build->from ? fill_from_archive(build, &order) : fill_fresh(build, &order)) < 0)
		return -1;
	if (build_reopen(build) < 0)
		return -1;
	if (!below_exists(build->tree, "etc") || !below_exists(build->tree, "usr"))
		return trouble_set(&build->trouble, "method debootstrap", "no system came of it",
				   NULL);

	return mend_sources(build, &order) < 0 ? -1 : build_scrub(build);
}

const struct method method_debootstrap = {
	.name = "debootstrap",
	.options = " from suite mirror include variant ",
	.settle = SETTLE_SYSTEM | SETTLE_HOSTS,
	.check = check_debootstrap,
	.fill = fill_debootstrap,
};
