/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef PARCEL_H
#define PARCEL_H

#include <stddef.h>

/*
 * Files of the machine that a command inside of a vserver is to read: copies of them, in a
 * directory that is made for that in the vserver's /tmp.
 */

/* One of the files. */
struct parcel_file {
	const char *path;	/* belongs to the caller */
	const char *name;	/* the last part of it */
	int fd;			/* opened for reading */
};

struct parcel {
	struct parcel_file *files;
	size_t count;
};

/**
 * parcel_add() - One file more
 * @path: of it
 *
 * Return: 0, or -1 with errno set: EEXIST: there is one of that name already; EINVAL: it is no
 * regular file.
 */
int parcel_add(struct parcel *parcel, const char *path);

/** parcel_free() - Close and free all */
void parcel_free(struct parcel *parcel);

#define PARCEL_NAME 32

/* The directory in a tree. */
struct parcel_place {
	int tmp;			/* the tree's /tmp */
	char name[PARCEL_NAME];		/* of the directory in it */
};

#define PARCEL_PLACE_NONE { .tmp = -1 }

/**
 * parcel_choose() - Choose a place, where nothing is made yet
 * @tree: path of the tree
 * @place: out
 *
 * Return: 0, or -1 with errno set.
 */
int parcel_choose(const char *tree, struct parcel_place *place);

/**
 * parcel_deliver() - Make the directory, and the copies
 * @failed: out: the path of the file that it was at, NULL: it was at the directory
 *
 * Everybody may read them, as apt-get's own user has to.
 *
 * Return: 0, or -1 with errno set.
 */
int parcel_deliver(const struct parcel *parcel, const struct parcel_place *place,
		   const char **failed);

/**
 * parcel_remove() - Remove the directory, if it is there, and the copies
 *
 * Return: 0, or -1 with errno set, and some of it there: ENOTEMPTY: somebody inside has put
 * something there.
 */
int parcel_remove(const struct parcel *parcel, const struct parcel_place *place);

/** parcel_inside() - The path of a file for who is inside, to be freed; NULL: no memory */
char *parcel_inside(const struct parcel_place *place, const struct parcel_file *file);

#endif /* PARCEL_H */
