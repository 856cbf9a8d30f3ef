// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "below.h"
#include "cleanup.h"
#include "copy.h"
#include "policy_rpm.h"
#include "run.h"

/* Where nobody gets to. */
#define PARENT "/tmp"
#define PREFIX "vunify."
#define DIRECTORY PARENT "/" PREFIX "XXXXXX"
/* How often somebody else may take one for what was left. */
#define MAKE_TRIES 10
#define NOBODY 65534
#define NOBODY_TEXT "65534"

/* Of today, and of before; one may be a link to the other. */
static const char *const places[] = { "usr/lib/sysimage/rpm", "var/lib/rpm" };
static const char *const databases[] = { "rpmdb.sqlite", "Packages.db", "Packages" };
/* What belongs to one: of SQLite, of ndb, and of Berkeley DB. */
static const char *const parts[] = {
	"rpmdb.sqlite", "rpmdb.sqlite-wal", "rpmdb.sqlite-shm",
	"Packages.db", "Index.db",
	"Packages", "Name", "Basenames", "Group", "Requirename", "Providename", "Conflictname",
	"Obsoletename", "Triggername", "Dirnames", "Installtid", "Sigmd5", "Sha1header",
	"Filetriggername", "Transfiletriggername", "Recommendname", "Suggestname",
	"Supplementname", "Enhancename", "Filemd5s", "Provideversion", "Requireversion", "Pubkeys",
};
/* Anybody can have written them; the largest that are known have some hundred megabytes. */
#define BYTES_MAX (1ULL << 30)

/* What reading it may take: it can be written so that it never ends. */
static const struct run_limit limits[] = {
	{ RLIMIT_CPU, 60 },
	{ RLIMIT_AS, 2 * BYTES_MAX },
	{ RLIMIT_FSIZE, BYTES_MAX },
	{ 0 },
};

/* The database of a tree, and the copy that rpm gets to see. */
struct rpm {
	struct policy *policy;
	int from, to;
	char directory[32];
	bool failed;
};

static bool has_database(int directory)
{
	for (size_t i = 0; i < sizeof(databases) / sizeof(databases[0]); i++) {
		struct stat stat;

		if (fstatat(directory, databases[i], &stat, AT_SYMLINK_NOFOLLOW) == 0 &&
		    S_ISREG(stat.st_mode))
			return true;
	}

	return false;
}

static int open_database(int tree)
{
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		int fd = below_open(tree, places[i], O_RDONLY | O_DIRECTORY);

		if (fd >= 0 && has_database(fd))
			return fd;
		if (fd >= 0)
			close(fd);
	}

	return -1;
}

/* Where nobody else writes yet: the name is the file's that we have made. */
static int give_away(int directory, const char *name, void *data)
{
	(void)data;
	if (fchmodat(directory, name, 0600, 0) < 0)
		return -1;
	return fchownat(directory, name, NOBODY, NOBODY, AT_SYMLINK_NOFOLLOW);
}

static int copy_parts(struct copy *copy, const struct rpm *rpm)
{
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		auto_fd int fd = openat(rpm->from, parts[i], O_RDONLY | O_NOFOLLOW | O_NONBLOCK |
					O_NOCTTY | O_CLOEXEC);
		struct stat stat;

		if (fd < 0 && (errno == ENOENT || errno == ELOOP))
			continue;
		if (fd < 0 || fstat(fd, &stat) < 0)
			return -1;
		if (!S_ISREG(stat.st_mode))
			continue;
		copy->most = BYTES_MAX - copy->copied_bytes;
		if (copy_one(copy, fd, rpm->to, parts[i]) < 0)
			return -1;
	}

	return 0;
}

static int make_copy(struct rpm *rpm)
{
	auto_free struct copy *copy = calloc(1, sizeof(*copy));
	struct progress progress = { .what = "" };
	int result;

	if (!copy)
		return -1;
	copy->into = rpm->to;
	copy->progress = &progress;
	result = copy_begin(copy);
	if (result == 0)
		result = copy_parts(copy, rpm);
	copy_end(copy);

	return result < 0 || below_each(rpm->to, ".", give_away, NULL) < 0 ? -1 :
	       fchown(rpm->to, NOBODY, NOBODY);
}

