/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MARK_H
#define MARK_H

#include <stdbool.h>
#include <stdint.h>

/*
 * A file that several vservers have, as hard links, is marked: it is immutable, else one of them
 * could change it for all, and has the attribute by which its names come and go all the same.  What
 * the attribute says is how many names the file has in each tree.
 *
 * A mark alone proves nothing: whoever set it may have been killed before he had looked whether
 * somebody had the file open for writing.  Since then nobody can open it so: one look, by
 * mark_lease(), at each file that others are to get is enough.
 *
 * With the module the mark is never off while there are several.  Without it no vserver runs, and
 * whoever removes a name takes the mark off for that moment.
 */

/**
 * mark_begin() - Get ready
 *
 * A lease is how one finds out who writes to a file; what it sends ends whoever doesn't expect it.
 */
void mark_begin(void);

/**
 * mark_lease() - Has nobody the file open for writing?
 * @fd: open for reading alone
 *
 * From then on whoever wants to write to it, or truncate it, waits until @fd is closed.
 *
 * Return: 0; 1 if somebody has; or -1 with errno set.
 */
int mark_lease(int fd);

/** mark_leased() - Has nobody come to write to it since? */
bool mark_leased(int fd);

/**
 * mark_locked() - Has somebody locked the file, with flock() or fcntl()?
 *
 * From then on we have, until @fd is closed.  Of one that is marked and immutable the module says so
 * as well if somebody holds pages of it.
 */
bool mark_locked(int fd);

/**
 * mark_set() - Mark a file that nobody writes to
 * @fd: open for reading alone; with the module not leased or locked; it is both from then on
 * @names: how many it has in each tree
 *
 * Return: 0; 1 if it is immutable already, or somebody writes to it or has locked it, or 2 if there
 * is no room for the mark among its attributes, and it is as it was; or -1 with errno set.
 */
int mark_set(int fd, uint32_t names);

/**
 * mark_hold() - Hold a file that others are to get
 * @module: marked files can get names
 *
 * It is marked then; or, if it could get no names, it is leased and locked, and has room for the
 * mark that mark_set() is to set once it has got them.  mark_take_back() undoes either.
 *
 * Return: as mark_set().
 */
int mark_hold(int fd, uint32_t names, bool module);

/**
 * mark_link() - Give a file another name, in a tree that is being made, and mark it
 * @fd: the file, open for reading alone
 *
 * Return: 0; 1 if it can't be shared, or has several names in its own tree so far, with nothing
 * done; or -1 with errno set.
 */
int mark_link(int fd, int directory, const char *name);

/**
 * mark_take_back() - Take the mark off a file that is one tree's alone
 * @names: how many it can have in that: 1, or what mark_set() has been told just before
 *
 * What its names were when it was met doesn't count: they move.  A mark that stays does no harm.
 *
 * Return: 0; 1 if it has more names, and keeps it; or -1 with errno set.
 */
int mark_take_back(int fd, uint32_t names);

/**
 * mark_probe() - Can files be marked there, and their names come and go?
 * @directory: of ours, on the file system
 *
 * Return: 2; 1 if they can only be marked, because the module is missing; or -1 with errno set.
 */
int mark_probe(int directory);

/**
 * mark_unlink() - Remove a name of a file, whether it is marked, immutable or neither
 *
 * Return: 0, or -1 with errno set: ETXTBSY if somebody has it open for writing.
 */
int mark_unlink(int directory, const char *name);

#endif /* MARK_H */
