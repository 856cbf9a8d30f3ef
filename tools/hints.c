// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "below.h"
#include "cleanup.h"
#include "hints.h"
#include "names.h"
#include "run.h"
#include "set.h"

#define DPKG_INFO	"var/lib/dpkg/info"
#define SUFFIX		".md5sums"
#define DIGITS		32		/* of a sum; then two spaces and the path */
/* Anybody can have written them: so many bytes are read of all of a tree, and of their names. */
#define TEXTS_MAX	(64 << 20)
#define NAMES_MAX	(64 << 20)
#define ENTRIES_MAX	10000000

/* What the packages of a tree say about one file. */
struct hint {
	uint64_t path, sum;
	uint64_t tree;
};

struct list {
	struct hint *all;
	size_t count, room;
};

/* @different: only of files of which two trees say different things; sorted by path. */
struct hints {
	struct list different;
};

/* A tree while it is read. */
struct source {
	int directory;		/* that has the lists; -1 */
	uint64_t left;		/* so many bytes are still read */
};

/* A package's list as it is read. */
struct text {
	char *bytes;
	size_t length;
	uint64_t ino;
	unsigned int tree;
};

static int list_add(struct list *list, const struct hint *hint)
{
	if (list->count == list->room) {
		size_t room = list->room ? list->room * 2 : 256;
		struct hint *more = reallocarray(list->all, room, sizeof(*more));

		if (!more)
			return -1;
		list->all = more;
		list->room = room;
	}

	list->all[list->count++] = *hint;
	return 0;
}

static int compare(const void *one, const void *other)
{
	const struct hint *a = one, *b = other;

	if (a->path != b->path)
		return a->path < b->path ? -1 : 1;
	return a->tree < b->tree ? -1 : a->tree > b->tree;
}

static int take_text(struct list *list, const struct text *text)
{
	const char *line = text->bytes;
	const char *end = text->bytes + text->length;

	while (line < end) {
		const char *next = memchr(line, '\n', (size_t)(end - line));
		size_t length = (size_t)((next ? next : end) - line);

		if (length > DIGITS + 2) {
			struct hint hint = {
				.path = set_hash(line + DIGITS + 2, length - DIGITS - 2),
				.sum = set_hash(line, DIGITS),
				.tree = text->tree,
			};

			if (list_add(list, &hint) < 0)
				return -1;
		}
		line += length + 1;
	}

	return 0;
}

/* Of what was said about one package's files, that which is not the same everywhere. */
static int keep_different(struct hints *hints, struct list *list)
{
	if (list->count)
		qsort(list->all, list->count, sizeof(*list->all), compare);
	for (size_t i = 0, end; i < list->count; i = end) {
		bool differs = false;

		for (end = i + 1; end < list->count && list->all[end].path == list->all[i].path;
		     end++)
			differs |= list->all[end].sum != list->all[i].sum;
		for (size_t j = i; differs && j < end; j++) {
			if (list_add(&hints->different, &list->all[j]) < 0)
				return -1;
		}
	}

	return 0;
}

static int read_text(struct source *source, const char *name, struct text *text)
{
	auto_fd int fd = openat(source->directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK |
				O_NOCTTY | O_NOATIME | O_CLOEXEC);
	struct stat stat;
	ssize_t length;

	text->length = 0;
	if (fd < 0 || fstat(fd, &stat) < 0 || !S_ISREG(stat.st_mode) ||
	    (uint64_t)stat.st_size > source->left)
		return 0;
	source->left -= (uint64_t)stat.st_size;
	text->bytes = malloc((size_t)stat.st_size + 1);
	if (!text->bytes)
		return -1;
	length = read(fd, text->bytes, (size_t)stat.st_size);
	text->length = length > 0 ? (size_t)length : 0;
	return 0;
}

static bool all_the_same(const struct text *texts, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		if (texts[i].length != texts[0].length ||
		    memcmp(texts[i].bytes ? texts[i].bytes : "", texts[0].bytes ? texts[0].bytes : "",
			   texts[0].length) != 0)
			return false;
	}

	return true;
}

/* A package that several trees have: in most cases it is the same one. */
static int take_package(struct hints *hints, struct source *sources, const struct name *names,
			size_t count)
{
	struct text *texts = calloc(count, sizeof(*texts));
	struct list list = { .all = NULL };
	int result = texts ? 0 : -1;

	for (size_t i = 0; i < count && result == 0; i++) {
		texts[i].tree = names[i].which;
		result = read_text(&sources[names[i].which], names[i].text, &texts[i]);
	}
	if (result == 0 && !all_the_same(texts, count)) {
		for (size_t i = 0; i < count && result == 0; i++)
			result = take_text(&list, &texts[i]);
		if (result == 0)
			result = keep_different(hints, &list);
	}

	for (size_t i = 0; texts && i < count; i++)
		free(texts[i].bytes);
	free(texts);
	free(list.all);
	return result;
}

static bool is_one_file(const struct name *names, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		if (names[i].ino != names[0].ino)
			return false;
	}

	return true;
}

static int take_packages(struct hints *hints, struct source *sources, struct names *names)
{
	size_t count;
	int result = 0;

	names_sort(names);
	for (size_t i = 0; i < names->count && result == 0; i += count) {
		const char *text = names->all[i].text;
		size_t length = strlen(text);

		count = names_same(names, i);
		if (length > strlen(SUFFIX) && strcmp(text + length - strlen(SUFFIX), SUFFIX) == 0 &&
		    !is_one_file(names->all + i, count))
			result = take_package(hints, sources, names->all + i, count);
		if (run_interrupted()) {
			errno = EINTR;
			result = -1;
		}
	}
	if (hints->different.count)
		qsort(hints->different.all, hints->different.count, sizeof(struct hint), compare);

	return result;
}

static int read_names(struct names *names, struct source *source, int tree, unsigned int which)
{
	struct names_room room = { .bytes = NAMES_MAX, .entries = ENTRIES_MAX };

	source->left = TEXTS_MAX;
	source->directory = below_open(tree, DPKG_INFO, O_RDONLY | O_DIRECTORY);
	return source->directory >= 0 &&
	       names_read(names, source->directory, which, &room) < 0 ? -1 : 0;
}

int hints_read(struct hints **hints, const int *trees, unsigned int count)
{
	struct names names = NAMES_NONE;
	struct source *sources = calloc(count, sizeof(*sources));
	unsigned int opened = 0;
	int result;

	*hints = calloc(1, sizeof(**hints));
	result = *hints && sources ? 0 : -1;
	for (; opened < count && result == 0; opened++)
		result = read_names(&names, &sources[opened], trees[opened], opened);
	if (result == 0)
		result = take_packages(*hints, sources, &names);

	while (opened-- > 0) {
		if (sources[opened].directory >= 0)
			close(sources[opened].directory);
	}
	free(sources);
	names_free(&names);
	return result;
}

static const struct hint *find(const struct list *list, uint64_t path, unsigned int tree)
{
	struct hint wanted = { .path = path, .tree = tree };

	return bsearch(&wanted, list->all, list->count, sizeof(wanted), compare);
}

bool hints_differ(const struct hints *hints, const char *path, unsigned int one,
		  unsigned int other)
{
	const struct hint *a, *b;
	uint64_t hash;

	if (!hints || !hints->different.count)
		return false;

	hash = set_hash(path, strlen(path));
	a = find(&hints->different, hash, one);
	b = a ? find(&hints->different, hash, other) : NULL;
	return b && a->sum != b->sum;
}

void hints_free(struct hints *hints)
{
	if (hints)
		free(hints->different.all);
	free(hints);
}
