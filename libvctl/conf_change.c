// SPDX-License-Identifier: LGPL-2.1-or-later
/* What configuration files set, and changes to that which leave the rest of a file as it is. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "conf_value.h"

/* An assignment in a text. */
struct place {
	const char *key;
	char *value;
	size_t begin, end;
};

struct places {
	struct place all[CONF_KEYS_MAX];
	size_t count;
};

static void free_places(struct places *places)
{
	for (size_t i = 0; i < places->count; i++)
		free(places->all[i].value);
}

static int add_place(void *data, const struct vctl_conf_place *found, const char *value)
{
	struct places *places = data;
	struct place *place = &places->all[places->count];

	/* One may be there twice in a file that nobody has checked. */
	if (places->count == CONF_KEYS_MAX)
		return vctl_conf_refuse(found, NULL, "it is there more than once");
	*place = (struct place){
		.key = found->key,
		.value = strdup(value),
		.begin = found->begin,
		.end = found->end,
	};
	if (!place->value)
		return vctl_conf_no_memory(found);

	places->count++;
	return 0;
}

int vctl_conf_settings(const char *path, char ***settings, struct vctl_error **err)
{
	__attribute__((cleanup(free_places))) struct places places = { .count = 0 };
	struct vctl_conf_place place = { .path = path, .err = err };
	vctl_auto_conf struct vctl_conf *conf = NULL;
	auto_free char *text = NULL;
	struct stat stat;
	size_t length;
	char **all;
	int result;

	*settings = NULL;
	result = vctl_conf_load(path, &text, &length, &stat, err);
	if (result == 0)
		result = vctl_conf_parse(path, text, length, &conf, err);
	if (result == 0)
		result = vctl_conf_scan(path, text, length, add_place, &places, err);
	if (result < 0)
		return result;

	all = calloc(places.count + 1, sizeof(*all));
	for (size_t i = 0; all && i < places.count; i++) {
		if (asprintf(&all[i], "%s=%s", places.all[i].key, places.all[i].value) < 0) {
			all[i] = NULL;
			vctl_names_free(all);
			all = NULL;
		}
	}
	*settings = all;
	return all ? 0 : vctl_conf_no_memory(&place);
}

/* A text that is being changed; it ends with NUL, too. */
struct draft {
	const char *path;
	char *text;
	size_t length;
	struct vctl_error **err;
};

static int replace(struct draft *draft, size_t begin, size_t end, const char *by)
{
	struct vctl_conf_place place = { .path = draft->path, .err = draft->err };
	char *text;

	if (asprintf(&text, "%.*s%s%s", (int)begin, draft->text, by, draft->text + end) < 0)
		return vctl_conf_no_memory(&place);

	free(draft->text);
	draft->text = text;
	draft->length = strlen(text);
	return 0;
}

static const char *default_of(const char *key)
{
	const struct vctl_conf_key *entry = vctl_conf_key_list();

	while (entry->name && strcmp(entry->name, key) != 0)
		entry++;
	return entry->name ? entry->value : "";
}

/*
 * A line "#KEY=...", outside of any value; false: there is none.  If it has the default, as a new
 * file does, it is only a place for the key; else it is somebody's note.
 */
static bool find_comment(const struct draft *draft, const struct places *places, const char *key,
			 size_t *begin, size_t *end, bool *note)
{
	auto_free char *usual = vctl_conf_quote(default_of(key));
	size_t length = strlen(key);
	const char *line = draft->text;

	for (; usual && *line; line += strcspn(line, "\n"), line += *line == '\n') {
		size_t at = (size_t)(line - draft->text);
		bool inside = false;

		for (size_t i = 0; i < places->count; i++)
			inside |= places->all[i].begin < at && at < places->all[i].end;
		if (inside || *line != '#' || strncmp(line + 1, key, length) != 0 ||
		    line[1 + length] != '=')
			continue;

		*begin = at;
		*end = at + strcspn(line, "\n");
		at += 2 + length;
		*note = *end - at != strlen(usual) ||
			memcmp(draft->text + at, usual, *end - at) != 0;
		return true;
	}

	return false;
}

static int set_new(struct draft *draft, const struct places *places, const char *key,
		   const char *assignment)
{
	auto_free char *line = NULL;
	size_t begin, end;
	bool note;

	if (find_comment(draft, places, key, &begin, &end, &note)) {
		if (!note)
			return replace(draft, begin, end, assignment);
		if (asprintf(&line, "\n%s", assignment) < 0)
			line = NULL;
		return line ? replace(draft, end, end, line) : -ENOMEM;
	}

	/* At the end, which may be in the middle of a line. */
	end = draft->length;
	if (asprintf(&line, "%s%s\n", end && draft->text[end - 1] != '\n' ? "\n" : "",
		     assignment) < 0)
		line = NULL;
	return line ? replace(draft, end, end, line) : -ENOMEM;
}

/* What stands behind it in the same line does not become a part of the comment. */
static int unset(struct draft *draft, const struct place *place, const char *value)
{
	const char *behind = draft->text + place->end;
	const char *next = behind + strspn(behind, " \t;");
	auto_free char *comment = NULL;
	auto_free char *quoted = vctl_conf_quote(value);
	bool last = *next == '\n' || *next == '\0';

	if (!quoted || asprintf(&comment, "#%s=%s%s", place->key, quoted, last ? "" : "\n") < 0) {
		comment = NULL;
		return -ENOMEM;
	}
	return replace(draft, place->begin, (size_t)(next - draft->text), comment);
}

