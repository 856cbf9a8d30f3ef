// SPDX-License-Identifier: GPL-2.0-only
/* The method tar: an archive of a root file system, written by whomever. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "build.h"
#include "cleanup.h"
#include "message.h"
#include "run.h"
#include "below.h"

#define ADVICE_WHOLE "get the archive again and see that it is complete"
#define MAGIC_MAX 8

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* How archives begin that are compressed, and what takes that off. */
static const struct {
	const char *magic;
	size_t length;
	const char *option;
	const char *program;
} compressions[] = {
	{ "\x1f\x8b", 2, "--gzip", "gzip" },
	{ "\x1f\x9d", 2, "--gzip", "gzip" },
	{ "BZh", 3, "--bzip2", "bzip2" },
	{ "\xfd" "7zXZ", 5, "--xz", "xz" },
	{ "\x28\xb5\x2f\xfd", 4, "--zstd", "zstd" },
	{ "LZIP", 4, "--lzip", "lzip" },
	{ "\x89LZO", 4, "--lzop", "lzop" },
	{ "\x5d\x00\x00", 3, "--lzma", "xz" },
};

/* What tar says besides what is wrong. */
static const char *const noise[] = {
	"Exiting with failure", "Error is not recoverable", "Child returned status",
	"Skipping to next header", "Removing leading",
};

/* What it says of where the files go, */
static const struct {
	const char *part;
	int number;
} failures[] = {
	{ "No space left", ENOSPC },
	{ "Wrote only", ENOSPC },
	{ "quota exceeded", EDQUOT },
	{ "Read-only file system", EROFS },
};

/* and of the archive, or the program that takes compression off does. */
static const struct {
	const char *part;
	const char *why;
	const char *advice;
} sayings[] = {
	{ "does not look like a tar archive", "it is not a tar archive", NULL },
	{ "not in gzip format", "it is not a tar archive", NULL },
	{ "nexpected end of file", "the archive ends too early", ADVICE_WHOLE },
	{ "nexpected EOF", "the archive ends too early", ADVICE_WHOLE },
	{ "nexpected end of input", "the archive ends too early", ADVICE_WHOLE },
	{ "ends unexpectedly", "the archive ends too early", ADVICE_WHOLE },
	{ "premature end", "the archive ends too early", ADVICE_WHOLE },
	{ "ompressed data", "the archive is damaged", ADVICE_WHOLE },
	{ "crc error", "the archive is damaged", ADVICE_WHOLE },
	{ "Member name contains '..'", "it has files that lead out of its tree",
	  "it may be meant to do harm: look at it with tar -t" },
};

/* To be read as if it had been opened in the usual way. */
static int open_archive(const char *path)
{
	int fd = below_open_path(path, O_RDONLY);
	int flags = fd < 0 ? -1 : fcntl(fd, F_GETFL);

	if (flags >= 0)
		fcntl(fd, F_SETFL, flags & ~O_NONBLOCK);
	return fd;
}

int build_open_archive(struct build *build)
{
	bool standard = strcmp(build->from, "-") == 0;
	struct stat stat;

	if (strstr(build->from, "://"))
		return trouble_set(&build->trouble, build->from, "an archive has to be a file here",
				   "fetch it first");
	build->archive = standard ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3) :
				    open_archive(build->from);
	if (build->archive < 0 && errno == EINVAL)
		return trouble_set(&build->trouble, build->from,
				   "neither a regular file nor a directory", NULL);
	if (build->archive < 0 || fstat(build->archive, &stat) < 0)
		return trouble_system(&build->trouble, build->from, errno);
	if (S_ISDIR(stat.st_mode))
		return trouble_set(&build->trouble, build->from,
				   "it is a directory, not an archive",
				   "--method copy copies those");
	if (standard && isatty(build->archive)) {
		message_usage(build->self, "--from -", "no archive comes from a terminal");
		return 1;
	}

	return 0;
}

static int check_tar(struct build *build)
{
	if (!build->from) {
		message_usage(build->self, "--method tar",
			      "which archive is missing: --from FILE");
		return 1;
	}
	if (!run_find("tar"))
		return trouble_set(&build->trouble, "tar", "there is no such program",
				   "install the package tar");

	return build_open_archive(build);
}

/* How it begins, without taking that away; a pipe, and its writer, may have to be waited for. */
static size_t look_at(int archive, char *magic)
{
	struct pollfd writer = { .fd = archive, .events = POLLIN };
	ssize_t length = pread(archive, magic, MAGIC_MAX, 0);
	int ends[2];

	if (length >= 0)
		return (size_t)length;
	if (errno != ESPIPE || poll(&writer, 1, -1) < 0 || pipe2(ends, O_CLOEXEC) < 0)
		return 0;

	length = tee(archive, ends[1], MAGIC_MAX, 0);
	if (length > 0)
		length = read(ends[0], magic, MAGIC_MAX);
	close(ends[0]);
	close(ends[1]);
	return length > 0 ? (size_t)length : 0;
}

