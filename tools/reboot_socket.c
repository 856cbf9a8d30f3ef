// SPDX-License-Identifier: GPL-2.0-only
/* The socket in a vserver's tree, on which it is heard. */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "cleanup.h"
#include "reboot_discard.h"
#include "reboot_socket.h"

#define SOCKET_NAME "reboot"
#define BACKLOG 16

/* A tree may be a file system of its own: mount points are the machine's, not a stranger's. */
static int open_dev(const char *trees, const char *name)
{
	auto_fd int top = open(trees, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct open_how how = {
		.flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
	};
	char path[256];

	if (top < 0)
		return -1;
	if (snprintf(path, sizeof(path), "%s/dev", name) >= (int)sizeof(path)) {
		errno = ENAMETOOLONG;
		return -1;
	}

	return (int)syscall(SYS_openat2, top, path, &how, sizeof(how));
}

/*
 * A symbolic link goes, not what it leads to; a directory only if it is empty.  Where nothing can
 * be written nobody knows whether there is one.
 */
static int remove_old(int dev)
{
	if (unlinkat(dev, SOCKET_NAME, 0) == 0 || errno == ENOENT || errno == EROFS)
		return 0;
	if (errno == EISDIR || errno == EPERM) {
		int number = errno;

		if (unlinkat(dev, SOCKET_NAME, AT_REMOVEDIR) == 0)
			return 0;
		if (errno == ENOTDIR)
			errno = number;
	}

	return -1;
}

/*
 * bind() takes a path and nothing else.  Through /proc it begins in a directory that is ours to
 * choose, and its last part is made there, or is an error if there is anything of that name.
 */
static int listen_in(int dev)
{
	auto_fd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	mode_t mask;
	int result;

	if (fd < 0)
		return -1;
	snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/" SOCKET_NAME, dev);

	mask = umask(0177);
	result = bind(fd, (struct sockaddr *)&address, sizeof(address));
	umask(mask);
	if (result < 0)
		return -1;
	if (listen(fd, BACKLOG) < 0) {
		int number = errno;

		unlinkat(dev, SOCKET_NAME, 0);
		errno = number;
		return -1;
	}

	result = fd;
	fd = -1;
	return result;
}

int reboot_socket_open(struct reboot_socket *socket, const char *trees, const char *name,
		       const char **what)
{
	auto_fd int dev = open_dev(trees, name);
	int fd;

	*socket = (struct reboot_socket)REBOOT_SOCKET_NONE;
	if (dev < 0) {
		*what = "its directory dev";
		return -errno;
	}
	if (remove_old(dev) < 0) {
		*what = "what is called dev/" SOCKET_NAME " can't be removed";
		return -errno;
	}
	fd = listen_in(dev);
	if (fd < 0) {
		*what = "the socket dev/" SOCKET_NAME;
		return -errno;
	}

	socket->fd = fd;
	socket->dev = dev;
	dev = -1;
	return 0;
}

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

bool reboot_socket_in_place(const struct reboot_socket *socket, const char *trees,
			    const char *name)
{
	auto_fd int dev = open_dev(trees, name);
	struct stat now, then;

	if (dev < 0 || fstat(dev, &now) < 0 || fstat(socket->dev, &then) < 0 ||
	    !is_same(&now, &then))
		return false;

	return fstatat(dev, SOCKET_NAME, &now, AT_SYMLINK_NOFOLLOW) == 0 && S_ISSOCK(now.st_mode);
}

void reboot_socket_close(struct reboot_socket *socket)
{
	struct stat node;

	if (socket->fd < 0)
		return;

	if (fstatat(socket->dev, SOCKET_NAME, &node, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISSOCK(node.st_mode))
		unlinkat(socket->dev, SOCKET_NAME, 0);
	/* Who has connected and had no turn may have sent anything. */
	reboot_discard(socket->fd);
	close(socket->dev);
	*socket = (struct reboot_socket)REBOOT_SOCKET_NONE;
}
