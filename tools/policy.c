// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "below.h"
#include "cleanup.h"
#include "policy.h"
#include "run.h"

#define DPKG_INFO	"var/lib/dpkg/info"
#define DPKG_STATUS	"var/lib/dpkg/status"
/* Anybody can have written them: so much is read of all that a tree has, and kept in mind of it. */
#define TEXTS_MAX	(64 << 20)
#define PATHS_MAX	500000
#define LINE_MAX_BYTES	4096

/* Each tree has its own of these, with packages or without. */
static const char *const own[] = {
	"dev", "etc", "home", "lost+found", "media", "mnt", "proc", "root", "run", "sys", "tmp",
};

/* With packages, what is in none of these is data. */
static const char *const system_parts[] = { "bin", "boot", "opt", "sbin", "usr" };

/* Written to in place, where else nothing is: localedef adds to it. */
#define LOCALES		"usr/lib/locale/locale-archive"

static const struct {
	enum area area;
	const char *name;
	enum area next;
} ways[] = {
	{ AREA_ROOT, "var", AREA_VAR },
	{ AREA_VAR, "lib", AREA_VAR_LIB },
	{ AREA_VAR_LIB, "dpkg", AREA_DPKG },
	{ AREA_VAR_LIB, "apt", AREA_APT },
	{ AREA_DPKG, "info", AREA_DPKG_INFO },
	{ AREA_APT, "lists", AREA_APT_LISTS },
};

#define LENGTH(list) (sizeof(list) / sizeof((list)[0]))

static bool is_one_of(const char *name, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(names[i], name) == 0)
			return true;
	}

	return false;
}

static bool is_excluded(const struct policy *policy, const char *path, const char *name)
{
	for (size_t i = 0; i < policy->excluded_count; i++) {
		const char *pattern = policy->excluded[i];

		if (fnmatch(pattern, strchr(pattern, '/') ? path : name, 0) == 0)
			return true;
	}

	return false;
}

enum area policy_enter(const struct policy *policy, enum area area, const char *path,
		       const char *name)
{
	if (area == AREA_NOTHING || is_excluded(policy, path, name))
		return AREA_NOTHING;
	if (area == AREA_ALL)
		return AREA_ALL;

	for (size_t i = 0; i < LENGTH(ways); i++) {
		if (ways[i].area == area && strcmp(ways[i].name, name) == 0)
			return ways[i].next;
	}
	if (area != AREA_ROOT || is_one_of(name, own, LENGTH(own)))
		return AREA_NOTHING;
	if (!policy->packaged || strncmp(name, "lib", 3) == 0 ||
	    is_one_of(name, system_parts, LENGTH(system_parts)))
		return AREA_ALL;

	return AREA_NOTHING;
}

enum verdict policy_judge(const struct policy *policy, enum area area, const char *path,
			  const char *name)
{
	bool shares = area == AREA_ALL || area == AREA_DPKG_INFO ||
		      (area == AREA_APT_LISTS && strcmp(name, "lock") != 0) ||
		      (area == AREA_ROOT && !policy->packaged);

	if (!shares || strcmp(path, LOCALES) == 0)
		return VERDICT_DATA;
	if (policy->conffiles.count && set_has(&policy->conffiles, set_hash(path, strlen(path))))
		return VERDICT_CONFFILE;

	return is_excluded(policy, path, name) ? VERDICT_EXCLUDED : VERDICT_SHARE;
}

enum verdict policy_judge_path(const struct policy *policy, const char *path)
{
	enum area area = AREA_ROOT;
	char part[PATH_MAX];
	const char *name = path;

	for (const char *slash = strchr(path, '/'); slash; slash = strchr(name, '/')) {
		size_t length = (size_t)(slash - path);

		if (length >= sizeof(part))
			return VERDICT_DATA;
		memcpy(part, path, length);
		part[length] = '\0';
		area = policy_enter(policy, area, part, part + (name - path));
		name = slash + 1;
	}

	return policy_judge(policy, area, path, name);
}

bool policy_shares_mode(uint32_t mode)
{
	return !(mode & (S_ISUID | S_ISGID | S_ISVTX));
}

static int remember(struct policy *policy, struct set *set, uint64_t number)
{
	int is_new = set_add(set, number);

	if (is_new <= 0)
		return is_new;
	if (policy->paths_left == 0) {
		errno = EFBIG;
		return -1;
	}

	policy->paths_left--;
	return 0;
}

/* Packages may know by /lib/NAME what is /usr/lib/NAME, where /lib is a link. */
static int remember_in_usr(struct policy *policy, const char *path, size_t length)
{
	static const char *const links[] = { "bin/", "sbin/", "lib" };
	char full[PATH_MAX] = "usr/";

	if (length >= sizeof(full) - strlen(full))
		return 0;
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
		if (strncmp(path, links[i], strlen(links[i])) != 0)
			continue;
		memcpy(full + strlen("usr/"), path, length);
		return remember(policy, &policy->conffiles, set_hash(full, length + strlen("usr/")));
	}

	return 0;
}