/* The option for tar, NULL for none; -1 with trouble if the program for it is not there. */
static int find_compression(struct build *build, const char **option)
{
	char magic[MAGIC_MAX];
	size_t length = look_at(build->archive, magic);

	*option = NULL;
	for (size_t i = 0; i < COUNT(compressions); i++) {
		if (length < compressions[i].length ||
		    memcmp(magic, compressions[i].magic, compressions[i].length) != 0)
			continue;
		*option = compressions[i].option;
		if (!run_find(compressions[i].program))
			return trouble_setf(&build->trouble, build->from, "install it",
					    "it takes the program %s to read it",
					    compressions[i].program);
	}

	return 0;
}

/* What can't fit is not begun. */
static int see_room(struct build *build, const char *option)
{
	struct statvfs fs;
	struct stat stat;

	if (option || fstat(build->archive, &stat) < 0 || !S_ISREG(stat.st_mode) ||
	    fstatvfs(build->tree, &fs) < 0 ||
	    (uint64_t)stat.st_size <= (uint64_t)fs.f_bavail * fs.f_frsize)
		return 0;

	return trouble_system(&build->trouble, VCTL_TREE_DIR, ENOSPC);
}

static bool heed(const char *line, void *data)
{
	(void)data;
	for (size_t i = 0; i < COUNT(noise); i++) {
		if (strstr(line, noise[i]))
			return false;
	}

	return true;
}

/* It reads by the same descriptor, so that we know how far it is. */
static void tick(void *data)
{
	struct build *build = data;
	off_t at = lseek(build->archive, 0, SEEK_CUR);

	if (at > 0)
		build->progress.done = (uint64_t)at;
	progress_tick(&build->progress);
}

static int explain(struct build *build, const struct run *run, int status)
{
	const char *said = *run->said ? run->said : NULL;

	if (status < 0)
		return trouble_system(&build->trouble, status == -EINTR ? "" : "tar", -status);
	for (size_t i = 0; said && i < COUNT(failures); i++) {
		if (strstr(said, failures[i].part))
			return trouble_system(&build->trouble, VCTL_TREE_DIR, failures[i].number);
	}
	for (size_t i = 0; said && i < COUNT(sayings); i++) {
		if (strstr(said, sayings[i].part))
			return trouble_set(&build->trouble, build->from, sayings[i].why,
					   sayings[i].advice);
	}
	if (!said)
		return trouble_setf(&build->trouble, build->from, NULL, "tar ended with status %d",
				    status);

	return trouble_set(&build->trouble, build->from, said, NULL);
}

static int unpack(struct build *build, const char *option)
{
	const char *argv[] = {
		"tar", "--extract", "--file=-", "--directory=.", "--numeric-owner",
		"--same-owner", "--preserve-permissions", "--acls", "--xattrs",
		"--xattrs-include=*", "--exclude=./dev/*", "--exclude=dev/*",
		"--delay-directory-restore", "--warning=no-timestamp",
		"--warning=no-unknown-keyword", option, NULL,
	};
	struct run run = {
		.argv = argv,
		.in = build->archive,
		.directory = build->tree,
		.fenced = true,
		.heed = heed,
		.tick = tick,
		.data = build,
	};
	struct stat stat;
	int status;

	progress_start(&build->progress, "unpacking");
	if (fstat(build->archive, &stat) == 0 && S_ISREG(stat.st_mode))
		build->progress.total = (uint64_t)stat.st_size;
	status = run_program(&run);

	return status == 0 ? 0 : explain(build, &run, status);
}

static bool is_root(int tree)
{
	return below_exists(tree, "etc") || below_exists(tree, "usr") ||
	       below_exists(tree, "bin") || below_exists(tree, "sbin") ||
	       below_exists(tree, "debootstrap");
}

struct single {
	int count;
	char name[256];
};

static int count_name(int directory, const char *name, void *data)
{
	struct single *single = data;

	(void)directory;
	single->count++;
	snprintf(single->name, sizeof(single->name), "%s", name);
	return 0;
}

/* Some archives have all in a directory, of whatever name. */
static int find_top(struct build *build)
{
	struct single single = { .count = 0 };
	auto_fd int below = -1;

	if (is_root(build->tree))
		return 0;
	if (below_each(build->tree, "", count_name, &single) < 0)
		return trouble_system(&build->trouble, VCTL_TREE_DIR, errno);

	if (single.count == 1)
		below = openat(build->tree, single.name,
			       O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (below < 0 || !is_root(below))
		return trouble_set(&build->trouble, build->from,
				   "it is not a root file system: no etc, usr or bin is in it",
				   NULL);
	if (renameat(build->tree, single.name, build->stage.directory, "tree") < 0)
		return trouble_system(&build->trouble, VCTL_TREE_DIR, errno);

	build->top = "tree";
	return build_reopen(build);
}

int build_unpack(struct build *build)
{
	const char *option;

	if (find_compression(build, &option) < 0 || see_room(build, option) < 0 ||
	    unpack(build, option) < 0)
		return -1;

	return find_top(build);
}

static int fill_tar(struct build *build)
{
	return build_unpack(build) < 0 ? -1 : build_scrub(build);
}

const struct method method_tar = {
	.name = "tar",
	.options = " from ",
	.settle = SETTLE_SYSTEM,
	.check = check_tar,
	.fill = fill_tar,
};
