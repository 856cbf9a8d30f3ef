// SPDX-License-Identifier: GPL-2.0-only
/* Unix sockets: names in no file system, and the lists of all. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>

#include "guest.h"

static const int types[] = { SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET };
#define TYPES	ARRAY_SIZE(types)
#define AUTOMATIC	TYPES		/* a datagram socket whose name the kernel chose */

struct name {
	struct sockaddr_un address;
	socklen_t size;
};

/* A name in no file system, or a path. */
static struct name name_of(const char *text, bool path)
{
	struct name name = { .address.sun_family = AF_UNIX };

	strcpy(name.address.sun_path + !path, text);
	name.size = offsetof(struct sockaddr_un, sun_path) + 1 + strlen(text);
	return name;
}

static struct sockaddr *address(struct name *name)
{
	return (struct sockaddr *)&name->address;
}

static int open_socket(int type)
{
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

	ktap_expect(fd >= 0, "socket: %s", errno_name(errno));
	return fd;
}

/* A server by that name: its descriptor, or -1. */
static int serve(int type, struct name *name)
{
	int fd = open_socket(type);

	if (bind(fd, address(name), name->size))
		return -1;
	if (type != SOCK_DGRAM)
		ktap_expect(!listen(fd, 8), "listen: %s", errno_name(errno));
	return fd;
}

/* Returns 0 or an errno. */
static int reach(int type, struct name *name)
{
	int fd = open_socket(type);
	int error = result(connect(fd, address(name), name->size));

	close(fd);
	return error;
}

static unsigned long inode_of(int fd)
{
	struct stat st;

	return fstat(fd, &st) ? 0 : st.st_ino;
}

/* Lists */

static bool in_proc(unsigned long inode)
{
	FILE *list = fopen("/proc/net/unix", "re");
	unsigned long have;
	bool found = false;
	char line[512];

	while (list && fgets(line, sizeof(line), list))
		if (sscanf(line, "%*s %*s %*s %*s %*s %*s %lu", &have) == 1 && have == inode)
			found = true;
	if (list)
		fclose(list);
	return found;
}

static int ask_diag(unsigned int inode, int flags)
{
	struct {
		struct nlmsghdr header;
		struct unix_diag_req request;
	} message = {
		.header.nlmsg_len = sizeof(message),
		.header.nlmsg_type = SOCK_DIAG_BY_FAMILY,
		.header.nlmsg_flags = NLM_F_REQUEST | flags,
		.request.sdiag_family = AF_UNIX,
		.request.udiag_states = -1,
		.request.udiag_ino = inode,
		.request.udiag_show = UDIAG_SHOW_NAME,
		.request.udiag_cookie = { -1, -1 },
	};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);

	ktap_expect(fd >= 0 && send(fd, &message, sizeof(message), 0) == sizeof(message),
		    "sock_diag: %s", errno_name(errno));
	return fd;
}

/* Is @inode among the answers that are there to read at @fd?  Returns 0 or an errno. */
static int answered(int fd, unsigned int inode)
{
	static char room[65536];
	struct nlmsghdr *header;
	ssize_t n;

	while ((n = recv(fd, room, sizeof(room), 0)) > 0) {
		for (header = (void *)room; NLMSG_OK(header, n); header = NLMSG_NEXT(header, n)) {
			if (header->nlmsg_type == NLMSG_DONE)
				return ENOENT;
			if (header->nlmsg_type == NLMSG_ERROR)
				return -((struct nlmsgerr *)NLMSG_DATA(header))->error;
			if (((struct unix_diag_msg *)NLMSG_DATA(header))->udiag_ino == inode)
				return 0;
		}
	}
	return errno;
}

/* What the target serves, in a memfd for the actor. */

struct served {
	struct name names[TYPES + 1];
	unsigned long inodes[TYPES + 1];
};

static int give_served(void)
{
	struct served served = { 0 };
	int given = memfd_create("served", MFD_CLOEXEC), fd;
	size_t i;

	for (i = 0; i < TYPES; i++) {
		served.names[i] = name_of(ktap_text("target%d.%zu", getpid(), i), false);
		fd = serve(types[i], &served.names[i]);
		served.inodes[i] = inode_of(fd);
	}
	/* no name given */
	fd = open_socket(SOCK_DGRAM);
	served.names[i] = name_of("", false);
	if (bind(fd, address(&served.names[i]), sizeof(sa_family_t)))
		return -1;
	served.names[i].size = sizeof(served.names[i].address);
	getsockname(fd, address(&served.names[i]), &served.names[i].size);
	served.inodes[i] = inode_of(fd);
	return pwrite(given, &served, sizeof(served), 0) == sizeof(served) ? given : -1;
}

