// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "names.h"
#include "run.h"

#define BUFFER (32 << 10)
#define FIRST_NAMES 256
#define FIRST_TEXTS 4096

static int make_room(struct names *names, size_t length)
{
	size_t room = names->texts_room ? names->texts_room : FIRST_TEXTS;

	if (names->count == names->room) {
		size_t count = names->room ? names->room * 2 : FIRST_NAMES;
		struct name *more = reallocarray(names->all, count, sizeof(*more));

		if (!more)
			return -1;
		names->all = more;
		names->room = count;
	}
	while (room - names->used < length)
		room *= 2;
	if (room != names->texts_room) {
		char *more = realloc(names->texts, room);

		if (!more)
			return -1;
		names->texts = more;
		names->texts_room = room;
	}

	return 0;
}

/* The text may still move: until they are sorted it is known by its place. */
static int add(struct names *names, const struct dirent64 *entry, uint32_t which)
{
	size_t length = strlen(entry->d_name) + 1;

	if (make_room(names, length) < 0)
		return -1;

	names->all[names->count++] = (struct name){
		.text = (const char *)names->used,
		.ino = entry->d_ino,
		.which = which,
		.type = entry->d_type,
	};
	memcpy(names->texts + names->used, entry->d_name, length);
	names->used += length;
	return 0;
}

static int is_wanted(const struct dirent64 *entry)
{
	const char *name = entry->d_name;

	if (entry->d_type == DT_REG)
		return 1;
	if (entry->d_type != DT_DIR && entry->d_type != DT_UNKNOWN)
		return 0;

	return name[0] != '.' || (name[1] && (name[1] != '.' || name[2]));
}

/* Those that one call has told of. */
static int add_wanted(struct names *names, const char *buffer, ssize_t length, uint32_t which,
		      struct names_room *room)
{
	for (ssize_t at = 0; at < length;) {
		const struct dirent64 *entry = (const struct dirent64 *)(buffer + at);
		size_t size = sizeof(struct name) + strlen(entry->d_name) + 1;

		at += entry->d_reclen;
		if (room->entries == 0)
			return 1;
		room->entries--;
		if (!is_wanted(entry))
			continue;
		if (size > room->bytes)
			return 1;
		room->bytes -= size;
		if (add(names, entry, which) < 0)
			return -1;
	}

	return 0;
}

int names_read(struct names *names, int fd, uint32_t which, struct names_room *room)
{
	_Alignas(struct dirent64) char buffer[BUFFER];
	ssize_t length;

	while ((length = getdents64(fd, buffer, sizeof(buffer))) > 0) {
		int result = add_wanted(names, buffer, length, which, room);

		if (result != 0)
			return result;
		if (run_interrupted()) {
			errno = EINTR;
			return -1;
		}
	}

	/* One that has been removed meanwhile is empty. */
	return length < 0 && errno != ENOENT ? -1 : 0;
}

static int compare(const void *one, const void *other)
{
	const struct name *a = one, *b = other;
	int order = strcmp(a->text, b->text);

	if (order)
		return order;
	return a->which < b->which ? -1 : a->which > b->which;
}

void names_sort(struct names *names)
{
	for (size_t i = 0; i < names->count; i++)
		names->all[i].text = names->texts + (size_t)names->all[i].text;

	if (names->count)
		qsort(names->all, names->count, sizeof(*names->all), compare);
}

size_t names_same(const struct names *names, size_t at)
{
	const char *text = names->all[at].text;
	size_t end = at + 1;

	while (end < names->count && strcmp(names->all[end].text, text) == 0)
		end++;
	return end - at;
}

void names_free(struct names *names)
{
	free(names->all);
	free(names->texts);
}
