// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "clock.h"
#include "map.h"
#include "message.h"

/* Looks for numbers that are not in it, between two of map_look(), and how far apart. */
#define LOOKS_MAX 16
#define LOOKS_MS  10

struct entry {
	pid_t pid;
	const struct map_context *context;
};

/* Sorted by number. */
struct entries {
	struct entry *all;
	size_t count;
	size_t room;
};

/* Of who is in context 0 the kernel tells at any time, but not of who was. */
struct map {
	struct vctl_device *dev;
	struct map_context **contexts;
	size_t count;
	size_t room;
	size_t sorted;		/* so many of them are in order; the others have just been found */
	struct entries now;
	struct entries before;
	unsigned int times;	/* of map_look() */
	unsigned int looks;	/* others, since then */
	int64_t looked;		/* when the last one was */
	struct entries vain;	/* numbers that were looked for since then, not in order */
};

static int compare_contexts(const void *a, const void *b)
{
	const struct map_context *one = *(struct map_context *const *)a;
	const struct map_context *other = *(struct map_context *const *)b;

	if (one->id != other->id)
		return one->id > other->id ? 1 : -1;

	return (one->created > other->created) - (one->created < other->created);
}

/* Context 0 stays the first. */
static void sort_contexts(struct map *map)
{
	if (map->sorted < map->count)
		qsort(map->contexts, map->count, sizeof(*map->contexts), compare_contexts);
	map->sorted = map->count;
}

/* Among those that are in order: a user may have made very many of them. */
static struct map_context *recall(const struct map *map, uint32_t id, uint64_t created)
{
	const struct map_context wanted = { .id = id, .created = created };
	const struct map_context *key = &wanted;
	struct map_context **found = map->sorted == 0 ? NULL :
				     bsearch(&key, map->contexts, map->sorted,
					     sizeof(*map->contexts), compare_contexts);

	return found ? *found : NULL;
}

/* What is known of it, a new one if that is nothing; NULL: no memory.  Asked for once in a look. */
static struct map_context *know(struct map *map, uint32_t id, uint64_t created)
{
	struct map_context *context = recall(map, id, created);

	if (context)
		return context;

	if (map->count == map->room) {
		size_t room = 2 * map->room + 64;
		struct map_context **more = reallocarray(map->contexts, room, sizeof(*more));

		if (!more)
			return NULL;
		map->contexts = more;
		map->room = room;
	}
	context = calloc(1, sizeof(*context));
	if (!context)
		return NULL;

	context->id = id;
	context->created = created;
	map->contexts[map->count++] = context;
	return context;
}

/* Those of which no entries tell any more. */
static void forget(struct map *map)
{
	size_t kept = 1;

	for (size_t i = 1; i < map->count; i++) {
		if (map->contexts[i]->last + 1 < map->times)
			free(map->contexts[i]);
		else
			map->contexts[kept++] = map->contexts[i];
	}
	map->count = map->sorted = kept;
}

static int add_entries(struct entries *entries, const pid_t *pids, size_t count,
		       const struct map_context *context)
{
	size_t wanted = entries->count + count;

	if (wanted > entries->room) {
		size_t room = 2 * wanted + 64;
		struct entry *more = reallocarray(entries->all, room, sizeof(*more));

		if (!more)
			return -ENOMEM;
		entries->all = more;
		entries->room = room;
	}
	for (size_t i = 0; i < count; i++)
		entries->all[entries->count++] = (struct entry){ .pid = pids[i],
								 .context = context };

	return 0;
}

/* One that has gone meanwhile is no failure. */
static int add_context(struct map *map, struct entries *entries, uint32_t id,
		       struct vctl_error **err)
{
	struct vcontext_open open = VCTL_SIZED(struct vcontext_open);
	struct vcontext_stat stat = VCTL_SIZED(struct vcontext_stat);
	vctl_auto_context struct vctl_context *ctx = NULL;
	struct map_context *context;
	auto_free pid_t *pids = NULL;
	size_t count;
	int result;

	open.id = id;
	result = vctl_context_open(map->dev, &open, &ctx, err);
	if (result == -ENOENT)
		return 0;
	if (result == 0)
		result = vctl_context_stat(ctx, &stat, err);
	if (result == 0)
		result = vctl_context_processes(ctx, &pids, &count, err);
	if (result < 0)
		return result;

	context = know(map, id, stat.created);
	if (!context)
		return -ENOMEM;
	context->is = true;
	context->last = map->times;
	return add_entries(entries, pids, count, context);
}

/* The own context, which is 0, sees its own alone; and process 1, which is in it. */
static int add_host(struct map *map, struct entries *entries, struct vctl_error **err)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	int result = 0;

	if (!proc)
		return vctl_process_context(0, NULL, NULL, err);

	while (result == 0 && (entry = readdir(proc))) {
		pid_t pid = (pid_t)atoi(entry->d_name);

		if (isdigit((unsigned char)*entry->d_name))
			result = add_entries(entries, &pid, 1, map->contexts[0]);
	}
	closedir(proc);

	return result;
}

