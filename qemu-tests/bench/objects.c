// SPDX-License-Identifier: GPL-2.0-only
/* Operations on files, on objects of IPC and on names of unix sockets. */

#include "ops.h"

#include <stddef.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/un.h>

#define FILE_NAME	"/tmp/price.file"
#define KEY		0x70726963
#define SIZE		4096

static int segment, listener, client;

static const struct sockaddr_un abstract = { .sun_family = AF_UNIX, .sun_path = "\0price" };
static const socklen_t abstract_size = offsetof(struct sockaddr_un, sun_path) + 6;

static void make_file(void)
{
	int fd = open(FILE_NAME, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0 || close(fd))
		die(FILE_NAME);
}

static void unlink_file(void)
{
	if (unlink(FILE_NAME))
		die(FILE_NAME);
}

static void make_segment(void)
{
	segment = shmget(IPC_PRIVATE, SIZE, 0600);
}

static void remove_segment(void)
{
	if (segment < 0 || shmctl(segment, IPC_RMID, NULL))
		die("shmget");
}

static void find_segment(void)
{
	if (shmget(KEY, 0, 0) < 0)
		die("shmget");
}

static void make_client(void)
{
	client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static void connect_unix(void)
{
	if (connect(client, (const struct sockaddr *)&abstract, abstract_size))
		die("connect");
}

static void end_client(void)
{
	int fd = accept(listener, NULL, NULL);

	if (fd < 0 || close(fd) || close(client))
		die("accept");
}

void prepare_objects(void)
{
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(listener, (const struct sockaddr *)&abstract, abstract_size) ||
	    listen(listener, 1))
		die("an abstract name");
	if (shmget(KEY, SIZE, IPC_CREAT | 0600) < 0)
		die("shmget");
}

const struct operation object_operations[] = {
	{ "shmget: a new segment", make_segment, 200, 1, NULL, remove_segment },
	{ "shmget: by its key", find_segment, 100, 50 },
	{ "unix: connect to an abstract name", connect_unix, 200, 1, make_client, end_client },
	{ "unlink", unlink_file, 200, 1, make_file },
	{ }
};
