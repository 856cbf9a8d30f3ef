// SPDX-License-Identifier: GPL-2.0-only
/* Who asks the reboot manager, in one line, and gets one line for an answer. */
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

#include "reboot_client.h"
#include "reboot_discard.h"

void reboot_client_close(struct reboot_client *client, const char *answer)
{
	if (client->fd < 0)
		return;

	/* A new socket takes a line at once.  If not, nobody has read what we said before. */
	if (answer)
		send(client->fd, answer, strlen(answer), MSG_NOSIGNAL | MSG_DONTWAIT);
	reboot_discard(client->fd);
	client->fd = -1;
}

int reboot_client_accept(struct reboot_client *client, int fd, uid_t root, int64_t now)
{
	socklen_t size = sizeof(struct ucred);
	struct ucred peer;

	client->fd = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (client->fd < 0)
		return -errno;

	client->until = now + REBOOT_LINE_MS;
	client->look_at = 0;
	/* Root of a user namespace is somebody else here. */
	if (getsockopt(client->fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.uid == root)
		return 0;

	reboot_client_close(client, "error: only root may ask\n");
	return 1;
}

static int parse(const char *line, size_t length, enum reboot_act *act)
{
	static const struct {
		const char *line;
		enum reboot_act act;
	} known[] = {
		{ "restart\n", REBOOT_RESTART },
		{ "stop\n", REBOOT_STOP },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (length == strlen(known[i].line) && memcmp(line, known[i].line, length) == 0) {
			*act = known[i].act;
			return 1;
		}
	}

	return -EPROTO;
}

/* Will nothing come any more? */
static bool has_ended(const struct reboot_client *client)
{
	struct pollfd end = { .fd = client->fd, .events = POLLRDHUP };

	return poll(&end, 1, 0) == 1;
}

int reboot_client_read(struct reboot_client *client, enum reboot_act *act, int64_t now)
{
	bool ended = has_ended(client);
	/*
	 * Who takes what came with descriptors closes them, which may take for ever.  So it is only
	 * looked at.
	 */
	ssize_t count = recv(client->fd, client->line, sizeof(client->line),
			     MSG_PEEK | MSG_DONTWAIT);

	if (count < 0 && errno != EAGAIN && errno != EINTR)
		return -errno;
	if (count > 0 && memchr(client->line, '\n', (size_t)count))
		return parse(client->line, (size_t)count, act);
	if (count == 0 || count == sizeof(client->line) || ended)
		return -EPROTO;

	/* It can't be waited for that there is more than there is already. */
	if (count > 0)
		client->look_at = now + REBOOT_LOOK_MS;
	return 0;
}