static int read_names(struct map *map, struct vctl_error **err)
{
	auto_free struct vctl_vserver_context *all = NULL;
	size_t count;
	int result = vctl_vserver_contexts(&all, &count, err);

	for (size_t i = 0; result == 0 && i < count; i++) {
		struct map_context *context = recall(map, all[i].context, all[i].created);

		if (context)
			memcpy(context->name, all[i].name, sizeof(context->name));
	}

	return result;
}

static int compare(const void *a, const void *b)
{
	const struct entry *one = a, *other = b;

	return (one->pid > other->pid) - (one->pid < other->pid);
}

/* One that has moved meanwhile is where it went to: out of context 0, into others nobody gets. */
static int compare_all(const void *a, const void *b)
{
	const struct entry *one = a, *other = b;
	int order = compare(one, other);

	return order ? order : (one->context->id < other->context->id) -
			       (one->context->id > other->context->id);
}

static void sort(struct entries *entries)
{
	size_t kept = 0;

	qsort(entries->all, entries->count, sizeof(*entries->all), compare_all);
	for (size_t i = 0; i < entries->count; i++) {
		if (kept == 0 || entries->all[kept - 1].pid != entries->all[i].pid)
			entries->all[kept++] = entries->all[i];
	}
	entries->count = kept;
}

static int read_all(struct map *map, struct entries *entries, struct vctl_error **err)
{
	auto_free uint32_t *ids = NULL;
	size_t count;
	int result = vctl_list(map->dev, &ids, &count, err);

	for (size_t i = 1; i < map->count; i++)
		map->contexts[i]->is = false;
	for (size_t i = 0; result == 0 && i < count; i++)
		result = add_context(map, entries, ids[i], err);
	sort_contexts(map);
	if (result == 0)
		result = add_host(map, entries, err);
	if (result == 0)
		result = read_names(map, err);
	if (result == 0 && entries->count > 0)
		sort(entries);

	return result;
}

/* @keep: what was before stays what it is. */
static int look(struct map *map, bool keep, struct vctl_error **err)
{
	struct entries entries = { .all = NULL };
	struct entries *old = keep ? &map->now : &map->before;
	int result = read_all(map, &entries, err);

	if (result < 0) {
		free(entries.all);
		return result;
	}

	free(old->all);
	if (!keep)
		map->before = map->now;
	map->now = entries;
	return 0;
}

int map_look(struct map *map, struct vctl_error **err)
{
	int result;

	map->looks = 0;
	map->vain.count = 0;
	map->times++;
	result = look(map, false, err);
	if (result == 0)
		forget(map);
	else
		map->times--;

	return result;
}

int map_open(struct vctl_device *dev, struct map **map)
{
	vctl_auto_error struct vctl_error *err = NULL;
	auto_map struct map *new = calloc(1, sizeof(*new));
	struct map_context *host;
	int result = -ENOMEM;

	*map = NULL;
	if (new) {
		new->dev = dev;
		host = know(new, VCONTEXT_ID_HOST, 0);
		if (host) {
			host->is = true;
			result = map_look(new, &err);
		}
	}
	if (result < 0) {
		errno = -result;
		if (err)
			message_fail(err);
		else
			message_system("list of processes", NULL);
		return -1;
	}

	*map = new;
	new = NULL;
	return 0;
}

void map_close(struct map *map)
{
	if (!map)
		return;

	for (size_t i = 0; i < map->count; i++)
		free(map->contexts[i]);
	free(map->contexts);
	free(map->now.all);
	free(map->before.all);
	free(map->vain.all);
	free(map);
}

static const struct map_context *look_up(const struct entries *entries, pid_t pid)
{
	const struct entry wanted = { .pid = pid };
	const struct entry *found = entries->count == 0 ? NULL :
				    bsearch(&wanted, entries->all, entries->count,
					    sizeof(*entries->all), compare);

	return found ? found->context : NULL;
}

static bool was_in_vain(const struct map *map, pid_t pid)
{
	size_t i = 0;

	while (i < map->vain.count && map->vain.all[i].pid != pid)
		i++;
	return i < map->vain.count;
}

const struct map_context *map_find(struct map *map, pid_t pid)
{
	const struct map_context *host = map->contexts[0];
	const struct map_context *was, *is;

	if (pid <= 0)
		return NULL;
	was = look_up(&map->now, pid);
	if (was && was != host)
		return was;
	/* Root of context 0 may signal all that it sees. */
	if (kill(pid, 0) == 0 || errno == EPERM)
		return host;

	if (!was)
		was = look_up(&map->before, pid);
	if (was_in_vain(map, pid) || map->looks >= LOOKS_MAX ||
	    now_ms() < map->looked + LOOKS_MS || look(map, map->looks++ > 0, NULL) < 0)
		return was;

	map->looked = now_ms();
	is = look_up(&map->now, pid);
	if (!is)
		add_entries(&map->vain, &pid, 1, NULL);
	return is ? is : was;
}

const struct map_context *const *map_contexts(const struct map *map, size_t *count)
{
	*count = map->count;
	return (const struct map_context *const *)map->contexts;
}
