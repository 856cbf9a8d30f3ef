/* SPDX-License-Identifier: GPL-2.0-only */
/* What a life in a context has: a part of soak.c. */
#ifndef SOAK_LIFE_H
#define SOAK_LIFE_H

#include "left.h"
#include "tie.h"

#include <mqueue.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <stddef.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/un.h>

#include <linux/keyctl.h>

#define KEYS		4	/* of IPC, and names, that lives in one context share */

/* @what was, or there was no room for it: what others hold, and give back. */
static inline void must(bool what, const char *name)
{
	if (!what && errno != ENOSPC && errno != EDQUOT && errno != EMFILE)
		wrong("%s: %s", name, strerror(errno));
}

/* Forks, some of which end before their time. */
static void live_family(struct random *r)
{
	unsigned int children = 1 + random_below(r, 3);
	pid_t pid;

	while (children--) {
		pid = must_fork();
		if (pid)
			continue;
		r->state += getpid();
		if (random_below(r, 2))
			die_within(r, 10000);
		if (!random_below(r, 2) && !must_fork())
			nap(random_below(r, 3000));
		nap(random_below(r, 2000));
		_exit(0);
	}
	if (random_below(r, 2))
		while (wait(NULL) > 0)
			;
}

static void *live_thread(void *unused)
{
	nap(100);
	return unused;
}

static void live_threads(struct random *r)
{
	unsigned int i, threads = 1 + random_below(r, 3);
	pthread_t ids[3];
	int err;

	for (i = 0; i < threads; i++) {
		err = pthread_create(&ids[i], NULL, live_thread, NULL);
		if (err) {
			wrong("pthread_create: %s", strerror(err));
			break;
		}
	}
	while (i--)
		pthread_join(ids[i], NULL);
}

/* By number, by group and to all: nobody outside gets it, and who is inside has to bear it. */
static void live_signals(struct random *r)
{
	int signals[] = { SIGKILL, SIGTERM, SIGSTOP, SIGRTMIN + 1 };
	int sig = signals[random_below(r, ARRAY_SIZE(signals))];
	pid_t own = getpid(), pid = must_fork();

	if (!pid) {
		setpgid(0, 0);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		while (getppid() == own)
			pause();
		_exit(0);
	}
	setpgid(pid, pid);
	must(!sigqueue(pid, sig, (union sigval){ 1 }) || errno == ESRCH, "sigqueue");
	must(!kill(-pid, SIGCONT) || errno == ESRCH, "kill of a group");
	if (!random_below(r, 4))
		kill(-1, random_below(r, 2) ? SIGWINCH : SIGKILL);
	must(!kill(pid, SIGKILL) || errno == ESRCH, "kill");
	waitpid(pid, NULL, 0);
}

/* A connection that is closed at once, without what TCP would wait for; and datagrams. */
static void connect_to(const struct sockaddr_in *in, int listener)
{
	struct linger at_once = { .l_onoff = 1 };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int accepted = -1;

	if (!connect(fd, (const void *)in, sizeof(*in)))
		accepted = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	must(accepted >= 0, "a connection");
	setsockopt(accepted, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	close(accepted);
	close(fd);
}

static void live_network(struct random *r)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	bool loopback = random_below(r, 2);
	socklen_t length = sizeof(in);
	int listener, err;

	if (must_fork()) {
		wait(NULL);
		return;
	}
	err = tie_to(device, loopback ? "10.1.0.1/24 fd00::1" : "127.0.0.1/8 ::1",
		     loopback ? VCONTEXT_BIND_LOOPBACK : 0);
	if (err && err != -EPERM)
		wrong("VCONTEXT_BIND: %s", strerror(-err));
	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	must(!bind(listener, (void *)&in, sizeof(in)) && !listen(listener, 1), "listen");
	getsockname(listener, (void *)&in, &length);
	connect_to(&in, listener);
	if (random_below(r, 2)) {
		int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

		must(!bind(fd, (void *)&in, sizeof(in)), "bind of datagrams");
		must(sendto(fd, "x", 1, 0, (void *)&in, sizeof(in)) == 1, "a datagram");
	}
	_exit(0);
}

/* Somebody else may have the name, in the same context. */
static void live_unix(struct random *r)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	socklen_t length = offsetof(struct sockaddr_un, sun_path) + 8;

	snprintf(un.sun_path + 1, 8, "soak%u", random_below(r, KEYS));
	if (!bind(listener, (void *)&un, length) && !listen(listener, 1)) {
		must(!connect(fd, (void *)&un, length), "a connection by name");
		must(send(fd, "x", 1, MSG_NOSIGNAL) == 1, "a message by name");
	} else {
		must(errno == EADDRINUSE, "bind to a name");
	}
	close(fd);
	close(listener);
}

