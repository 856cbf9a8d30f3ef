// SPDX-License-Identifier: GPL-2.0-only
/*
 * linger SOCKET TIMES: send descriptors that can't be closed to the socket of the reboot manager.
 * They are connections with SO_LINGER whose other end, which is here too, reads nothing: who closes
 * one, the last to have it, waits.  Stays until it is killed.
 */
#include <limits.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static struct sockaddr_in here = { .sin_family = AF_INET };

static void need(int result, const char *what)
{
	if (result >= 0)
		return;
	perror(what);
	exit(1);
}

static void begin(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	socklen_t size = sizeof(here);
	int small = 4096;

	here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	need(bind(fd, (struct sockaddr *)&here, sizeof(here)), "bind");
	need(listen(fd, 1000), "listen");
	need(getsockname(fd, (struct sockaddr *)&here, &size), "getsockname");
}

static int make_lingering(void)
{
	struct linger linger = { .l_onoff = 1, .l_linger = INT_MAX };
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	static const char much[65536];

	need(connect(fd, (struct sockaddr *)&here, sizeof(here)), "connect");
	need(setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)), "SO_LINGER");
	while (send(fd, much, sizeof(much), MSG_DONTWAIT) > 0)
		;
	return fd;
}

/* Who ends does not wait. */
static void send_one(const char *path)
{
	char control[CMSG_SPACE(sizeof(int))] = "";
	struct iovec data = { .iov_base = (void *)"x", .iov_len = 1 };
	struct msghdr message = {
		.msg_iov = &data, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	int given = make_lingering();

	snprintf(to.sun_path, sizeof(to.sun_path), "%s", path);
	need(connect(fd, (struct sockaddr *)&to, sizeof(to)), path);
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(given));
	memcpy(CMSG_DATA(header), &given, sizeof(given));
	need((int)sendmsg(fd, &message, MSG_NOSIGNAL), "sendmsg");
	_exit(0);
}

int main(int argc, char **argv)
{
	if (argc != 3) {
		fprintf(stderr, "usage: linger SOCKET TIMES\n");
		return 2;
	}

	begin();
	for (int i = atoi(argv[2]); i > 0; i--) {
		if (fork() == 0)
			send_one(argv[1]);
		wait(NULL);
	}
	printf("sent\n");
	fflush(stdout);
	pause();
	return 0;
}
