// SPDX-License-Identifier: GPL-2.0-only
/* Who asks the reboot manager, in one line, and gets one line for an answer. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "reboot_client.h"

void reboot_client_close(struct reboot_client *client, const char *answer)
{
	if (client->fd < 0)
		return;

	/* A new socket takes a line at once.  If not, nobody has read what we said before. */
	if (answer)
		send(client->fd, answer, strlen(answer), MSG_NOSIGNAL | MSG_DONTWAIT);
	close(client->fd);
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
	client->length = 0;
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

int reboot_client_read(struct reboot_client *client, enum reboot_act *act)
{
	/* Descriptors that come with it are gone: there is no room for them. */
	ssize_t count = recv(client->fd, client->line + client->length,
			     sizeof(client->line) - client->length, MSG_DONTWAIT);

	if (count < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	client->length += (size_t)count;
	if (memchr(client->line, '\n', client->length))
		return parse(client->line, client->length, act);

	return count == 0 || client->length == sizeof(client->line) ? -EPROTO : 0;
}
