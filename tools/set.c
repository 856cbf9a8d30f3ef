// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>

#include "set.h"

#define FIRST_ROOM 64

uint64_t set_hash(const char *text, size_t length)
{
	uint64_t hash = 0xcbf29ce484222325ULL;

	for (size_t i = 0; i < length; i++)
		hash = (hash ^ (unsigned char)text[i]) * 0x100000001b3ULL;

	return hash ? hash : 1;
}

/* Where it is, or would be; FNV leaves little in the low bits of short texts. */
static size_t place_of(const struct set *set, uint64_t number)
{
	size_t at = (size_t)(number ^ number >> 32) & (set->room - 1);

	while (set->slots[at] && set->slots[at] != number)
		at = (at + 1) & (set->room - 1);
	return at;
}

static int grow(struct set *set)
{
	struct set more = { .room = set->room ? set->room * 2 : FIRST_ROOM, .count = set->count };

	more.slots = calloc(more.room, sizeof(*more.slots));
	if (!more.slots)
		return -1;
	for (size_t i = 0; i < set->room; i++) {
		if (set->slots[i])
			more.slots[place_of(&more, set->slots[i])] = set->slots[i];
	}

	free(set->slots);
	*set = more;
	return 0;
}

int set_add(struct set *set, uint64_t number)
{
	size_t at;

	if (set->count * 2 >= set->room && grow(set) < 0)
		return -1;
	at = place_of(set, number);
	if (set->slots[at])
		return 0;

	set->slots[at] = number;
	set->count++;
	return 1;
}

bool set_has(const struct set *set, uint64_t number)
{
	return set->count > 0 && set->slots[place_of(set, number)];
}

void set_free(struct set *set)
{
	free(set->slots);
	*set = (struct set){ .slots = NULL };
}
