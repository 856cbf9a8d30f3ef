// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "consumption.h"

/* Behind the name: which of the fields of proc(5) they are, the state being the third. */
#define FIELD_USER	14
#define FIELD_SYSTEM	15
#define FIELD_LAST	FIELD_SYSTEM

#define TEXT_ROOM	1024

/* From the text of /proc/PID/stat; false if that is not what it is. */
static bool read_times(const char *text, struct usage *usage)
{
	/* The name can have all characters, but nothing behind it has a parenthesis. */
	const char *at = strrchr(text, ')');
	uint64_t values[FIELD_LAST + 1];
	char *end;

	if (!at || at[1] != ' ' || !at[2])
		return false;

	/* Past the state, which is a letter. */
	at += 3;
	for (int field = 4; field <= FIELD_LAST; field++) {
		values[field] = strtoull(at, &end, 10);
		if (end == at)
			return false;
		at = end;
	}

	usage->user = values[FIELD_USER];
	usage->system = values[FIELD_SYSTEM];
	return true;
}

/* False if there is no such process any more. */
static bool read_file(int proc, const char *number, const char *name, char *text)
{
	char path[32];
	auto_fd int fd = -1;
	ssize_t count;

	snprintf(path, sizeof(path), "%.20s/%s", number, name);
	fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	count = read(fd, text, TEXT_ROOM - 1);
	if (count <= 0)
		return false;

	text[count] = '\0';
	return true;
}

/*
 * Its memory is in stat, too, but there the kernel leaves out what each processor has not added up
 * yet, which are many megabytes on a machine with many.
 */
static bool read_one(int proc, const char *number, struct usage *usage)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	char text[TEXT_ROOM];
	char *end;

	if (!read_file(proc, number, "stat", text) || !read_times(text, usage) ||
	    !read_file(proc, number, "statm", text))
		return false;

	usage->vsz = strtoull(text, &end, 10) * page;
	usage->rss = strtoull(end, NULL, 10) * page;
	return true;
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