/* 0, or 1 if it was so already. */
static int change_key(struct draft *draft, const char *key, const char *value)
{
	__attribute__((cleanup(free_places))) struct places places = { .count = 0 };
	const struct place *place = NULL;
	auto_free char *assignment = NULL;
	auto_free char *quoted = NULL;
	int result = vctl_conf_scan(draft->path, draft->text, draft->length, add_place, &places,
				    draft->err);

	if (result < 0)
		return result;
	for (size_t i = 0; i < places.count; i++) {
		if (strcmp(places.all[i].key, key) == 0)
			place = &places.all[i];
	}

	if (!value)
		return place ? unset(draft, place, default_of(key)) : 1;
	if (place && strcmp(place->value, value) == 0)
		return 1;
	quoted = vctl_conf_quote(value);
	if (!quoted || asprintf(&assignment, "%s=%s", key, quoted) < 0) {
		assignment = NULL;
		return -ENOMEM;
	}

	return place ? replace(draft, place->begin, place->end, assignment) :
		       set_new(draft, &places, key, assignment);
}

static int change(struct draft *draft, const char *setting)
{
	struct vctl_conf_place place = { .path = draft->path, .err = draft->err };
	size_t length = strcspn(setting, "=");
	auto_free char *name = strndup(setting, length);
	int result;

	if (!name)
		return vctl_conf_no_memory(&place);
	place.key = vctl_conf_key(name);
	if (!place.key)
		return vctl_conf_bad_key(&place, name);

	result = change_key(draft, place.key, setting[length] ? setting + length + 1 : NULL);
	return result == -ENOMEM ? vctl_conf_no_memory(&place) : result;
}

static int fill(int fd, const struct draft *draft, const struct stat *like)
{
	const char *text = draft->text;
	size_t length = draft->length;

	while (length > 0) {
		ssize_t count = write(fd, text, length);

		if (count < 0 && errno != EINTR)
			return -errno;
		text += count > 0 ? count : 0;
		length -= count > 0 ? (size_t)count : 0;
	}

	return fchown(fd, like->st_uid, like->st_gid) < 0 ||
	       fchmod(fd, like->st_mode & 07777) < 0 || fsync(fd) < 0 ? -errno : 0;
}

/* Who doesn't hold the lock, an editor, may have changed it since it was read. */
static bool has_changed(const char *path, const struct stat *was)
{
	struct stat is;

	return stat(path, &is) < 0 || is.st_dev != was->st_dev || is.st_ino != was->st_ino ||
	       is.st_size != was->st_size || is.st_mtim.tv_sec != was->st_mtim.tv_sec ||
	       is.st_mtim.tv_nsec != was->st_mtim.tv_nsec;
}

/* One that somebody who was killed has left is nobody's. */
static int put_in_place(const struct draft *draft, const struct stat *like)
{
	auto_free char *path = realpath(draft->path, NULL);
	auto_free char *new = NULL;
	auto_fd int fd = -1;
	char *slash;
	int result;

	slash = path ? strrchr(path, '/') : NULL;
	if (!slash)
		return -errno;
	if (asprintf(&new, "%.*s.%s.new", (int)(slash + 1 - path), path, slash + 1) < 0) {
		new = NULL;
		return -ENOMEM;
	}
	if (unlink(new) < 0 && errno != ENOENT)
		return -errno;
	fd = open(new, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;

	result = fill(fd, draft, like);
	if (result == 0 && has_changed(path, like))
		result = -ESTALE;
	if (result == 0 && rename(new, path) < 0)
		result = -errno;
	if (result < 0)
		unlink(new);
	return result;
}

/* Only the outcome has to be right: a change can mend what is wrong. */
static int change_all(struct draft *draft, const char *const *changes)
{
	vctl_auto_conf struct vctl_conf *conf = NULL;
	int changed = 1;
	int result;

	for (; *changes; changes++) {
		result = change(draft, *changes);
		if (result < 0)
			return result;
		changed = result == 0 ? 0 : changed;
	}
	result = vctl_conf_parse(draft->path, draft->text, draft->length, &conf, draft->err);

	return result < 0 ? result : changed;
}

int vctl_conf_change(const char *path, const char *const *changes, struct vctl_error **err)
{
	struct draft draft = { .path = path, .err = err };
	struct stat stat;
	int result = vctl_conf_load(path, &draft.text, &draft.length, &stat, err);

	if (result < 0)
		return result;
	/* A text with a NUL byte is found to be none before anything is changed. */
	draft.text[draft.length] = '\0';
	result = change_all(&draft, changes);
	if (result == 0) {
		result = put_in_place(&draft, &stat);
		if (result == -ESTALE)
			vctl_error_set(err, VCTL_SYSTEM, ESTALE, path,
				       "somebody has changed it meanwhile", "try again");
		else if (result < 0)
			vctl_error_set(err, VCTL_SYSTEM, -result, path, NULL, NULL);
	}
	free(draft.text);
	return result;
}
