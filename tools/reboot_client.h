/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef REBOOT_CLIENT_H
#define REBOOT_CLIENT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* What a vserver, or its end, can ask for. */
enum reboot_act {
	REBOOT_STOP,
	REBOOT_RESTART,
};

#define REBOOT_LINE_MAX 64	/* bytes of a request, with the newline */
#define REBOOT_LINE_MS 5000	/* how long it may take */
#define REBOOT_LOOK_MS 50	/* from one look at a part of it to the next */

/* Who is connected, and may be anybody inside. */
struct reboot_client {
	int fd;			/* -1: nobody */
	int64_t until;		/* the time by which the request has to be there */
	int64_t look_at;	/* a part of it is: when to look again; 0: when there is news */
	char line[REBOOT_LINE_MAX];
};

/**
 * reboot_client_accept() - Take one connection; nothing here ever blocks
 * @client: out: it; fd is -1 if there was none, or it was not to be taken, which is told
 * @fd: the listening socket
 * @root: the only user who may ask; others are told so
 * @now: the time, in milliseconds
 *
 * Return: 0, 1 for somebody who may not ask, or a negative errno value, -EAGAIN for nobody.
 */
int reboot_client_accept(struct reboot_client *client, int fd, uid_t root, int64_t now);

/**
 * reboot_client_read() - See what there is of the request
 * @client: it
 * @act: out: what is asked for
 * @now: the time, in milliseconds
 *
 * Return: 1 if @act is that, 0 if there is more to come, -EPROTO for anything but a request, or
 * another negative errno value if nobody will hear the answer.
 */
int reboot_client_read(struct reboot_client *client, enum reboot_act *act, int64_t now);

/** reboot_client_close() - Close it, if it is open, with an answer (a line) or without (NULL) */
void reboot_client_close(struct reboot_client *client, const char *answer);

#endif /* REBOOT_CLIENT_H */
