// SPDX-License-Identifier: GPL-2.0-only
/* Processes that do what they are told, and the networks of the guest. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "party.h"
#include "tie.h"

#define LINE	1000	/* numbers of descriptors in a party, above all others */
#define PASSAGE	1001
#define ROOM	16000

struct task {
	void (*function)(void *data);
	char data[ROOM] __attribute__((aligned(16)));
};

void ip_batch(const char *text)
{
	FILE *ip = popen("ip -force -batch - >/dev/null 2>&1", "w");

	if (!ip)
		return;
	fputs(text, ip);
	pclose(ip);
}

/* .100 comes first of each: it is what the kernel calls from. */
void net_up(void)
{
	static char text[8192];
	int net, host, length = 0;

	for (net = 1; net <= 3; net++) {
		length += sprintf(text + length, "link add dummy%d type dummy\n"
				  "link set dummy%d up\n", net, net);
		for (host = 100; host; host = host == 100 ? 1 : host == 6 ? 0 : host + 1)
			length += sprintf(text + length,
					  "addr add 10.81.%d.%d/24 brd 10.81.%d.255 dev dummy%d\n"
					  "addr add fd81:%d::%d/64 dev dummy%d nodad\n",
					  net, host, net, net, net, host, net);
	}
	ip_batch(text);
	write_text("/proc/sys/net/ipv4/ping_group_range", "0 2147483647");
	write_text("/proc/sys/net/ipv4/tcp_fastopen", "3");
}

/* A descriptor that is for the party alone, at a number of its own. */
static void keep(int fd, int number)
{
	ktap_need(fcntl(fd, F_DUPFD_CLOEXEC, number) == number, "F_DUPFD: %s", errno_name(errno));
}

static void __attribute__((noreturn)) obey(struct task *task)
{
	char byte;

	while (read(LINE, &byte, 1) == 1) {
		task->function(task->data);
		if (write(LINE, "", 1) != 1)
			break;
	}
	_exit(0);
}

static void tie_here(void *data)
{
	const char *set = (char *)data + sizeof(__u32);
	__u32 flags;
	int err;

	memcpy(&flags, data, sizeof(flags));
	err = ktap_plain() ? 0 : tie_to(context_device(), set, flags);
	ktap_expect(!err, "VCONTEXT_BIND to %s: %s", set, errno_name(-err));
}

void party_tie(struct party *party, const char *set, __u32 flags)
{
	char data[2048];

	memcpy(data, &flags, sizeof(flags));
	snprintf(data + sizeof(flags), sizeof(data) - sizeof(flags), "%s", set);
	tell(party, tie_here, data, sizeof(data));
}

struct party *party_new(const char *set, __u32 flags)
{
	struct party *party = calloc(1, sizeof(*party));
	int line[2], passage[2];

	party->task = mmap(NULL, sizeof(*party->task), PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ktap_need(party->task != MAP_FAILED, "mmap: %s", errno_name(errno));
	ktap_need(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, line) &&
		  !socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, passage), "socketpair: %s",
		  errno_name(errno));
	party->pid = fork_or_fail();
	if (!party->pid) {
		keep(line[1], LINE);
		keep(passage[1], PASSAGE);
		syscall(SYS_close_range, 3, LINE - 1, 0);
		syscall(SYS_close_range, PASSAGE + 1, ~0U, 0);
		obey(party->task);
	}
	close(line[1]);
	close(passage[1]);
	party->line = line[0];
	party->passage = passage[0];
	if (set)
		party_tie(party, set, flags);
	return party;
}

void party_end(struct party *party)
{
	kill(party->pid, SIGKILL);
	wait_status(party->pid);
	close(party->line);
	close(party->passage);
	munmap(party->task, sizeof(*party->task));
	free(party);
}

void tell(struct party *party, void (*function)(void *data), void *data, size_t size)
{
	char byte;

	if (!party) {
		function(data);
		return;
	}
	ktap_need(size <= ROOM, "expected less than %zu bytes", size);
	party->task->function = function;
	memcpy(party->task->data, data, size);
	if (write(party->line, "", 1) != 1 || read(party->line, &byte, 1) != 1) {
		if (ktap_over())
			_exit(1);
		ktap_fail("expected a process to do what it was told, came its end");
	}
	memcpy(data, party->task->data, size);
}

static void give(void *data)
{
	send_fd(PASSAGE, *(int *)data);
}

static void take(void *data)
{
	*(int *)data = receive_fd(PASSAGE);
}

int party_pass(struct party *from, int fd, struct party *to)
{
	int held = fd;

	if (from) {
		tell(from, give, &fd, sizeof(fd));
		held = receive_fd(from->passage);
	}
	if (!to || held < 0)
		return held;
	send_fd(to->passage, held);
	tell(to, take, &fd, sizeof(fd));
	if (from)
		close(held);
	return fd;
}
