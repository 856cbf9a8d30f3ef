// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "below.h"
#include "cleanup.h"
#include "policy.h"

#define DPKG_INFO	"var/lib/dpkg/info"
#define DPKG_STATUS	"var/lib/dpkg/status"
/* Anybody can have written them. */
#define TEXT_MAX	(64 << 20)
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

int policy_conffile(struct policy *policy, const char *path, size_t length)
{
	while (length > 0 && *path == '/') {
		path++;
		length--;
	}
	/* Nobody asks for those. */
	if (length == 0 || strncmp(path, "etc/", 4) == 0)
		return 0;

	return set_add(&policy->conffiles, set_hash(path, length)) < 0 ? -1 : 0;
}

/*
 * "/path", or "remove-on-upgrade /path", in a list; " /path md5sum [obsolete]" in what dpkg knows of
 * installed packages, where lines of descriptions begin with a space, too: they do no harm.
 */
static int take_line(struct policy *policy, char *line, bool in_status)
{
	char *path = strchr(line, '/');
	size_t length;

	if (!path || (in_status && (line[0] != ' ' || path != line + 1)))
		return 0;

	length = in_status ? strcspn(path, " \n") : strcspn(path, "\n");
	return policy_conffile(policy, path, length);
}

static int read_lines(struct policy *policy, int fd, bool in_status)
{
	auto_file FILE *file = fdopen(fd, "r");
	char line[LINE_MAX_BYTES];
	bool whole = true;

	if (!file) {
		close(fd);
		return -1;
	}

	/* What doesn't fit is no path. */
	while (fgets(line, sizeof(line), file)) {
		bool begins = whole;

		whole = strchr(line, '\n');
		if (begins && whole && take_line(policy, line, in_status) < 0)
			return -1;
	}

	return 0;
}

/* Takes @fd.  One that several trees have is read once. */
static int read_list(struct policy *policy, int fd, bool in_status)
{
	struct stat stat;
	int is_new = -1;

	if (fstat(fd, &stat) == 0 && S_ISREG(stat.st_mode) && stat.st_size <= TEXT_MAX)
		is_new = set_add(&policy->read, stat.st_ino ? stat.st_ino : 1);
	else
		is_new = 0;
	if (is_new > 0)
		return read_lines(policy, fd, in_status);

	close(fd);
	return is_new;
}

static int read_conffiles(int directory, const char *name, void *data)
{
	size_t length = strlen(name);
	int fd;

	if (length < 10 || strcmp(name + length - 10, ".conffiles") != 0)
		return 0;
	fd = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	return fd < 0 ? 0 : read_list(data, fd, false);
}

int policy_add(struct policy *policy, int tree)
{
	int fd = below_open(tree, DPKG_STATUS, O_RDONLY);

	if (fd < 0)
		return errno == ENOMEM || errno == EMFILE ? -1 : 0;

	policy->packaged = true;
	if (read_list(policy, fd, true) < 0)
		return -1;
	return below_each(tree, DPKG_INFO, read_conffiles, policy);
}

void policy_free(struct policy *policy)
{
	set_free(&policy->conffiles);
	set_free(&policy->read);
}
