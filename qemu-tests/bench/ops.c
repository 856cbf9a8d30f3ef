// SPDX-License-Identifier: GPL-2.0-only
/*
 * What common operations cost where this program is told to go first: host (nowhere), context (into
 * a new context), tied (the same, to one address), set (to several, with a private loopback),
 * namespace (into a new PID namespace with its own /proc).  A line for each operation: its name, a
 * tab, instructions.
 */
#include "cost.h"
#include "tie.h"

#include <netinet/in.h>
#include <sched.h>
#include <sys/mount.h>

static void ask_parent(void)
{
	syscall(SYS_getppid);
}

static void signal_self(void)
{
	kill(getpid(), 0);
}

static void read_status(void)
{
	char text[4096];
	int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);

	if (fd < 0 || read(fd, text, sizeof(text)) <= 0)
		die("/proc/self/status");
	close(fd);
}

static void list_proc(void)
{
	walk_proc();
}

static void make_process(void)
{
	pid_t pid = fork();

	if (!pid)
		_exit(0);
	if (pid < 0 || waitpid(pid, NULL, 0) != pid)
		die("fork");
}

/* The network, from the own address to the own address; who serves and who calls are one. */

#define ADDRESS	"10.79.0.1"
#define BLOCK	65536

static char block[BLOCK];

static struct sockaddr_in place(int port)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(port) };

	inet_pton(AF_INET, ADDRESS, &in.sin_addr);
	return in;
}

/* A socket that is bound to any address, at this port. */
static int server(int type, int port)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0), one = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (fd < 0 || bind(fd, (struct sockaddr *)&in, sizeof(in)) ||
	    (type == SOCK_STREAM && listen(fd, 10)))
		die("a server");
	return fd;
}

static int call_to(int type, int port)
{
	struct sockaddr_in in = place(port);
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&in, sizeof(in)))
		die("connect");
	return fd;
}

static void pass(int from, int to, size_t size)
{
	ssize_t n;

	if (send(from, block, size, 0) != (ssize_t)size)
		die("send");
	for (; size; size -= n) {
		n = recv(to, block, size, 0);
		if (n <= 0)
			die("recv");
	}
}

static void stream(void)
{
	static int from = -1, to;
	int listener;

	if (from < 0) {
		listener = server(SOCK_STREAM, 7001);
		from = call_to(SOCK_STREAM, 7001);
		to = accept(listener, NULL, NULL);
	}
	pass(from, to, BLOCK);
}

static void request(void)
{
	static int listener = -1;
	int from, to;

	if (listener < 0)
		listener = server(SOCK_STREAM, 7002);
	from = call_to(SOCK_STREAM, 7002);
	to = accept(listener, NULL, NULL);
	pass(from, to, 100);
	pass(to, from, 1000);
	close(from);
	close(to);
}

static void datagram(void)
{
	static int from = -1, to;
	struct sockaddr_in in = place(7003);

	if (from < 0) {
		to = server(SOCK_DGRAM, 7003);
		from = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	}
	if (sendto(from, block, 100, 0, (struct sockaddr *)&in, sizeof(in)) != 100 ||
	    recv(to, block, 100, 0) != 100)
		die("a datagram");
}

static void connected(void)
{
	static int from = -1, to;

	if (from < 0) {
		to = server(SOCK_DGRAM, 7004);
		from = call_to(SOCK_DGRAM, 7004);
	}
	pass(from, to, 100);
}

static const struct {
	const char *name;
	void (*run)(void);
	unsigned int count, batch;
} operations[] = {
	{ "getppid()", ask_parent, 100, 50 },
	{ "kill(self, 0)", signal_self, 100, 50 },
	{ "open, read, close /proc/self/status", read_status, 100, 5 },
	{ "list /proc", list_proc, 60, 1 },
	{ "fork, exit, wait", make_process, 200, 1 },
	{ "TCP: 64 KiB", stream, 200, 1 },
	{ "TCP: connect, accept, answer, close", request, 200, 1 },
	{ "UDP: a datagram by sendto()", datagram, 200, 5 },
	{ "UDP: one of a connected socket", connected, 200, 5 },
};

/* Into a new context, tied to @addresses if there are any. */
static void enter_context(const char *addresses, uint32_t flags)
{
	int device = open_device();

	if (device < 0 || context_new(device, 0, NULL))
		die("VCONTEXT_NEW");
	if (addresses && tie_to(device, addresses, flags))
		die("VCONTEXT_BIND");
	close(device);
}

/* Process 1 of a namespace measures; its parent waits. */
static void enter_namespace(void)
{
	pid_t pid;

	if (unshare(CLONE_NEWPID | CLONE_NEWNS))
		die("unshare");
	pid = must_fork();
	if (pid)
		_exit(must_wait(pid));
	if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("proc", "/proc", "proc", 0, NULL))
		die("/proc of a namespace");
}

int main(int argc, char **argv)
{
	size_t i;

	if (argc != 2) {
		fprintf(stderr, "usage: ops host|context|tied|set|namespace\n");
		return 2;
	}
	(void)!system("ip addr add " ADDRESS "/24 dev dummy0; ip link set dummy0 up");
	if (!strcmp(argv[1], "context"))
		enter_context(NULL, 0);
	else if (!strcmp(argv[1], "tied"))
		enter_context(ADDRESS "/24", 0);
	else if (!strcmp(argv[1], "set"))
		enter_context(ADDRESS "/24 10.79.0.2/24 fd79::1/64", VCONTEXT_BIND_LOOPBACK);
	else if (!strcmp(argv[1], "namespace"))
		enter_namespace();
	for (i = 0; i < ARRAY_SIZE(operations); i++)
		printf("%s\t%.0f\n", operations[i].name,
		       measure(operations[i].run, operations[i].count, operations[i].batch).quartile);
	return 0;
}
