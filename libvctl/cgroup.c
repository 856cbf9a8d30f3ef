// SPDX-License-Identifier: LGPL-2.1-or-later
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include <linux/magic.h>

#include "clock.h"
#include "cgroup.h"
#include "cleanup.h"
#include "error.h"

#define PARENT		"vserver"
#define PATH_ROOM	(sizeof(PARENT "/") + VCTL_NAME_MAX)
#define WHAT_ROOM	(PATH_ROOM + 64)

#define LEAVE_MS	5000	/* until who was killed has gone, on a busy machine */
#define NAP_MS		5
#define TRIES		1000	/* against others who make and remove at the same time */

static void cleanup_closedir(DIR **directory)
{
	if (*directory)
		closedir(*directory);
}

#define auto_directory	__attribute__((cleanup(cleanup_closedir)))

static void nap(void)
{
	poll(NULL, 0, NAP_MS);
}

/* Where control groups v2 are: alone, or beside those of v1; -1 and ENOENT: nowhere. */
static int open_root(void)
{
	static const char *const places[] = { "/sys/fs/cgroup", "/sys/fs/cgroup/unified" };
	struct statfs system;

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		int fd = open(places[i], O_PATH | O_DIRECTORY | O_CLOEXEC);

		if (fd >= 0 && fstatfs(fd, &system) == 0 && system.f_type == CGROUP2_SUPER_MAGIC)
			return fd;
		cleanup_close(&fd);
	}

	errno = ENOENT;
	return -1;
}

