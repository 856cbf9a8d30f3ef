// SPDX-License-Identifier: GPL-2.0-only
/* What goes wrong only while somebody else does the same, or ends. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "guest.h"
#include "missing.h"
#include "tie.h"

#define OFTEN	50000

/* A walk over the tasks of a user meets some that are just ending: these are no error. */

static void *quit(void *unused)
{
	return unused;
}

static void keep_ending(void)
{
	pthread_t thread;

	while (!pthread_create(&thread, NULL, quit, NULL))
		pthread_join(thread, NULL);
	ktap_fail("pthread_create");
}

static int be_nice(void)
{
	return setpriority(PRIO_USER, USER, 0);
}

static int be_slow(void)
{
	return syscall(SYS_ioprio_set, IOPRIO_WHO_USER, USER, IOPRIO_VALUE(IOPRIO_CLASS_BE, 4));
}

static void run_walk(const void *set)
{
	int i, failed = 0;
	pid_t pid;

	enter_new(0);
	become(USER);
	pid = fork_or_fail();
	if (!pid)
		keep_ending();
	for (i = 0; i < OFTEN; i++)
		failed += (*(int (*const *)(void))set)() != 0;
	kill(pid, SIGKILL);
	wait_status(pid);
	ktap_expect(!failed, "expected it to go well always, failed %d of %d times", failed, OFTEN);
}

/* A socket from before gets the addresses of a process when two threads use it first, at once. */

#define SOCKETS	3000

static struct {
	int fds[SOCKETS];
	_Atomic int arrived, refused;
} use;

static void *use_all(void *unused)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(9) };
	int i;

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	for (i = 0; i < SOCKETS; i++) {
		use.arrived++;
		while (use.arrived < 2 * (i + 1))
			;
		if (sendto(use.fds[i], "", 1, MSG_DONTWAIT, (struct sockaddr *)&to, sizeof(to)) &&
		    errno == EADDRNOTAVAIL)
			use.refused++;
	}
	return unused;
}

static void run_use(const void *unused)
{
	struct rlimit limit = { SOCKETS + 100, SOCKETS + 100 };
	pthread_t threads[2];
	int i;

	(void)unused;
	ktap_need(!setrlimit(RLIMIT_NOFILE, &limit), "setrlimit: %s", errno_name(errno));
	for (i = 0; i < SOCKETS; i++) {
		use.fds[i] = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		ktap_need(use.fds[i] >= 0, "socket: %s", errno_name(errno));
	}
	expect_error(tie_to(context_device(), "10.81.1.1/24 10.81.1.2/24", 0), 0);
	for (i = 0; i < 2; i++)
		ktap_need(!pthread_create(&threads[i], NULL, use_all, NULL), "pthread_create");
	for (i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	ktap_expect(!use.refused, "expected all to be of use, were not %d of %d times", use.refused,
		    SOCKETS);
}

static int (*const setpriority_user)(void) = be_nice;
static int (*const ioprio_set_user)(void) = be_slow;

static const struct ktap_case cases[] = {
	{ "setpriority of a user while threads end", run_walk, &setpriority_user, 60 },
	{ "ioprio_set of a user while threads end", run_walk, &ioprio_set_user, 60 },
	{ "two threads use a socket from before", run_use, .seconds = 30 },
};

int main(int argc, char **argv)
{
	ktap_add_all(cases);
	return ktap_main(argc, argv);
}
