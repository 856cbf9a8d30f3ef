// SPDX-License-Identifier: GPL-2.0-only
/* All vservers of a machine: which of them are there, and who of them has to be heard next. */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cleanup.h"
#include "reboot_log.h"
#include "reboot_manager.h"

/* Without news of the directory it is read again. */
#define RESCAN_MS 2000

/* The files come and go, or are renamed to what they are; nobody writes to them in place. */
#define NEWS (IN_CREATE | IN_DELETE | IN_MOVED_TO | IN_MOVED_FROM)
#define LOST (IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED | IN_UNMOUNT)

/* Whose descriptor it is; that of @server alone if @client is NULL. */
struct slot {
	struct reboot_server *server;
	struct reboot_client *client;
};

struct manager {
	const struct reboot_host *host;
	struct reboot_server *servers;
	int signals;		/* descriptors of signals and of news */
	int news;
	int watch;		/* -1: there are no news, and is it told? */
	bool untold;
	bool ending;
	int64_t rescan_at;	/* 0: not by itself */
	struct pollfd *polls;	/* the first two are those above */
	struct slot *slots;
	size_t room, count;
};

static int64_t clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Those that begin with a dot are on their way to be one, or something else. */
static bool is_name(const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789._-";
	size_t length = strlen(name);

	return length > 0 && length <= VCTL_NAME_MAX && strspn(name, letters) == length &&
	       !strchr("._-", *name);
}

static struct reboot_server *find(struct manager *manager, const char *name)
{
	struct reboot_server *server = manager->servers;

	while (server && strcmp(server->name, name) != 0)
		server = server->next;
	return server;
}

static struct reboot_server *find_or_add(struct manager *manager, const char *name)
{
	struct reboot_server *server = find(manager, name);

	if (server)
		return server;

	server = reboot_server_new(name);
	if (!server) {
		manager->rescan_at = clock_ms() + RESCAN_MS;
		return NULL;
	}
	server->next = manager->servers;
	manager->servers = server;
	return server;
}

/* There may be no such directory yet: the first start of a vserver would make it. */
static void watch(struct manager *manager)
{
	const char *states = manager->host->states;

	if (mkdir(states, 0755) < 0 && errno != EEXIST && !manager->untold)
		reboot_log(NULL, "%s: %s", states, strerror(errno));
	manager->watch = inotify_add_watch(manager->news, states,
					   NEWS | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR);
	if (manager->watch >= 0) {
		manager->untold = false;
		return;
	}

	if (!manager->untold)
		reboot_log(NULL, "%s: no news of it: %s; it is read every %d s", states,
			   strerror(errno), RESCAN_MS / 1000);
	manager->untold = true;
	manager->rescan_at = clock_ms() + RESCAN_MS;
}

static void close_directory(DIR **directory)
{
	if (*directory)
		closedir(*directory);
}

/* Watched before it is read: what comes in between is news. */
static void scan(struct manager *manager)
{
	DIR *directory __attribute__((cleanup(close_directory))) = NULL;
	struct dirent *entry;

	manager->rescan_at = 0;
	watch(manager);
	directory = opendir(manager->host->states);
	if (!directory)
		manager->rescan_at = clock_ms() + RESCAN_MS;

	while (directory && (entry = readdir(directory))) {
		if (is_name(entry->d_name))
			find_or_add(manager, entry->d_name);
	}
	for (struct reboot_server *server = manager->servers; server; server = server->next)
		reboot_server_look(server, manager->host, clock_ms());
}

/* True if it says that there are more news than it can tell. */
static bool take_news(struct manager *manager, const struct inotify_event *event)
{
	struct reboot_server *server;

	if (event->mask & IN_Q_OVERFLOW)
		return true;
	if (event->wd != manager->watch)
		return false;
	if (event->mask & LOST) {
		/* A directory that has been moved would still be watched. */
		inotify_rm_watch(manager->news, manager->watch);
		manager->watch = -1;
		return true;
	}

	if (event->len == 0 || !is_name(event->name))
		return false;
	server = find_or_add(manager, event->name);
	if (server)
		reboot_server_look(server, manager->host, clock_ms());
	return false;
}

static void read_news(struct manager *manager)
{
	char buffer[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
	ssize_t count = read(manager->news, buffer, sizeof(buffer));
	const struct inotify_event *event;
	bool lost = false;

	for (ssize_t at = 0; at < count; at += (ssize_t)(sizeof(*event) + event->len)) {
		event = (const struct inotify_event *)(buffer + at);
		lost = take_news(manager, event) || lost;
	}
	if (lost)
		scan(manager);
}

/* Nobody wants to know of those of reboot_discard(). */
static void reap(struct manager *manager)
{
	struct reboot_server *server;
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		server = manager->servers;
		while (server && server->child != pid)
			server = server->next;
		if (server)
			reboot_server_ended(server, manager->host, status, clock_ms());
	}
}

