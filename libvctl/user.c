// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "program.h"
#include "user.h"

#define FILE_MAX	(16 * 1024 * 1024)
#define LINE_ROOM	16384	/* of a longer line the rest is not looked at */
#define FIELDS		7

struct lines {
	int fd;
	size_t left;			/* bytes of the file that may still be read */
	size_t begin, end;		/* what of @bytes is yet to be handed out */
	char bytes[LINE_ROOM];
};

/* True if there is more in @bytes than before. */
static bool fill(struct lines *lines)
{
	size_t room;
	ssize_t count;

	memmove(lines->bytes, lines->bytes + lines->begin, lines->end - lines->begin);
	lines->end -= lines->begin;
	lines->begin = 0;
	room = sizeof(lines->bytes) - 1 - lines->end;
	if (room > lines->left)
		room = lines->left;
	if (room == 0)
		return false;
	do {
		count = read(lines->fd, lines->bytes + lines->end, room);
	} while (count < 0 && errno == EINTR);
	if (count <= 0)
		return false;

	lines->end += (size_t)count;
	lines->left -= (size_t)count;
	return true;
}

static void skip_rest(struct lines *lines)
{
	do {
		char *end = memchr(lines->bytes + lines->begin, '\n', lines->end - lines->begin);

		if (end) {
			lines->begin = (size_t)(end - lines->bytes) + 1;
			return;
		}
		lines->begin = lines->end;
	} while (fill(lines));
}

/* The next line, without its end, or NULL. */
static char *next_line(struct lines *lines)
{
	for (;;) {
		char *line = lines->bytes + lines->begin;
		char *end = memchr(line, '\n', lines->end - lines->begin);

		if (end) {
			*end = '\0';
			lines->begin = (size_t)(end - lines->bytes) + 1;
			return line;
		}
		if (fill(lines))
			continue;
		if (lines->begin == lines->end)
			return NULL;

		line = lines->bytes + lines->begin;
		lines->bytes[lines->end] = '\0';
		if (lines->end < sizeof(lines->bytes) - 1) {
			lines->begin = lines->end;
			return line;
		}
		skip_rest(lines);
		/* A line of this length is worth nothing with its end missing. */
	}
}

static void lines_begin(struct lines *lines, int fd)
{
	lines->fd = fd;
	lines->left = FILE_MAX;
	lines->begin = lines->end = 0;
}

/* Cut a line at its colons; how many fields it has. */
static size_t split(char *line, char *fields[FIELDS])
{
	size_t count = 0;

	while (count < FIELDS) {
		fields[count++] = line;
		line = strchr(line, ':');
		if (!line)
			break;
		*line++ = '\0';
	}

	return count;
}

/* A number that setuid() takes as one. */
static int read_id(const char *text, unsigned int *id)
{
	unsigned long number;

	if (!*text || strlen(text) > 10 || text[strspn(text, "0123456789")])
		return -EINVAL;
	number = strtoul(text, NULL, 10);
	if (number >= UINT32_MAX)
		return -EINVAL;

	*id = (unsigned int)number;
	return 0;
}

/* Name, password, number, group, words, home, shell. */
static int take_user(char *fields[FIELDS], size_t count, struct user *user)
{
	if (count < 6 || read_id(fields[2], &user->uid) < 0 || read_id(fields[3], &user->gid) < 0)
		return -EINVAL;

	snprintf(user->name, sizeof(user->name), "%s", fields[0]);
	snprintf(user->home, sizeof(user->home), "%s", *fields[5] ? fields[5] : "/");
	snprintf(user->shell, sizeof(user->shell), "%s",
		 count == FIELDS && *fields[6] ? fields[6] : "/bin/sh");
	user->group_count = 0;
	return 0;
}

/* A name goes before a number that is written like it. */
int user_read(int passwd, const char *name, struct user *user)
{
	struct lines lines;
	char *fields[FIELDS];
	unsigned int wanted;
	unsigned int id;
	bool by_number = read_id(name, &wanted) == 0;
	int result = -ENOENT;
	char *line;

	lines_begin(&lines, passwd);
	while ((line = next_line(&lines))) {
		size_t count = split(line, fields);
		bool named = strcmp(fields[0], name) == 0;

		if (!named && (!by_number || result == 0 || count < 3 ||
			       read_id(fields[2], &id) < 0 || id != wanted))
			continue;
		if (take_user(fields, count, user) == 0)
			result = 0;
		if (named)
			break;
	}

	return result;
}

static bool is_member(char *members, const char *name)
{
	char *rest = NULL;

	for (char *member; (member = strtok_r(members, ",", &rest)); members = NULL) {
		if (strcmp(member, name) == 0)
			return true;
	}

	return false;
}

/* Name, password, number, members. */
int user_read_groups(int group, struct user *user)
{
	struct lines lines;
	char *fields[FIELDS];
	unsigned int gid;
	char *line;

	lines_begin(&lines, group);
	while ((line = next_line(&lines)) && user->group_count < USER_GROUPS_MAX) {
		if (split(line, fields) >= 4 && read_id(fields[2], &gid) == 0 &&
		    is_member(fields[3], user->name))
			user->groups[user->group_count++] = gid;
	}

	return 0;
}

int user_read_group(int group, const char *name, gid_t *gid)
{
	struct lines lines;
	char *fields[FIELDS];
	char *line;

	lines_begin(&lines, group);
	while ((line = next_line(&lines))) {
		if (split(line, fields) >= 3 && strcmp(fields[0], name) == 0)
			return read_id(fields[2], gid);
	}

	return -ENOENT;
}

/* One of two files, which are no links and don't keep who opens them waiting. */
static int open_file(const char *path)
{
	auto_fd int fd = program_open(AT_FDCWD, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK,
				      RESOLVE_NO_SYMLINKS);
	struct stat node;
	int found = fd;

	if (fd < 0)
		return fd;
	if (fstat(fd, &node) < 0 || !S_ISREG(node.st_mode) || node.st_size > FILE_MAX)
		return -EINVAL;

	fd = -1;
	return found;
}

int user_find(const char *name, struct user *user)
{
	auto_fd int passwd = open_file("/etc/passwd");
	auto_fd int group = -1;
	int result;

	user->uid = (uid_t)-1;
	user->gid = (gid_t)-1;
	user->home[0] = user->shell[0] = '\0';
	user->group_count = 0;
	snprintf(user->name, sizeof(user->name), "%s", name);
	if (passwd < 0)
		return passwd;
	result = user_read(passwd, name, user);
	if (result < 0)
		return result;

	/* As initgroups(3) has it: a program with another group's rights keeps those of this one. */
	user->groups[user->group_count++] = user->gid;
	group = open_file("/etc/group");
	return group < 0 ? 0 : user_read_groups(group, user);
}

int user_find_group(const char *name, gid_t *gid)
{
	auto_fd int group = open_file("/etc/group");

	return group < 0 ? group : user_read_group(group, name, gid);
}