static struct served served_by(struct pair *pair)
{
	struct served served;

	ktap_expect(pread(pair->fd, &served, sizeof(served), 0) == sizeof(served), "memfd: %s",
		    errno_name(errno));
	return served;
}

static int do_connect(struct pair *pair)
{
	struct served served = served_by(pair);
	int type = pair_argument == AUTOMATIC ? SOCK_DGRAM : types[pair_argument];

	return reach(type, &served.names[pair_argument]);
}

static int do_sendto(struct pair *pair)
{
	struct served served = served_by(pair);
	struct name *name = &served.names[pair_argument];

	return result(sendto(open_socket(SOCK_DGRAM), "x", 1, 0, address(name), name->size));
}

/* The other way round: there may be another one of the name. */
static int do_bind(struct pair *pair)
{
	struct served served = served_by(pair);
	int type = pair_argument == AUTOMATIC ? SOCK_DGRAM : types[pair_argument];

	return serve(type, &served.names[pair_argument]) >= 0 ? ENOENT : errno;
}

static int do_proc(struct pair *pair)
{
	return in_proc(served_by(pair).inodes[pair_argument]) ? 0 : ENOENT;
}

static int do_diag(struct pair *pair)
{
	unsigned int inode = served_by(pair).inodes[pair_argument];

	return answered(ask_diag(0, NLM_F_DUMP), inode);
}

static int do_diag_one(struct pair *pair)
{
	unsigned int inode = served_by(pair).inodes[pair_argument];

	return answered(ask_diag(inode, 0), inode);
}

#define NAME	.give = give_served, .hidden = { ECONNREFUSED }, .watcher = ECONNREFUSED
#define LIST	.give = give_served, .hidden = { ENOENT }
#define BIND	.give = give_served, .hidden = { ENOENT }, .watcher = ENOENT, \
		.together = EADDRINUSE

static const struct act acts[] = {
	{ "connect a stream", .run = do_connect, .argument = 0, NAME },
	{ "connect a datagram socket", .run = do_connect, .argument = 1, NAME },
	{ "connect a sequence of packets", .run = do_connect, .argument = 2, NAME },
	{ "connect to an automatic name", .run = do_connect, .argument = AUTOMATIC, NAME },
	{ "send a datagram", .run = do_sendto, .argument = 1, NAME },
	{ "send to an automatic name", .run = do_sendto, .argument = AUTOMATIC, NAME },
	{ "bind a stream", .run = do_bind, .argument = 0, BIND },
	{ "bind a datagram socket", .run = do_bind, .argument = 1, BIND },
	{ "bind a sequence of packets", .run = do_bind, .argument = 2, BIND },
	{ "bind an automatic name", .run = do_bind, .argument = AUTOMATIC, BIND },
	{ "/proc/net/unix, a stream", .run = do_proc, .argument = 0, LIST },
	{ "/proc/net/unix, an automatic name", .run = do_proc, .argument = AUTOMATIC, LIST },
	{ "unix_diag, a stream", .run = do_diag, .argument = 0, LIST },
	{ "unix_diag, a sequence of packets", .run = do_diag, .argument = 2, LIST },
	{ "unix_diag, an automatic name", .run = do_diag, .argument = AUTOMATIC, LIST },
	{ "unix_diag of one, a stream", .run = do_diag_one, .argument = 0, LIST },
	{ "unix_diag of one, a datagram socket", .run = do_diag_one, .argument = 1, LIST },
	{ "unix_diag of one, an automatic name", .run = do_diag_one, .argument = AUTOMATIC, LIST },
};

/* One name in three contexts, each of which reaches its own. */

static void own_server(int type, const char *text, void (*within)(void *), void *data)
{
	struct name name = name_of("name", false);
	int server = serve(type, &name), client = open_socket(type);
	char got[32] = "";

	ktap_expect(server >= 0, "expected the name to be free %s, came %s", text,
		    errno_name(errno));
	if (within)
		in_child(within, data);
	ktap_expect(!connect(client, address(&name), name.size), "connect: %s", errno_name(errno));
	ktap_expect(send(client, text, strlen(text), 0) > 0, "send: %s", errno_name(errno));
	if (type != SOCK_DGRAM)
		server = accept(server, NULL, NULL);
	ktap_expect(recv(server, got, sizeof(got) - 1, 0) > 0 && !strcmp(got, text),
		    "expected '%s', came '%s'", text, got);
}