/* A path, "(contains no files)", or what went wrong. */
static bool take_line(const char *line, void *data)
{
	struct rpm *rpm = data;

	if (*line != '/')
		return *line != '(';

	rpm->failed |= policy_conffile(rpm->policy, line, strlen(line)) < 0;
	return false;
}

/* What one who was killed has left: whoever needs it has it locked. */
static int remove_left(int parent, const char *name, void *data)
{
	auto_fd int fd = -1;
	struct stat stat;

	(void)data;
	if (strncmp(name, PREFIX, strlen(PREFIX)) != 0 ||
	    strlen(name) != strlen(DIRECTORY) - sizeof(PARENT))
		return 0;
	fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &stat) < 0 || (stat.st_mode & 07777) != 0700 ||
	    (stat.st_uid != 0 && stat.st_uid != NOBODY) || flock(fd, LOCK_EX | LOCK_NB) < 0)
		return 0;

	below_remove(parent, name, false, NULL);
	return 0;
}

/* Locked, and not gone before it was. */
static int make_directory(struct rpm *rpm)
{
	auto_fd int parent = open(PARENT, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (parent < 0 || below_each(parent, ".", remove_left, NULL) < 0)
		return -1;
	for (int i = 0; i < MAKE_TRIES; i++) {
		struct stat stat;

		strcpy(rpm->directory, DIRECTORY);
		if (!mkdtemp(rpm->directory))
			return -1;
		rpm->to = open(rpm->directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (rpm->to >= 0 && flock(rpm->to, LOCK_EX) == 0 && fstat(rpm->to, &stat) == 0 &&
		    stat.st_nlink > 0)
			return 0;
		if (rpm->to >= 0)
			close(rpm->to);
		rpm->to = -1;
	}

	errno = EBUSY;
	return -1;
}

static void remove_copy(const struct rpm *rpm)
{
	auto_fd int parent = open(PARENT, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (parent >= 0)
		below_remove(parent, rpm->directory + sizeof(PARENT), false, NULL);
}

static int ask(struct rpm *rpm, const char *name, struct trouble *trouble)
{
	bool module = vctl_module_loaded() > 0;
	/*
	 * In a context of its own it reaches no process; without the module there is none.  From
	 * inside the fence nobody gets to the device for that.
	 */
	const char *const argv[] = {
		"/proc/self/exe", "context", "--silent", "--secure", "setpriv", "--reuid=" NOBODY_TEXT,
		"--regid=" NOBODY_TEXT, "--clear-groups", "--no-new-privs", "rpm", "--dbpath",
		rpm->directory, "-qac", NULL,
	};
	struct run run = {
		.argv = module ? argv : argv + 4,
		.in = -1, .directory = rpm->to, .fenced = !module, .limits = limits,
		.heed = take_line, .data = rpm,
	};
	int result = run_program(&run);

	if (result == 0 && !rpm->failed)
		return 0;
	if (result == -EINTR)
		return trouble_system(trouble, "", EINTR);
	if (rpm->failed)
		return trouble_set(trouble, name, "there is too much in its database of rpm",
				   "without it nobody knows which files are configuration");

	if (result == 128 + SIGKILL)
		return trouble_set(trouble, name, "rpm has taken a minute to read its database",
				   "without it nobody knows which files are configuration");

	return trouble_setf(trouble, name, "without it nobody knows which files are configuration",
			    "rpm can't read its database: %s", *run.said ? run.said : "it fails");
}

int policy_add_rpm(struct policy *policy, int tree, const char *name, struct trouble *trouble)
{
	auto_fd int from = open_database(tree);
	struct rpm rpm = { .policy = policy, .from = from, .to = -1 };
	auto_fd int to = -1;
	int result = -1;

	if (from < 0)
		return 0;
	policy->packaged = true;
	if (!run_find("rpm"))
		return trouble_set(trouble, name, "it is made of rpm packages, and rpm is missing",
				   "install rpm: it knows which files are configuration");
	if (make_directory(&rpm) < 0)
		return trouble_system(trouble, PARENT, errno);

	to = rpm.to;
	if (make_copy(&rpm) == 0)
		result = ask(&rpm, name, trouble);
	else if (errno == EFBIG)
		trouble_set(trouble, name, "its database of rpm is larger than 1 GB",
			    "without it nobody knows which files are configuration");
	else
		trouble_system(trouble, rpm.directory, errno);
	remove_copy(&rpm);
	return result;
}