int policy_conffile(struct policy *policy, const char *path, size_t length)
{
	while (length > 0 && *path == '/') {
		path++;
		length--;
	}
	/* Nobody asks for those. */
	if (length == 0 || strncmp(path, "etc/", 4) == 0)
		return 0;

	if (remember(policy, &policy->conffiles, set_hash(path, length)) < 0)
		return -1;
	return remember_in_usr(policy, path, length);
}

/* A text as it is read. */
struct lines {
	char line[LINE_MAX_BYTES];
	size_t length;
};

/*
 * "/path", or "remove-on-upgrade /path", in a list; " /path md5sum [obsolete]" in what dpkg knows of
 * installed packages, where lines of descriptions begin with a space, too: they do no harm.
 */
static int take_line(struct policy *policy, const char *line, bool in_status)
{
	const char *path = strchr(line, '/');
	size_t length;

	if (!path || (in_status && (line[0] != ' ' || path != line + 1)))
		return 0;

	length = in_status ? strcspn(path, " ") : strlen(path);
	return policy_conffile(policy, path, length);
}

/* What is longer than there is room for is no path. */
static int take_bytes(struct policy *policy, struct lines *lines, const char *bytes, size_t count,
		      bool in_status)
{
	for (size_t i = 0; i < count; i++) {
		bool fits = lines->length < sizeof(lines->line);

		if (bytes[i] != '\n') {
			if (fits)
				lines->line[lines->length++] = bytes[i];
			continue;
		}
		if (fits) {
			lines->line[lines->length] = '\0';
			if (take_line(policy, lines->line, in_status) < 0)
				return -1;
		}
		lines->length = 0;
	}

	return 0;
}

/* As long as it was: who writes to it might never end. */
static int read_lines(struct policy *policy, int fd, uint64_t size, bool in_status)
{
	struct lines lines = { .length = 0 };
	char bytes[LINE_MAX_BYTES];
	ssize_t count;

	for (; size > 0; size -= (uint64_t)count) {
		if (run_interrupted()) {
			errno = EINTR;
			return -1;
		}
		count = read(fd, bytes, size < sizeof(bytes) ? (size_t)size : sizeof(bytes));
		if (count <= 0)
			break;
		if (take_bytes(policy, &lines, bytes, (size_t)count, in_status) < 0)
			return -1;
	}

	return 0;
}

/* One that several trees have is read once: but by all of it, or the next tree reads it again. */
static int read_list(struct policy *policy, int fd, bool in_status)
{
	struct stat stat;
	uint64_t size;

	if (fstat(fd, &stat) < 0 || !S_ISREG(stat.st_mode) || set_has(&policy->read, stat.st_ino))
		return 0;
	size = (uint64_t)stat.st_size;
	if (size > policy->bytes_left) {
		errno = EFBIG;
		return -1;
	}
	policy->bytes_left -= size;
	if (read_lines(policy, fd, size, in_status) < 0)
		return -1;

	return remember(policy, &policy->read, stat.st_ino ? stat.st_ino : 1);
}

static int read_conffiles(int directory, const char *name, void *data)
{
	size_t length = strlen(name);
	auto_fd int fd = -1;

	if (run_interrupted()) {
		errno = EINTR;
		return -1;
	}
	if (length < 10 || strcmp(name + length - 10, ".conffiles") != 0)
		return 0;
	fd = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	return fd < 0 ? 0 : read_list(data, fd, false);
}

static int read_dpkg(struct policy *policy, int tree)
{
	auto_fd int fd = below_open(tree, DPKG_STATUS, O_RDONLY);

	policy->bytes_left = TEXTS_MAX;
	policy->paths_left = PATHS_MAX;
	if (fd < 0)
		return errno == ENOMEM || errno == EMFILE ? -1 : 0;

	policy->packaged = true;
	if (read_list(policy, fd, true) < 0)
		return -1;
	return below_each(tree, DPKG_INFO, read_conffiles, policy);
}

int policy_add(struct policy *policy, int tree, const char *name, struct trouble *trouble)
{
	int number;

	if (read_dpkg(policy, tree) == 0)
		return 0;
	number = errno;
	if (number == EFBIG)
		return trouble_set(trouble, name, "there is too much in its lists of packages",
				   "without them nobody knows which files are configuration");

	return trouble_system(trouble, number == EINTR || number == ENOMEM ? "" : name, number);
}

void policy_free(struct policy *policy)
{
	set_free(&policy->conffiles);
	set_free(&policy->read);
}