static void inner(void *type)
{
	enter_new(0);
	own_server(*(int *)type, "in the inner context", NULL, NULL);
}

static void outer(void *type)
{
	enter_new(0);
	own_server(*(int *)type, "in the outer context", inner, type);
}

static void run_name(const void *type)
{
	own_server(*(const int *)type, "in context 0", outer, (void *)type);
}

/* A name is free again with its context. */

static void serve_and_go(void *unused)
{
	struct name name = name_of("again", false);

	(void)unused;
	enter_new(0);
	ktap_expect(reach(SOCK_STREAM, &name) == ECONNREFUSED, "expected nobody there");
	ktap_expect(serve(SOCK_STREAM, &name) >= 0, "expected the name to be free, came %s",
		    errno_name(errno));
}

static void run_again(const void *unused)
{
	struct name name = name_of("again", false);

	(void)unused;
	ktap_expect(serve(SOCK_STREAM, &name) >= 0, "bind: %s", errno_name(errno));
	in_child(serve_and_go, NULL);
	in_child(serve_and_go, NULL);
	ktap_expect(!reach(SOCK_STREAM, &name), "expected the own server still");
}

/* A socket made here and bound there. */

struct bound {
	int fd;
	struct name name;
};

static void bind_inside(void *data)
{
	struct bound *bound = data;

	enter_new(0);
	ktap_expect(!bind(bound->fd, address(&bound->name), bound->name.size) &&
		    !listen(bound->fd, 8), "bind: %s", errno_name(errno));
	ktap_expect(!reach(SOCK_STREAM, &bound->name), "expected to reach the own socket");
	ktap_expect(in_proc(inode_of(bound->fd)), "expected the own socket in the list");
	ktap_expect(serve(SOCK_STREAM, &bound->name) < 0, "expected the name to be taken");
}

static void run_bound_inside(const void *unused)
{
	struct bound bound = { open_socket(SOCK_STREAM), name_of("inside", false) };
	struct sitter sitter = sitter_start(bind_inside, &bound);
	int error = reach(SOCK_STREAM, &bound.name);

	(void)unused;
	ktap_expect(error == ECONNREFUSED, "expected ECONNREFUSED from outside, came %s",
		    errno_name(error));
	ktap_expect(!in_proc(inode_of(bound.fd)), "expected it in no list outside, came a line");
	ktap_expect(answered(ask_diag(0, NLM_F_DUMP), inode_of(bound.fd)) == ENOENT,
		    "expected it in no dump outside, came an answer");
	ktap_expect(serve(SOCK_STREAM, &bound.name) >= 0, "expected the name to be free outside");
	sitter_end(&sitter);
}

/* Who has it from outside can't take it away by trying to bind it once more. */

static void bind_again(void *data)
{
	struct bound *bound = data;
	struct name other = name_of("other", false);

	enter_new(0);
	ktap_expect(bind(bound->fd, address(&other), other.size) && errno == EINVAL,
		    "expected EINVAL for a bound socket");
	ktap_expect(bind(bound->fd, address(&bound->name), bound->name.size) && errno == EINVAL,
		    "expected EINVAL for a bound socket");
	ktap_expect(reach(SOCK_STREAM, &bound->name) == ECONNREFUSED,
		    "expected not to reach the socket of context 0");
}

static void run_bound_again(const void *unused)
{
	struct bound bound = { -1, name_of("hosts", false) };

	(void)unused;
	bound.fd = serve(SOCK_STREAM, &bound.name);
	in_child(bind_again, &bound);
	ktap_expect(!reach(SOCK_STREAM, &bound.name), "expected to reach the own socket still");
	ktap_expect(in_proc(inode_of(bound.fd)), "expected the own socket in the list still");
}

/*
 * Nor when it is about to get its name: that was looked for in one context, and must not be one of
 * another, where somebody else may have it.
 */

#define AT_ONCE	100

struct at_once {
	_Atomic int at, bound;
	int fds[AT_ONCE];
};

static struct name name_at_once(int i)
{
	return name_of(ktap_text("at once %d", i), false);
}

static void bind_all_inside(struct at_once *at_once)
{
	struct name name;

	enter_new(0);
	for (; at_once->at < AT_ONCE; at_once->at++) {
		name = name_at_once(at_once->at);
		if (!bind(at_once->fds[at_once->at], address(&name), name.size))
			at_once->bound++;
	}
	_exit(0);
}

