/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Part of rebootmgr_test.c, with what that has: descriptors that are sent to the reboot manager and
 * can't be closed.
 */
#include <limits.h>
#include <netinet/in.h>

/* Both ends are the test's, and nobody reads: who closes the one that it returns waits for ever. */
static int make_lingering(int listener)
{
	struct linger linger = { .l_onoff = 1, .l_linger = INT_MAX };
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	static const char much[65536];

	if (getsockname(listener, (struct sockaddr *)&address, &size) < 0 ||
	    connect(fd, (struct sockaddr *)&address, size) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)) < 0)
		abort();
	while (send(fd, much, sizeof(much), MSG_DONTWAIT) > 0)
		;
	return fd;
}

static int make_listener(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int small = 4096;

	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, 1000) < 0)
		abort();
	return fd;
}

/* By a process that ends, which does not wait itself; @first: what comes before them. */
static void send_lingering(const char *name, int listener, const char *first, int times)
{
	pid_t child;

	/* Then it is not the last one to have them. */
	if (times == 1)
		kill(manager, SIGSTOP);
	child = fork();
	if (child == 0) {
		for (int i = 0; i < times; i++) {
			int fd = connect_to(name);

			send(fd, first, strlen(first), MSG_NOSIGNAL);
			send_descriptors(fd, "garbage\n", make_lingering(listener));
			if (times > 1)
				hear(fd, 10);
		}
		_exit(0);
	}
	if (times > 1)
		return;
	waitpid(child, NULL, 0);
	kill(manager, SIGCONT);
}

static int64_t answer_takes(const char *name)
{
	int64_t begun = clock_ms();

	return is_error(ask(name, "garbage\n")) ? clock_ms() - begun : INT64_MAX;
}

/* Where nobody takes them: all places are taken. */
static void send_behind_others(const char *name, int listener)
{
	pid_t child = fork();

	if (child == 0) {
		for (size_t i = 0; i < REBOOT_CLIENTS; i++)
			connect_to(name);
		pause_ms(REBOOT_LINE_MS);
		_exit(0);
	}
	pause_ms(A_WHILE_MS);
	send_lingering(name, listener, "", 1);
}

static void test_lingering(void)
{
	int listener = make_listener();
	int64_t slowest = 0, taken;
	bool ended;

	set_state("web", "2 0 0 9");
	set_state("mail", "2 0 0 2");
	SOON(is_socket(socket_of("web")) && is_socket(socket_of("mail")));
	pause_ms(REBOOT_ACCEPTS_MS);

	send_lingering("web", listener, "", 1);
	result(answer_takes("web") < 1000 && answer_takes("mail") < 1000,
	       "descriptors that can't be closed keep nobody waiting");
	send_lingering("web", listener, "garbage\n", 1);
	result(answer_takes("web") < 1000 && answer_takes("mail") < 1000,
	       "nor do those that come late");

	send_lingering("web", listener, "", REBOOT_ACCEPTS + 10);
	for (int i = 0; i < 5; i++) {
		taken = answer_takes("mail");
		slowest = taken > slowest ? taken : slowest;
		pause_ms(200);
	}
	result(slowest < 1000, "nor those that come again and again");

	pause_ms(REBOOT_ACCEPTS_MS);
	send_behind_others("web", listener);
	unlink(in_work("states/web").text);
	result(SOON(!there(socket_of("web"))) && answer_takes("mail") < 1000,
	       "nor those that nobody has looked at");
	send_behind_others("mail", listener);
	kill(manager, SIGTERM);
	ended = SOON(waitpid(manager, NULL, WNOHANG) == manager);
	result(ended, "at its end neither");
	if (!ended)
		kill(manager, SIGKILL);
	while (waitpid(-1, NULL, 0) > 0)
		;
	close(listener);
	start_manager(0);
	unlink(in_work("states/web").text);
	unlink(in_work("states/mail").text);
	pause_ms(A_WHILE_MS);
	forget_acts();
}
