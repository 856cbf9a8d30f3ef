// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unpacks what was built into a guest.  Not by tar(1), since starting a program takes an emulated
 * machine longer than unpacking does.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive.h"

#define BLOCK	512

struct header {
	char name[100];
	char mode[8];
	char owner[8];
	char group[8];
	char size[12];
	char time[12];
	char sum[8];
	char type;
	char link[100];
	char magic[6];
	char version[2];
	char names[64];
	char device[16];
	char prefix[155];
	char unused[12];
};

_Static_assert(sizeof(struct header) == BLOCK, "a header is one block");

static int read_block(int fd, void *block, size_t size)
{
	ssize_t n = read(fd, block, size);

	if (n < 0)
		return -1;
	if ((size_t)n != size) {
		errno = EIO;
		return -1;
	}
	return 0;
}

static int write_file(int from, const char *name, size_t size, mode_t mode)
{
	static char buffer[128 * BLOCK];
	int fd;

	unlink(name);
	fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	if (fd < 0)
		return -1;
	while (size) {
		size_t part = size < sizeof(buffer) ? size : sizeof(buffer);
		size_t blocks = (part + BLOCK - 1) / BLOCK * BLOCK;

		if (read_block(from, buffer, blocks) || write(fd, buffer, part) != (ssize_t)part) {
			close(fd);
			return -1;
		}
		size -= part;
	}
	fchmod(fd, mode);
	return close(fd);
}

static int make_member(int fd, const struct header *header, const char *name)
{
	char link[sizeof(header->link) + 1];
	mode_t mode = strtoul(header->mode, NULL, 8);

	snprintf(link, sizeof(link), "%.*s", (int)sizeof(header->link), header->link);
	switch (header->type) {
	case '5':
		return mkdir(name, mode) && errno != EEXIST ? -1 : 0;
	case '2':
		unlink(name);
		return symlink(link, name);
	case '0':
		return write_file(fd, name, strtoul(header->size, NULL, 8), mode);
	default:
		errno = EINVAL;
		return -1;
	}
}

const char *archive_unpack(const char *path)
{
	static char name[sizeof(((struct header *)0)->prefix) + 102];
	struct header header;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return path;
	for (;;) {
		if (read_block(fd, &header, sizeof(header)))
			break;
		if (!header.name[0]) {
			close(fd);
			return NULL;
		}
		if (memcmp(header.magic, "ustar", sizeof(header.magic))) {
			errno = EINVAL;
			break;
		}
		snprintf(name, sizeof(name), "%.155s%s%.100s", header.prefix,
			 header.prefix[0] ? "/" : "", header.name);
		if (make_member(fd, &header, name)) {
			close(fd);
			return name;
		}
	}
	close(fd);
	return path;
}
