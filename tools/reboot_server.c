// SPDX-License-Identifier: GPL-2.0-only
/* A vserver, as the reboot manager knows it: what it asks for, and what is done about it. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "reboot_log.h"
#include "reboot_server.h"

/* Nothing tells that somebody else's start or stop is over. */
#define LOOK_AGAIN_MS 500
#define LOOK_LATER_MS 10000

#define BUSY "error: it is being started, restarted or stopped already\n"
#define BARE "error: it is up only for a command of the machine's, and stopped after that\n"
#define UNKNOWN "error: only restart or stop can be asked for\n"
#define TOO_OFTEN "error: restarted too often, it is stopped\n"

struct reboot_server *reboot_server_new(const char *name)
{
	struct reboot_server *server = calloc(1, sizeof(*server));

	if (!server)
		return NULL;

	snprintf(server->name, sizeof(server->name), "%s", name);
	server->socket = (struct reboot_socket)REBOOT_SOCKET_NONE;
	server->handle = -1;
	server->empty = VCONTEXT_ID_ANY;
	for (size_t i = 0; i < REBOOT_CLIENTS; i++)
		server->clients[i].fd = -1;
	return server;
}

/* Both keep the tree's file system busy: a script of the administrator's may want to unmount it. */
static void stop_listening(struct reboot_server *server, const char *answer)
{
	for (size_t i = 0; i < REBOOT_CLIENTS; i++)
		reboot_client_close(&server->clients[i], answer);
	reboot_socket_close(&server->socket);
	server->untold = 0;
}

/* A handle keeps the context, whose number the next start may want. */
static void drop_handle(struct reboot_server *server)
{
	if (server->handle >= 0)
		close(server->handle);
	server->handle = -1;
}

void reboot_server_free(struct reboot_server *server)
{
	stop_listening(server, NULL);
	drop_handle(server);
	free(server);
}

static void listen_to(struct reboot_server *server, const struct reboot_host *host)
{
	const char *what;
	int result;

	if (server->socket.fd >= 0) {
		if (reboot_socket_in_place(&server->socket, host->trees, server->name))
			return;
		stop_listening(server, NULL);
	}

	result = reboot_socket_open(&server->socket, host->trees, server->name, &what);
	if (result == 0) {
		server->untold = 0;
		return;
	}
	if (server->untold == -result)
		return;
	server->untold = -result;
	reboot_log(server->name, "vreboot and vhalt don't work in it: %s: %s", what,
		   result == -ELOOP ? "it is a symbolic link, and none is followed there" :
				      strerror(-result));
}

static void hold(struct reboot_server *server, const struct reboot_host *host,
		 const struct reboot_look *look, int64_t now)
{
	if (server->handle >= 0 || server->empty == look->context)
		return;

	server->handle = host->hold(look->context);
	if (server->handle < 0)
		server->look_at = now + LOOK_AGAIN_MS;
}

/* Would one more be too many? */
static bool restarts_too_often(const struct reboot_server *server, int64_t now)
{
	return server->restarted >= REBOOT_OFTEN &&
	       now - server->restarts[server->restarted % REBOOT_OFTEN] < REBOOT_OFTEN_MS;
}

static void begin(struct reboot_server *server, const struct reboot_host *host,
		  enum reboot_act act, const char *reason, int64_t now)
{
	pid_t child;

	if (act == REBOOT_RESTART)
		server->restarts[server->restarted++ % REBOOT_OFTEN] = now;
	reboot_log(server->name, "%s: it is %s", reason,
		   act == REBOOT_RESTART ? "restarted" : "stopped");

	child = host->act(server->name, act);
	if (child < 0) {
		server->given_up = true;
		return;
	}
	server->child = child;
	server->act = act;
}

/* Its init has ended, and nobody else does anything about it. */
static void tidy_up(struct reboot_server *server, const struct reboot_host *host,
		    const struct reboot_look *look, int64_t now)
{
	if (server->child || server->given_up)
		return;

	if (look->wish != VCTL_WISH_REBOOT)
		begin(server, host, REBOOT_STOP,
		      look->wish == VCTL_WISH_HALT ? "halted inside" : "its init has ended", now);
	else if (restarts_too_often(server, now))
		begin(server, host, REBOOT_STOP, "rebooted inside, too often", now);
	else
		begin(server, host, REBOOT_RESTART, "rebooted inside", now);
}

static void run_on(struct reboot_server *server, const struct reboot_host *host,
		   const struct reboot_look *look, int64_t now)
{
	server->given_up = false;
	listen_to(server, host);
	hold(server, host, look, now);
}

void reboot_server_look(struct reboot_server *server, const struct reboot_host *host, int64_t now)
{
	struct reboot_look look;

	server->look_at = 0;
	if (host->look(server->name, &look) < 0) {
		server->look_at = now + LOOK_LATER_MS;
		return;
	}

	if (look.state == VCTL_RUNNING) {
		run_on(server, host, &look, now);
		return;
	}
	server->empty = VCONTEXT_ID_ANY;
	if (look.state == VCTL_STARTING) {
		/* Until the last process has gone it can ask, and is told that we are busy. */
		server->look_at = now + LOOK_AGAIN_MS;
		if (server->handle < 0)
			stop_listening(server, BUSY);
		return;
	}

	stop_listening(server, BUSY);
	drop_handle(server);
	if (look.state == VCTL_ENDED)
		tidy_up(server, host, &look, now);
	else
		server->given_up = false;
	if (look.state == VCTL_STOPPED && server->child == 0)
		server->gone = true;
}

