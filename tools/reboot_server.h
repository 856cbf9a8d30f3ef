/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef REBOOT_SERVER_H
#define REBOOT_SERVER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <vctl_vserver.h>

#include "reboot_client.h"
#include "reboot_socket.h"

/* More restarts than that in a minute, and the vserver is stopped. */
#define REBOOT_OFTEN 5
#define REBOOT_OFTEN_MS 60000

/* At a time; others wait in the socket's queue. */
#define REBOOT_CLIENTS 4

/* Connections in a while; more wait for the next one, and the machine has its rest. */
#define REBOOT_ACCEPTS 20
#define REBOOT_ACCEPTS_MS 5000

/* What the manager has to know of a vserver. */
struct reboot_look {
	enum vctl_vserver_state state;
	enum vctl_vserver_wish wish;
	uint32_t context;
	bool fakeinit;
	bool bare;
};

/**
 * struct reboot_host - where the vservers are, and what is done for them
 * @trees: directory of their trees
 * @states: directory of the files that say which of them are there
 * @root: the user who may ask
 * @look: tell about a vserver; returns 0, or -1 when it has complained
 * @hold: open a descriptor that polls as POLLIN once the context is empty; -1 if there is none
 * @act: begin to restart or stop a vserver; returns the process that does it, or -1, and complained
 */
struct reboot_host {
	const char *trees;
	const char *states;
	uid_t root;
	int (*look)(const char *name, struct reboot_look *look);
	int (*hold)(uint32_t context);
	pid_t (*act)(const char *name, enum reboot_act act);
};

/**
 * struct reboot_server - a vserver that is there
 * @next: in the manager's list
 * @name: its name
 * @gone: it is not, any more
 * @socket: on which it is heard
 * @untold: why it isn't, as an errno value, so that it is told once
 * @handle: see @hold above; -1: none
 * @empty: the context whose last process had gone, which is no end without fakeinit
 * @child: who restarts or stops it; 0: nobody of ours
 * @act: what that one does
 * @given_up: that failed, and is not tried again until there is news
 * @restarts: when, in milliseconds; the oldest is overwritten
 * @restarted: how often
 * @look_at: when to look at it again; 0: when there is news
 * @window: when counting connections began
 * @accepted: how many there have been since then
 * @refused: how many of them asked for nothing that they may have
 * @clients: who is connected
 */
struct reboot_server {
	struct reboot_server *next;
	char name[VCTL_NAME_MAX + 1];
	bool gone;
	struct reboot_socket socket;
	int untold;
	int handle;
	uint32_t empty;
	pid_t child;
	enum reboot_act act;
	bool given_up;
	int64_t restarts[REBOOT_OFTEN];
	unsigned int restarted;
	int64_t look_at;
	int64_t window;
	unsigned int accepted, refused;
	struct reboot_client clients[REBOOT_CLIENTS];
};

/** reboot_server_new() - One of that name, of which nothing is known; NULL without memory */
struct reboot_server *reboot_server_new(const char *name);

/** reboot_server_free() - Close all and forget it */
void reboot_server_free(struct reboot_server *server);

/** reboot_server_look() - Look at its state and do what that asks for */
void reboot_server_look(struct reboot_server *server, const struct reboot_host *host, int64_t now);

/** reboot_server_listens() - Is there a place for one more client, now? */
bool reboot_server_listens(const struct reboot_server *server, int64_t now);

/** reboot_server_accept() - Take a client, if there is one */
void reboot_server_accept(struct reboot_server *server, const struct reboot_host *host,
			  int64_t now);

/** reboot_server_hear() - Read from a client and do what it asks for */
void reboot_server_hear(struct reboot_server *server, struct reboot_client *client,
			const struct reboot_host *host, int64_t now);

/** reboot_server_emptied() - The handle says that the last process has gone */
void reboot_server_emptied(struct reboot_server *server, const struct reboot_host *host,
			   int64_t now);

/** reboot_server_ended() - The child has ended, with a status as of waitpid() */
void reboot_server_ended(struct reboot_server *server, const struct reboot_host *host, int status,
			 int64_t now);

/**
 * reboot_server_tick() - Do what it is time for
 *
 * Return: when it is time again; INT64_MAX: never.
 */
int64_t reboot_server_tick(struct reboot_server *server, const struct reboot_host *host,
			   int64_t now);

#endif /* REBOOT_SERVER_H */