static int open_directory(int at, const char *name)
{
	return openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static void path_of(const char *name, char path[PATH_ROOM])
{
	snprintf(path, PATH_ROOM, PARENT "/%.*s", VCTL_NAME_MAX, name);
}

int cgroup_open(const char *name)
{
	auto_fd int root = open_root();
	char path[PATH_ROOM];

	if (root < 0)
		return -1;

	path_of(name, path);
	return open_directory(root, path);
}

static int write_file(int directory, const char *file, const char *text)
{
	auto_fd int fd = openat(directory, file, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;

	return write(fd, text, strlen(text)) < 0 ? -errno : 0;
}

int cgroup_kill(const char *name)
{
	auto_fd int directory = cgroup_open(name);
	int result;

	if (directory < 0)
		return -1;

	/* With a small part of a processor many would take minutes to end. */
	write_file(directory, "cpu.max", "max");
	result = write_file(directory, "cgroup.kill", "1");
	if (result < 0)
		errno = -result == ENODEV ? ENOENT : -result;
	return result < 0 ? -1 : 0;
}

/*
 * Whether it is populated, or frozen
 */

/* By its file of events; what can't be read any more is of a group that has been removed. */
static bool says(int events, const char *what)
{
	char text[128];
	ssize_t count = pread(events, text, sizeof(text) - 1, 0);

	if (count <= 0)
		return false;

	text[count] = '\0';
	return strstr(text, what);
}

static int open_events(int directory)
{
	return openat(directory, "cgroup.events", O_RDONLY | O_CLOEXEC);
}

/* The kernel wakes who polls at each change. */
static int wait_empty(int directory, int timeout_ms)
{
	auto_fd int events = open_events(directory);
	int64_t end = now_ms() + timeout_ms, left = -1;

	while (events >= 0 && says(events, "populated 1")) {
		struct pollfd changed = { .fd = events, .events = POLLPRI };

		if (timeout_ms >= 0) {
			left = end - now_ms();
			if (left <= 0)
				return -ETIMEDOUT;
		}
		if (poll(&changed, 1, (int)left) < 0 && errno != EINTR)
			nap();
	}

	return 0;
}

bool cgroup_empty(const char *name)
{
	return cgroup_wait_empty(name, 0) == 0;
}

int cgroup_wait_empty(const char *name, int timeout_ms)
{
	auto_fd int directory = cgroup_open(name);

	return directory < 0 ? 0 : wait_empty(directory, timeout_ms);
}

/*
 * Removing
 */

/* The first directory in it, 1; 0: it has none. */
static int first_below(int directory, char name[NAME_MAX + 1])
{
	auto_directory DIR *list = NULL;
	struct dirent *entry;
	int fd = open_directory(directory, ".");

	if (fd < 0)
		return -errno;

	list = fdopendir(fd);
	if (!list) {
		close(fd);
		return -ENOMEM;
	}
	while ((entry = readdir(list))) {
		if (entry->d_type != DT_DIR || strcmp(entry->d_name, ".") == 0 ||
		    strcmp(entry->d_name, "..") == 0)
			continue;
		snprintf(name, NAME_MAX + 1, "%s", entry->d_name);
		return 1;
	}

	return 0;
}

/* A group that is populated, or has a group below, is busy. */
static int remove_group(int at, const char *name, int64_t end)
{
	while (unlinkat(at, name, AT_REMOVEDIR) != 0) {
		if (errno == ENOENT)
			return 0;
		if (errno != EBUSY || now_ms() >= end)
			return -errno;
		nap();
	}

	return 0;
}

/*
 * Down to a group with none below, and remove that, 1; 0: there are none.  From the top each time:
 * somebody inside may have made them as deep as nobody has descriptors for.
 */
static int remove_deepest(int top, int64_t end)
{
	auto_fd int above = -1;
	auto_fd int here = -1;
	char name[NAME_MAX + 1], below[NAME_MAX + 1];
	int result = first_below(top, below);

	if (result <= 0)
		return result;

	above = open_directory(top, ".");
	while (result > 0) {
		memcpy(name, below, sizeof(name));
		here = open_directory(above, name);
		result = here < 0 ? -errno : first_below(here, below);
		if (result > 0) {
			close(above);
			above = here;
			here = -1;
		}
	}

	/* Gone or going: the next look tells. */
	if (result < 0 && result != -ENOENT && result != -ENODEV)
		return result;
	result = remove_group(above, name, end);
	return result < 0 ? result : 1;
}

/* All but the parent of all vservers. */
static int remove_all(int root, const char *path, int64_t end)
{
	auto_fd int top = open_directory(root, path);
	int64_t left = end - now_ms();
	int result;

	if (top < 0)
		return errno == ENOENT ? 0 : -errno;
	/* Then nobody in there makes new ones meanwhile. */
	if (wait_empty(top, left > 0 ? (int)left : 0) < 0)
		return -EBUSY;

	do {
		result = remove_deepest(top, end);
	} while (result > 0);

	return result < 0 ? result : remove_group(root, path, end);
}

static int failed(const char *name, const char *file, int number, const char *why,
		  const char *advice, struct vctl_error **err)
{
	char what[WHAT_ROOM];

	snprintf(what, sizeof(what), "control group " PARENT "/%.*s%s%s", VCTL_NAME_MAX, name,
		 *file ? "/" : "", file);
	return vctl_error_set(err, VCTL_SYSTEM, number, what, why, advice);
}

int cgroup_remove(const char *name, struct vctl_error **err)
{
	auto_fd int root = open_root();
	char path[PATH_ROOM];
	int result;

	if (root < 0)
		return 0;

	path_of(name, path);
	result = remove_all(root, path, now_ms() + LEAVE_MS);
	/* Others may be in it. */
	unlinkat(root, PARENT, AT_REMOVEDIR);
	if (result == -EBUSY)
		return failed(name, "", EBUSY, "there are processes in it that don't end",
			      "ps axo pid,stat,cgroup,args shows them", err);

	return result < 0 ? failed(name, "", -result, NULL, NULL, err) : 0;
}

/*
 * Limits
 */

struct limit {
	const char *key;	/* of the configuration */
	const char *controller;
	const char *file;
	char text[48];		/* "": it isn't asked for */
};

enum { MEMORY, CPUS, CPU_WEIGHT, IO_WEIGHT, PIDS, LIMITS };

/* The kernel takes no share of a period under a millisecond, and no period over a second. */
static void format_cpus(uint32_t thousandths, char text[48])
{
	unsigned long long period = thousandths < 10 ? 1000000 : 100000;

	snprintf(text, 48, "%llu %llu", thousandths * period / 1000, period);
}

/* What is asked for; how much of it there is. */
static unsigned int list_limits(const struct vctl_conf *conf, struct limit limits[LIMITS])
{
	static const struct limit names[LIMITS] = {
		[MEMORY] = { "MEMORY", "memory", "memory.max", "" },
		[CPUS] = { "CPUS", "cpu", "cpu.max", "" },
		[CPU_WEIGHT] = { "CPUWEIGHT", "cpu", "cpu.weight", "" },
		[IO_WEIGHT] = { "IOWEIGHT", "io", "io.weight", "" },
		[PIDS] = { "PIDS", "pids", "pids.max", "" },
	};
	const uint64_t plain[LIMITS] = {
		[MEMORY] = conf->memory, [CPU_WEIGHT] = conf->cpu_weight,
		[IO_WEIGHT] = conf->io_weight, [PIDS] = conf->pids,
	};
	unsigned int count = 0;

	memcpy(limits, names, sizeof(names));
	for (int i = 0; i < LIMITS; i++) {
		if (plain[i])
			snprintf(limits[i].text, sizeof(limits[i].text), "%llu",
				 (unsigned long long)plain[i]);
		else if (i == CPUS && conf->cpus)
			format_cpus(conf->cpus, limits[i].text);
		count += *limits[i].text != '\0';
	}

	return count;
}

static int not_enforced(const char *name, const struct limit *limit, const char *why,
			const char *advice, struct vctl_error **err)
{
	char text[200], more[200];

	snprintf(text, sizeof(text), "%s can't be enforced: %s", limit->key, why);
	snprintf(more, sizeof(more), "leave out %s, or %s", limit->key, advice);
	return failed(name, limit->file, EOPNOTSUPP, text, more, err);
}

/* Is this word in the list that the file has? */
static bool lists(int directory, const char *file, const char *word)
{
	auto_fd int fd = openat(directory, file, O_RDONLY | O_CLOEXEC);
	char text[512], *save;
	ssize_t count = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (count < 0)
		return false;

	text[count] = '\0';
	for (char *next = strtok_r(text, " \n", &save); next; next = strtok_r(NULL, " \n", &save)) {
		if (strcmp(next, word) == 0)
			return true;
	}

	return false;
}

/* Let the groups below this one have a controller. */
static int hand_down(int directory, const char *name, const struct limit *limit,
		     struct vctl_error **err)
{
	char word[32], why[80];
	int result;

	if (lists(directory, "cgroup.subtree_control", limit->controller))
		return 0;

	snprintf(word, sizeof(word), "+%s", limit->controller);
	result = write_file(directory, "cgroup.subtree_control", word);
	if (result == 0)
		return 0;
	if (lists(directory, "cgroup.controllers", limit->controller))
		return failed(name, limit->file, -result,
			      result == -EBUSY ? "processes are in a group above it" : NULL,
			      NULL, err);

	snprintf(why, sizeof(why), "the control groups v2 of this machine lack the controller %s",
		 limit->controller);
	return not_enforced(name, limit, why,
			    "boot a kernel that has it, with control groups v2 alone", err);
}

/* The scheduler bfq calls it by another name, and has another highest one. */
static int set_io_weight(int directory, const char *text)
{
	unsigned long weight = strtoul(text, NULL, 10);
	char other[24];

	snprintf(other, sizeof(other), "%lu", weight < 1000 ? weight : 1000UL);
	return write_file(directory, "io.bfq.weight", other);
}

static int set_limit(int directory, const char *name, const struct limit *limit,
		     struct vctl_error **err)
{
	int result = write_file(directory, limit->file, limit->text);

	if (result == -ENOENT && strcmp(limit->controller, "io") == 0)
		result = set_io_weight(directory, limit->text);
	if (result == -ENOENT)
		return not_enforced(name, limit, "the kernel has no such file",
				    "boot a kernel that has it (io.weight takes "
				    "CONFIG_BLK_CGROUP_IOCOST, or the scheduler bfq)", err);

	return result < 0 ? failed(name, limit->file, -result, NULL, NULL, err) : 0;
}

static int set_limits(int root, int directory, const char *name,
		      const struct limit limits[LIMITS], struct vctl_error **err)
{
	auto_fd int parent = open_directory(root, PARENT);
	int result = 0;

	if (parent < 0)
		return failed(name, "", errno, NULL, NULL, err);

	for (int i = 0; i < LIMITS && result == 0; i++) {
		if (!*limits[i].text)
			continue;
		result = hand_down(root, name, &limits[i], err);
		if (result == 0)
			result = hand_down(parent, name, &limits[i], err);
		if (result == 0)
			result = set_limit(directory, name, &limits[i], err);
	}

	return result;
}

/*
 * Making
 */

/* One without processes is of no use: it may have limits, and groups below it that take none. */
static int make_anew(int root, const char *path)
{
	auto_fd int old = open_directory(root, path);

	if (old < 0)
		return errno == ENOENT ? 0 : -errno;
	if (wait_empty(old, 0) < 0)
		return -EBUSY;

	return remove_all(root, path, now_ms() + LEAVE_MS);
}

/* Its parent goes with the last of them, maybe at any moment. */
static int make_directory(int root, const char *path)
{
	int result;

	for (unsigned int i = 0; i < TRIES; i++) {
		if (mkdirat(root, path, 0755) == 0) {
			int fd = open_directory(root, path);

			return fd >= 0 ? fd : -errno;
		}
		/* ENODEV: it is being removed just now. */
		if (errno == ENOENT || errno == ENODEV)
			result = mkdirat(root, PARENT, 0755) == 0 || errno == EEXIST ? 0 : -errno;
		else
			result = errno == EEXIST ? make_anew(root, path) : -errno;
		if (result < 0)
			return result;
	}

	return -EAGAIN;
}

int cgroup_make(const char *name, const struct vctl_conf *conf, struct vctl_error **err)
{
	struct limit limits[LIMITS];
	unsigned int count = list_limits(conf, limits);
	auto_fd int root = open_root();
	char path[PATH_ROOM];
	int fd, result;

	if (root < 0 && count == 0)
		return -ENOENT;
	if (root < 0)
		return failed(name, "", EOPNOTSUPP,
			      "no control groups v2 are mounted on /sys/fs/cgroup, so no limit "
			      "can be enforced",
			      "mount them, or leave out MEMORY, CPUS, CPUWEIGHT, IOWEIGHT and PIDS",
			      err);

	path_of(name, path);
	fd = make_directory(root, path);
	if (fd == -EBUSY)
		return failed(name, "", EBUSY, "there are processes in it already",
			      "ps axo pid,stat,cgroup,args shows them", err);
	if (fd < 0)
		return failed(name, "", -fd, NULL, NULL, err);

	result = count ? set_limits(root, fd, name, limits, err) : 0;
	if (result < 0) {
		close(fd);
		cgroup_remove(name, NULL);
		return result;
	}
	return fd;
}