void reboot_server_emptied(struct reboot_server *server, const struct reboot_host *host,
			   int64_t now)
{
	struct pollfd ready = { .fd = server->handle, .events = POLLIN };
	struct reboot_look look;

	if (server->handle < 0 || poll(&ready, 1, 0) != 1)
		return;

	drop_handle(server);
	/* Without fakeinit it runs on, with nobody in it, and a handle would say so for ever. */
	if (host->look(server->name, &look) == 0 && look.state == VCTL_RUNNING) {
		server->empty = look.fakeinit ? VCONTEXT_ID_ANY : look.context;
		server->look_at = look.fakeinit ? now + LOOK_AGAIN_MS : 0;
		return;
	}
	reboot_server_look(server, host, now);
}

void reboot_server_ended(struct reboot_server *server, const struct reboot_host *host, int status,
			 int64_t now)
{
	const char *done = server->act == REBOOT_RESTART ? "restart" : "stop";

	bool well = WIFEXITED(status) && WEXITSTATUS(status) == 0;

	server->child = 0;
	/* An end that is still there then is not the next one. */
	server->given_up = !well || server->act == REBOOT_STOP;
	if (well)
		reboot_log(server->name, "the %s is done", done);
	else if (WIFEXITED(status))
		reboot_log(server->name, "the %s failed", done);
	else
		reboot_log(server->name, "the %s was killed by signal %d", done, WTERMSIG(status));
	reboot_server_look(server, host, now);
}

bool reboot_server_listens(const struct reboot_server *server, int64_t now)
{
	if (server->socket.fd < 0 ||
	    (server->accepted >= REBOOT_ACCEPTS && now < server->window + REBOOT_ACCEPTS_MS))
		return false;

	for (size_t i = 0; i < REBOOT_CLIENTS; i++) {
		if (server->clients[i].fd < 0)
			return true;
	}
	return false;
}

/* Told once in a while, for it may be asked for all day long. */
static void refuse(struct reboot_server *server, const char *why)
{
	if (server->refused++ == 0)
		reboot_log(server->name, "a request was refused: %s", why);
}

void reboot_server_accept(struct reboot_server *server, const struct reboot_host *host,
			  int64_t now)
{
	struct reboot_client *client = server->clients;
	int result;

	if (!reboot_server_listens(server, now))
		return;
	while (client->fd >= 0)
		client++;

	if (now >= server->window + REBOOT_ACCEPTS_MS) {
		server->window = now;
		server->accepted = 0;
		server->refused = 0;
	}
	result = reboot_client_accept(client, server->socket.fd, host->root, now);
	if (result == -EAGAIN || result == -EINTR || result == -ECONNABORTED)
		return;
	server->accepted++;
	if (result == 1)
		refuse(server, "it is not root's");
	if (result < 0) {
		/* No descriptors, no memory: a rest for all. */
		server->accepted = REBOOT_ACCEPTS;
		reboot_log(server->name, "a request can't be taken: %s", strerror(-result));
	}
}

/* The answer to who asks, and then what was asked for. */
static void obey(struct reboot_server *server, struct reboot_client *client,
		 enum reboot_act act, const struct reboot_host *host, int64_t now)
{
	struct reboot_look look;

	if (server->child || host->look(server->name, &look) < 0 || look.state != VCTL_RUNNING) {
		reboot_client_close(client, BUSY);
		refuse(server, "it is being started, restarted or stopped");
		if (server->look_at == 0)
			server->look_at = now + LOOK_AGAIN_MS;
		return;
	}

	/* Who has started it stops it. */
	if (look.bare) {
		reboot_client_close(client, BARE);
		refuse(server, "it is up only for a command: vapt or vrpm");
		return;
	}
	if (act == REBOOT_RESTART && restarts_too_often(server, now)) {
		reboot_client_close(client, TOO_OFTEN);
		begin(server, host, REBOOT_STOP, "asked for a restart, too often", now);
		return;
	}
	reboot_client_close(client, "ok\n");
	begin(server, host, act,
	      act == REBOOT_RESTART ? "asked for a restart" : "asked to be stopped", now);
}

void reboot_server_hear(struct reboot_server *server, struct reboot_client *client,
			const struct reboot_host *host, int64_t now)
{
	enum reboot_act act;
	int result = reboot_client_read(client, &act, now);

	if (result == 1) {
		obey(server, client, act, host, now);
	} else if (result == -EPROTO) {
		reboot_client_close(client, UNKNOWN);
		refuse(server, "it is not understood");
	} else if (result < 0) {
		reboot_client_close(client, NULL);
	}
}

/* Returns when it is its time again; INT64_MAX: never. */
static int64_t tick_client(struct reboot_server *server, struct reboot_client *client,
			   const struct reboot_host *host, int64_t now)
{
	if (client->fd >= 0 && client->look_at && client->look_at <= now)
		reboot_server_hear(server, client, host, now);
	if (client->fd >= 0 && client->until <= now) {
		reboot_client_close(client, "error: it took too long to ask\n");
		refuse(server, "it took too long");
	}
	if (client->fd < 0)
		return INT64_MAX;

	return client->look_at && client->look_at < client->until ? client->look_at :
								    client->until;
}

int64_t reboot_server_tick(struct reboot_server *server, const struct reboot_host *host,
			   int64_t now)
{
	int64_t next = INT64_MAX;

	if (server->look_at && server->look_at <= now)
		reboot_server_look(server, host, now);
	for (size_t i = 0; i < REBOOT_CLIENTS; i++) {
		int64_t then = tick_client(server, &server->clients[i], host, now);

		next = then < next ? then : next;
	}
	/* What a client asks for can change that. */
	if (server->look_at && server->look_at < next)
		next = server->look_at;
	if (server->accepted >= REBOOT_ACCEPTS && now < server->window + REBOOT_ACCEPTS_MS &&
	    server->window + REBOOT_ACCEPTS_MS < next)
		next = server->window + REBOOT_ACCEPTS_MS;

	return next;
}
