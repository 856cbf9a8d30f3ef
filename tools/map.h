/* SPDX-License-Identifier: GPL-2.0-only */
/* In which context each process is, and of which vserver a context is. */
#ifndef MAP_H
#define MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include <vctl_vserver.h>

/* One that there is, or was since the map was made. */
struct map_context {
	uint32_t id;
	uint64_t created;	/* nanoseconds of CLOCK_BOOTTIME; of context 0: 0 */
	char name[VCTL_NAME_MAX + 1];	/* of its vserver; "" if it is none's */
	bool is;		/* it was there when last looked */
	unsigned int last;	/* for the map */
};

struct map;

/**
 * map_open() - Find out which process is in which context
 * @dev: the device; stays the caller's
 * @map: out: to be closed with map_close(); NULL on failure
 *
 * It takes root of context 0.
 *
 * Return: 0, or -1 and told.
 */
int map_open(struct vctl_device *dev, struct map **map);

/** map_close() - Free it; NULL is fine */
void map_close(struct map *map);

/**
 * map_look() - Find it out again
 *
 * What it was like before is forgotten but for one time.
 *
 * Return: 0, or a negative errno value and not told, with the map as it was.
 */
int map_look(struct map *map, struct vctl_error **err);

/**
 * map_find() - In which context is a process?
 * @pid: its number in the initial PID namespace
 *
 * For one that has begun since the last look there is another one, but not without end; one that has
 * ended since then is where it was.
 *
 * Return: its context, which stays the map's; NULL: there is no such process.
 */
const struct map_context *map_find(struct map *map, pid_t pid);

/** map_contexts() - All contexts, by their ids; they may be others after map_find() */
const struct map_context *const *map_contexts(const struct map *map, size_t *count);

static inline void map_closep(struct map **map)
{
	map_close(*map);
}

#define auto_map __attribute__((cleanup(map_closep)))

#endif /* MAP_H */