static void run_bound_at_once(const void *unused)
{
	struct at_once *at_once = mmap(NULL, sizeof(*at_once), PROT_READ | PROT_WRITE,
				       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct sockaddr_un wrong = { .sun_family = AF_UNSPEC };
	struct name name;
	pid_t pid;
	int i;

	(void)unused;
	ktap_need(at_once != MAP_FAILED, "mmap: %s", errno_name(errno));
	enter_new(0);
	for (i = 0; i < AT_ONCE; i++)
		at_once->fds[i] = open_socket(SOCK_STREAM);
	pid = fork_or_fail();
	if (!pid)
		bind_all_inside(at_once);
	while ((i = at_once->at) < AT_ONCE)
		bind(at_once->fds[i], (struct sockaddr *)&wrong, sizeof(wrong));
	wait_exit(pid, 0);
	for (i = 0; i < AT_ONCE; i++) {
		name = name_at_once(i);
		listen(at_once->fds[i], 8);
		ktap_expect(reach(SOCK_STREAM, &name) == ECONNREFUSED,
			    "expected nobody there, came one who was given the name inside");
	}
	ktap_note("%d were bound inside", at_once->bound);
}

/* What a listener accepts is its own, whoever connects; here somebody inside by a path. */

#define PATH	"/tmp/socket"

static void connect_inside(void *type)
{
	struct name name = name_of(PATH, true);
	int fd = open_socket(*(int *)type);
	char byte;

	enter_new(0);
	ktap_expect(!connect(fd, address(&name), name.size), "expected to reach a path, came %s",
		    errno_name(errno));
	ktap_expect(send(fd, "x", 1, 0) == 1, "send: %s", errno_name(errno));
	if (*(int *)type == SOCK_DGRAM)
		return;
	ktap_expect(recv(fd, &byte, 1, 0) == 1, "expected an answer, came %s", errno_name(errno));
}

static void run_path(const void *type)
{
	struct name name = name_of(PATH, true);
	int server, fd;
	char byte;
	pid_t pid;

	unlink(PATH);
	server = fd = serve(*(const int *)type, &name);
	ktap_expect(server >= 0, "bind: %s", errno_name(errno));
	pid = fork_or_fail();
	if (!pid) {
		close(server);
		connect_inside((void *)type);
		_exit(0);
	}
	if (*(const int *)type != SOCK_DGRAM) {
		fd = accept(server, NULL, NULL);
		ktap_expect(in_proc(inode_of(fd)), "expected what was accepted in the own list");
	}
	ktap_expect(recv(fd, &byte, 1, 0) == 1, "recv: %s", errno_name(errno));
	if (*(const int *)type != SOCK_DGRAM)
		ktap_expect(send(fd, "x", 1, 0) == 1, "send: %s", errno_name(errno));
	wait_exit(pid, 0);
	unlink(PATH);
}

/* Sockets that were connected before stay so. */
static void run_kept(const void *unused)
{
	struct name name = name_of("kept", false);
	int server = serve(SOCK_DGRAM, &name), client = open_socket(SOCK_DGRAM);
	char byte;
	pid_t pid;

	(void)unused;
	ktap_expect(!connect(client, address(&name), name.size), "connect: %s", errno_name(errno));
	pid = fork_or_fail();
	if (!pid) {
		enter_new(0);
		ktap_expect(send(client, "x", 1, 0) == 1, "expected it to stay connected, came %s",
			    errno_name(errno));
		_exit(0);
	}
	wait_exit(pid, 0);
	ktap_expect(recv(server, &byte, 1, MSG_DONTWAIT) == 1, "recv: %s", errno_name(errno));
}

#define FILES	.anywhere = "paths go by the file system"

static const struct ktap_case cases[] = {
	{ "one name in three contexts, streams", run_name, &types[0] },
	{ "one name in three contexts, datagrams", run_name, &types[1] },
	{ "one name in three contexts, sequences of packets", run_name, &types[2] },
	{ "a name is free again with its context", run_again },
	{ "a socket made outside and bound inside", run_bound_inside },
	{ "a bound socket is not taken away", run_bound_again },
	{ "nor one that is about to be bound", run_bound_at_once, .seconds = 30 },
	{ "a path from inside, streams", run_path, &types[0], FILES },
	{ "a path from inside, datagrams", run_path, &types[1], FILES },
	{ "a path from inside, sequences of packets", run_path, &types[2], FILES },
	{ "connected before", run_kept, .anywhere = "it is passed on by fork" },
};

int main(int argc, char **argv)
{
	pair_add_all(acts);
	ktap_add_all(cases);
	return ktap_main(argc, argv);
}