static void take_signal(struct manager *manager)
{
	struct signalfd_siginfo info;

	if (read(manager->signals, &info, sizeof(info)) != sizeof(info))
		return;

	if (info.ssi_signo == SIGCHLD)
		reap(manager);
	else if (info.ssi_signo == SIGHUP)
		scan(manager);
	else
		manager->ending = true;
}

static int make_room(struct manager *manager)
{
	size_t count = 2;
	struct pollfd *polls;
	struct slot *slots;

	for (struct reboot_server *server = manager->servers; server; server = server->next)
		count += 2 + REBOOT_CLIENTS;
	if (count <= manager->room)
		return 0;

	polls = reallocarray(manager->polls, count * 2, sizeof(*polls));
	if (polls)
		manager->polls = polls;
	slots = reallocarray(manager->slots, count * 2, sizeof(*slots));
	if (slots)
		manager->slots = slots;
	if (!polls || !slots)
		return -1;

	manager->room = count * 2;
	return 0;
}

static void add(struct manager *manager, int fd, struct reboot_server *server,
		struct reboot_client *client)
{
	if (fd < 0)
		return;

	/* What has been looked at already is no news. */
	manager->polls[manager->count] = (struct pollfd){
		.fd = fd, .events = client && client->look_at ? POLLRDHUP : POLLIN,
	};
	manager->slots[manager->count] = (struct slot){ server, client };
	manager->count++;
}

static void collect(struct manager *manager)
{
	int64_t now = clock_ms();

	manager->count = 0;
	add(manager, manager->signals, NULL, NULL);
	add(manager, manager->news, NULL, NULL);
	for (struct reboot_server *server = manager->servers; server; server = server->next) {
		if (reboot_server_listens(server, now))
			add(manager, server->socket.fd, server, NULL);
		add(manager, server->handle, server, NULL);
		for (size_t i = 0; i < REBOOT_CLIENTS; i++)
			add(manager, server->clients[i].fd, server, &server->clients[i]);
	}
}

/*
 * Each that is ready has one turn, however much it has to say.  What has been closed in an earlier
 * turn is not there any more, or is another one, which finds that it has nothing to do.
 */
static void serve(struct manager *manager)
{
	for (size_t i = 2; i < manager->count; i++) {
		struct reboot_server *server = manager->slots[i].server;
		struct reboot_client *client = manager->slots[i].client;
		int fd = manager->polls[i].fd;

		if (!manager->polls[i].revents)
			continue;
		if (client && client->fd == fd)
			reboot_server_hear(server, client, manager->host, clock_ms());
		else if (!client && server->socket.fd == fd)
			reboot_server_accept(server, manager->host, clock_ms());
		else if (!client && server->handle == fd)
			reboot_server_emptied(server, manager->host, clock_ms());
	}
}

/* What it is time for; returns for how many milliseconds nothing will be. */
static int tick(struct manager *manager)
{
	int64_t now = clock_ms();
	int64_t next = INT64_MAX;

	if (manager->rescan_at && manager->rescan_at <= now)
		scan(manager);
	if (manager->rescan_at)
		next = manager->rescan_at;

	for (struct reboot_server **at = &manager->servers; *at;) {
		struct reboot_server *server = *at;
		int64_t then = reboot_server_tick(server, manager->host, now);

		if (server->gone) {
			*at = server->next;
			reboot_server_free(server);
			continue;
		}
		next = then < next ? then : next;
		at = &server->next;
	}

	if (next == INT64_MAX)
		return -1;
	return next <= now ? 0 : next - now > INT_MAX ? INT_MAX : (int)(next - now);
}

static void round_of(struct manager *manager)
{
	int timeout = tick(manager);

	if (make_room(manager) < 0) {
		reboot_log(NULL, "%s", strerror(ENOMEM));
		sleep(1);
		return;
	}
	collect(manager);
	if (poll(manager->polls, manager->count, timeout) <= 0)
		return;

	if (manager->polls[0].revents)
		take_signal(manager);
	if (manager->polls[1].revents)
		read_news(manager);
	serve(manager);
}

int reboot_manager_run(const struct reboot_host *host, void (*ready)(void))
{
	auto_fd int signals = -1;
	auto_fd int news = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	struct manager manager = { .host = host, .news = news, .watch = -1 };
	struct reboot_server *server;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (news < 0 || signals < 0) {
		reboot_log(NULL, "%s: %s", news < 0 ? "inotify" : "signals", strerror(errno));
		return -1;
	}
	manager.signals = signals;

	scan(&manager);
	if (ready)
		ready();
	while (!manager.ending)
		round_of(&manager);

	while ((server = manager.servers)) {
		manager.servers = server->next;
		reboot_server_free(server);
	}
	free(manager.polls);
	free(manager.slots);
	return 0;
}
