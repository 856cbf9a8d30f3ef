// SPDX-License-Identifier: GPL-2.0-only
/* Files of the machine on their way into the tree of a vserver. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "below.h"
#include "cleanup.h"
#include "parcel.h"

#define CHUNK (1 << 20)

int parcel_add(struct parcel *parcel, const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	auto_fd int fd = below_open_path(path, O_RDONLY);
	struct parcel_file *more;
	struct stat stat;

	if (fd < 0 || fstat(fd, &stat) < 0)
		return -1;
	for (size_t i = 0; i < parcel->count; i++) {
		if (strcmp(parcel->files[i].name, name) == 0) {
			errno = EEXIST;
			return -1;
		}
	}
	if (!S_ISREG(stat.st_mode)) {
		errno = EINVAL;
		return -1;
	}

	more = reallocarray(parcel->files, parcel->count + 1, sizeof(*more));
	if (!more)
		return -1;
	parcel->files = more;
	more[parcel->count++] = (struct parcel_file){ .path = path, .name = name, .fd = fd };
	fd = -1;
	return 0;
}

void parcel_free(struct parcel *parcel)
{
	for (size_t i = 0; i < parcel->count; i++)
		close(parcel->files[i].fd);
	free(parcel->files);
	*parcel = (struct parcel){ 0 };
}

int parcel_choose(const char *tree, struct parcel_place *place)
{
	auto_fd int top = open(tree, O_PATH | O_DIRECTORY | O_CLOEXEC);
	uint64_t number;

	if (top < 0 || getrandom(&number, sizeof(number), 0) != sizeof(number))
		return -1;

	snprintf(place->name, sizeof(place->name), "vctl.%016" PRIx64, number);
	place->tmp = below_open(top, "tmp", O_PATH | O_DIRECTORY);
	return place->tmp < 0 ? -1 : 0;
}

static int copy_file(const struct parcel_file *file, int directory)
{
	auto_fd int to = openat(directory, file->name,
				O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	off_t place = 0;
	ssize_t count;

	if (to < 0)
		return -1;
	do {
		count = sendfile(to, file->fd, &place, CHUNK);
	} while (count > 0 || (count < 0 && errno == EINTR));

	return count < 0 ? -1 : fchmod(to, 0644);
}

/* What is below may be moved about by who is inside: it stays in there, wherever it is. */
int parcel_deliver(const struct parcel *parcel, const struct parcel_place *place,
		   const char **failed)
{
	auto_fd int directory = -1;

	*failed = NULL;
	if (mkdirat(place->tmp, place->name, 0700) < 0)
		return -1;
	directory = openat(place->tmp, place->name,
			   O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (directory < 0)
		return -1;

	for (size_t i = 0; i < parcel->count; i++) {
		*failed = parcel->files[i].path;
		if (copy_file(&parcel->files[i], directory) < 0)
			return -1;
	}
	*failed = NULL;
	return fchmod(directory, 0755);
}

/* What else is in there is of those inside, who could go on with that for ever. */
int parcel_remove(const struct parcel *parcel, const struct parcel_place *place)
{
	auto_fd int directory = openat(place->tmp, place->name,
				       O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (directory < 0)
		return errno == ENOENT ? 0 : -1;
	for (size_t i = 0; i < parcel->count; i++) {
		if (unlinkat(directory, parcel->files[i].name, 0) < 0 && errno != ENOENT)
			return -1;
	}

	return unlinkat(place->tmp, place->name, AT_REMOVEDIR);
}

char *parcel_inside(const struct parcel_place *place, const struct parcel_file *file)
{
	char *path;

	return asprintf(&path, "/tmp/%s/%s", place->name, file->name) < 0 ? NULL : path;
}