/* What is left is removed with the context. */
static void live_shm(struct random *r)
{
	int id = shmget(random_below(r, KEYS), 8192, IPC_CREAT | 0666);
	char *at = id < 0 ? NULL : shmat(id, NULL, 0);

	must(id >= 0, "shmget");
	if (at && at != (void *)-1) {
		at[4096] = 1;
		if (random_below(r, 2))
			shmdt(at);
	}
	if (random_below(r, 2))
		shmctl(id, IPC_RMID, NULL);
}

static void live_sem(struct random *r)
{
	int id = semget(random_below(r, 2) ? IPC_PRIVATE : 1 + random_below(r, KEYS), 2,
			IPC_CREAT | 0666);
	struct sembuf op = { random_below(r, 2), 1, random_below(r, 2) ? SEM_UNDO : 0 };

	must(id >= 0, "semget");
	semop(id, &op, 1);
	if (random_below(r, 2))
		semctl(id, 0, IPC_RMID);
}

static void live_msg(struct random *r)
{
	int id = msgget(1 + random_below(r, KEYS), IPC_CREAT | 0666);
	struct {
		long type;
		char text[64];
	} message = { 1, "x" };

	must(id >= 0, "msgget");
	msgsnd(id, &message, sizeof(message.text), IPC_NOWAIT);
	if (random_below(r, 2))
		msgrcv(id, &message, sizeof(message.text), 0, IPC_NOWAIT);
	if (random_below(r, 2))
		msgctl(id, IPC_RMID, NULL);
}

static void live_queue(struct random *r)
{
	struct mq_attr attr = { .mq_maxmsg = 2, .mq_msgsize = 64 };
	char name[16];
	mqd_t queue;

	snprintf(name, sizeof(name), "/soak%u", random_below(r, KEYS));
	queue = mq_open(name, O_CREAT | O_RDWR | O_NONBLOCK, 0666, &attr);
	must(queue >= 0 || errno == EACCES, "mq_open");
	if (queue < 0)
		return;
	mq_send(queue, "x", 1, 0);
	if (random_below(r, 2))
		mq_close(queue);
	if (random_below(r, 2))
		mq_unlink(name);
}

static void live_keys(struct random *r)
{
	static const int rings[] = { KEY_SPEC_USER_KEYRING, KEY_SPEC_SESSION_KEYRING,
				     KEY_SPEC_PROCESS_KEYRING };
	char name[16];

	if (random_below(r, 2))
		syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL);
	snprintf(name, sizeof(name), "soak%u", random_below(r, KEYS));
	must(syscall(SYS_add_key, "user", name, "x", 1,
		     rings[random_below(r, ARRAY_SIZE(rings))]) > 0, "add_key");
}

/* A context inside this one, by a handle, with a process or without. */
static void live_nested(struct random *r)
{
	int handle = context_create(device);

	if (handle < 0) {
		wrong("VCONTEXT_OPEN: %s", strerror(-handle));
		return;
	}
	if (random_below(r, 2) && !must_fork()) {
		int err = context_enter(handle);

		if (err)
			wrong("VCONTEXT_ENTER: %s", strerror(-err));
		live_shm(r);
		live_queue(r);
		_exit(0);
	}
	context_stat(handle);
	close(handle);
}

static void live_look(struct random *r)
{
	char text[4096];
	DIR *dir = opendir("/proc");

	(void)r;
	while (dir && readdir(dir))
		;
	if (dir)
		closedir(dir);
	read_text("/proc/self/status", text, sizeof(text));
	count_lines("/proc/sysvipc/shm");
}

static bool life_alone;	/* executed: what went wrong is known here only */

static void (*const acts[])(struct random *r) = {
	live_family, live_threads, live_signals, live_network, live_unix, live_shm, live_sem,
	live_msg, live_queue, live_keys, live_nested, live_look,
};

/* The caller, which is in a context, does some of these in random order, and ends. */
static void __attribute__((noreturn)) live(struct random *r)
{
	unsigned int deeds = 2 + random_below(r, 5);

	if (!random_below(r, 4))
		die_within(r, 200000);
	while (deeds--)
		acts[random_below(r, ARRAY_SIZE(acts))](r);
	_exit(life_alone && wrongs->count);
}

#endif /* SOAK_LIFE_H */
