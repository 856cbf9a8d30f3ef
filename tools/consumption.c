// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "consumption.h"

/* Behind the name: which of the fields of proc(5) they are, the state being the third. */
#define FIELD_USER	14
#define FIELD_SYSTEM	15
#define FIELD_VSZ	23
#define FIELD_RSS	24

#define TEXT_ROOM	1024

bool usage_parse(const char *text, struct usage *usage)
{
	/* The name can have all characters, but nothing behind it has a parenthesis. */
	const char *at = strrchr(text, ')');
	uint64_t values[FIELD_RSS + 1];
	char *end;

	if (!at || at[1] != ' ' || !at[2])
		return false;

	/* Past the state, which is a letter. */
	at += 3;
	for (int field = 4; field <= FIELD_RSS; field++) {
		values[field] = strtoull(at, &end, 10);
		if (end == at)
			return false;
		at = end;
	}

	usage->user = values[FIELD_USER];
	usage->system = values[FIELD_SYSTEM];
	usage->vsz = values[FIELD_VSZ];
	usage->rss = values[FIELD_RSS] * (uint64_t)sysconf(_SC_PAGESIZE);
	return true;
}

/* False if there is no such process any more. */
static bool read_one(int proc, const char *number, struct usage *usage)
{
	char path[32], text[TEXT_ROOM];
	auto_fd int fd = -1;
	ssize_t count;

	snprintf(path, sizeof(path), "%.20s/stat", number);
	fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	count = read(fd, text, sizeof(text) - 1);
	if (count <= 0)
		return false;

	text[count] = '\0';
	return usage_parse(text, usage);
}

int usage_each(int (*take)(pid_t pid, const struct usage *usage, void *data), void *data)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	struct usage usage;
	int result = 0;

	if (!proc)
		return -1;

	while (result >= 0 && (entry = readdir(proc))) {
		if (isdigit((unsigned char)*entry->d_name) &&
		    read_one(dirfd(proc), entry->d_name, &usage))
			result = take((pid_t)atoi(entry->d_name), &usage, data);
	}
	closedir(proc);

	return result < 0 ? result : 0;
}
