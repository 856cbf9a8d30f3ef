/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SET_H
#define SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A set of numbers, mostly hashes of paths; zeroed, it is empty. */
struct set {
	uint64_t *slots;	/* 0: free */
	size_t room;		/* a power of two */
	size_t count;
};

/** set_hash() - The number of a text; 64 bits that nobody meets twice by chance */
uint64_t set_hash(const char *text, size_t length);

/** set_add() - Add a number; 1, 0 if it was there already, or -1 with errno set */
int set_add(struct set *set, uint64_t number);

/** set_has() - Is it there? */
bool set_has(const struct set *set, uint64_t number);

/** set_free() - Free what it has */
void set_free(struct set *set);

#endif /* SET_H */
