/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef REBOOT_SOCKET_H
#define REBOOT_SOCKET_H

#include <stdbool.h>

/* The socket "reboot" in the directory dev of a vserver's tree. */
struct reboot_socket {
	int dev;	/* that directory, O_PATH */
	int fd;		/* listens, and never blocks */
};

#define REBOOT_SOCKET_NONE { .dev = -1, .fd = -1 }

/**
 * reboot_socket_open() - Make the socket of a vserver, mode 0600, and listen on it
 * @socket: out: it, or as REBOOT_SOCKET_NONE
 * @trees: the directory where the trees are
 * @name: of the vserver
 * @what: out: on failure, what could not be done; a constant
 *
 * What was called so before is removed.  All below the tree is written by a stranger: no symbolic
 * link is followed there.
 *
 * Return: 0 or a negative errno value; -ELOOP: dev is a symbolic link.
 */
int reboot_socket_open(struct reboot_socket *socket, const char *trees, const char *name,
		       const char **what);

/** reboot_socket_in_place() - Is it still the one that who is inside would find? */
bool reboot_socket_in_place(const struct reboot_socket *socket, const char *trees,
			    const char *name);

/** reboot_socket_close() - Close it, if it is open, and remove it from the tree */
void reboot_socket_close(struct reboot_socket *socket);

#endif /* REBOOT_SOCKET_H */
