// SPDX-License-Identifier: GPL-2.0-only
/* System V IPC: by id, by key and by lists, between all contexts. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <unistd.h>

#include "guest.h"
#include "objects.h"

/* What the target makes, in a memfd for the actor. */

struct made {
	int ids[KINDS];
	key_t key;
};

static int give_objects(void)
{
	int fd = memfd_create("objects", MFD_CLOEXEC);
	struct made made = { .key = 0x56000000 + getpid() };
	int kind;

	for (kind = 0; kind < KINDS; kind++) {
		made.ids[kind] = object_make(kind, made.key);
		if (made.ids[kind] < 0)
			return -1;
	}
	return pwrite(fd, &made, sizeof(made), 0) == sizeof(made) ? fd : -1;
}

static struct made made_by(struct pair *pair)
{
	struct made made;

	ktap_expect(pread(pair->fd, &made, sizeof(made), 0) == sizeof(made), "memfd: %s",
		    errno_name(errno));
	return made;
}

static int id_of(struct pair *pair, enum kind kind)
{
	return made_by(pair).ids[kind];
}

/* Whatever earlier targets have left behind in context 0. */
static int clean(struct pair *pair)
{
	(void)pair;
	objects_remove_all();
	return 0;
}

/* Shared memory */

static int do_shmat(struct pair *pair)
{
	char *place = shmat(id_of(pair, SHM), NULL, pair_argument);

	if (place == (void *)-1)
		return errno;
	return strcmp(place, OBJECT_TEXT) ? EBADMSG : 0;
}

static int do_shmctl(struct pair *pair)
{
	return result(object_ctl(SHM, id_of(pair, SHM), pair_argument));
}

/* Semaphores */

static int do_semop(struct pair *pair)
{
	struct sembuf up = { .sem_op = 1, .sem_flg = pair_argument };

	return result(semop(id_of(pair, SEM), &up, 1));
}

static int do_semop_look(struct pair *pair)
{
	struct sembuf zero = { .sem_num = 1, .sem_flg = IPC_NOWAIT };

	return result(semop(id_of(pair, SEM), &zero, 1));
}

static int do_semtimedop(struct pair *pair)
{
	struct sembuf down = { .sem_op = -1, .sem_flg = pair_argument };
	struct timespec soon = { 0, 1000000 };

	return result(semtimedop(id_of(pair, SEM), &down, 1, &soon));
}

static int do_semctl(struct pair *pair)
{
	return result(object_ctl(SEM, id_of(pair, SEM), pair_argument));
}

/* Message queues */

static int do_msgsnd(struct pair *pair)
{
	struct message message = { 2, "mine" };

	return result(msgsnd(id_of(pair, MSG), &message, sizeof(message.text), pair_argument));
}

static int do_msgrcv(struct pair *pair)
{
	struct message message;

	return result(msgrcv(id_of(pair, MSG), &message, sizeof(message.text), 0,
			     IPC_NOWAIT | pair_argument));
}

static int do_msgctl(struct pair *pair)
{
	return result(object_ctl(MSG, id_of(pair, MSG), pair_argument));
}

/* By key, by walks, by lists. */

static int do_get(struct pair *pair)
{
	return result(object_get(pair_argument, made_by(pair).key, 0));
}

static int do_walk(struct pair *pair)
{
	return object_walk(pair_argument, id_of(pair, pair_argument), false) ? 0 : ENOENT;
}

static int do_walk_any(struct pair *pair)
{
	return object_walk(pair_argument, id_of(pair, pair_argument), true) ? 0 : ENOENT;
}

static int do_list(struct pair *pair)
{
	return object_listed(pair_argument, id_of(pair, pair_argument)) ? 0 : ENOENT;
}

/* A list that was opened before. */
static FILE *kept[KINDS];

static int keep_lists(struct pair *pair)
{
	int kind;

	for (kind = 0; kind < KINDS; kind++) {
		kept[kind] = fopen(object_lists[kind], "re");
		if (!kept[kind])
			return -1;
	}
	return clean(pair);
}

static int do_list_kept(struct pair *pair)
{
	return object_in(kept[pair_argument], id_of(pair, pair_argument)) ? 0 : ENOENT;
}

#define OBJECTS		.prepare = clean, .give = give_objects
#define CHANGES		OBJECTS, .hidden = { EINVAL }, .watcher = EPERM
#define LOOKS		OBJECTS, .hidden = { EINVAL }
#define FINDS		OBJECTS, .hidden = { ENOENT }

static const struct act acts[] = {
	{ "shmat", .run = do_shmat, CHANGES },
	{ "shmat to read", .run = do_shmat, .argument = SHM_RDONLY, CHANGES },
	{ "shmctl IPC_STAT", .run = do_shmctl, .argument = IPC_STAT, LOOKS },
	{ "shmctl SHM_STAT", .run = do_shmctl, .argument = SHM_STAT, LOOKS },
	{ "shmctl SHM_STAT_ANY", .run = do_shmctl, .argument = SHM_STAT_ANY, LOOKS },
	{ "shmctl IPC_SET", .run = do_shmctl, .argument = IPC_SET, CHANGES },
	{ "shmctl IPC_RMID", .run = do_shmctl, .argument = IPC_RMID, CHANGES },
	{ "shmctl SHM_LOCK", .run = do_shmctl, .argument = SHM_LOCK, CHANGES },
	{ "shmctl SHM_UNLOCK", .run = do_shmctl, .argument = SHM_UNLOCK, CHANGES },
	{ "semop", .run = do_semop, CHANGES },
	{ "semop SEM_UNDO", .run = do_semop, .argument = SEM_UNDO, CHANGES },
	{ "semop to read", .run = do_semop_look, CHANGES },
	{ "semtimedop", .run = do_semtimedop, CHANGES },
	{ "semtimedop SEM_UNDO", .run = do_semtimedop, .argument = SEM_UNDO, CHANGES },
	{ "semctl IPC_STAT", .run = do_semctl, .argument = IPC_STAT, LOOKS },
	{ "semctl SEM_STAT", .run = do_semctl, .argument = SEM_STAT, LOOKS },
	{ "semctl SEM_STAT_ANY", .run = do_semctl, .argument = SEM_STAT_ANY, LOOKS },
	{ "semctl GETVAL", .run = do_semctl, .argument = GETVAL, LOOKS },
	{ "semctl GETALL", .run = do_semctl, .argument = GETALL, LOOKS },
	{ "semctl GETPID", .run = do_semctl, .argument = GETPID, LOOKS },
	{ "semctl GETNCNT", .run = do_semctl, .argument = GETNCNT, LOOKS },
	{ "semctl GETZCNT", .run = do_semctl, .argument = GETZCNT, LOOKS },
	{ "semctl SETVAL", .run = do_semctl, .argument = SETVAL, CHANGES },
	{ "semctl SETALL", .run = do_semctl, .argument = SETALL, CHANGES },
	{ "semctl IPC_SET", .run = do_semctl, .argument = IPC_SET, CHANGES },
	{ "semctl IPC_RMID", .run = do_semctl, .argument = IPC_RMID, CHANGES },
	{ "msgsnd", .run = do_msgsnd, CHANGES },
	{ "msgsnd IPC_NOWAIT", .run = do_msgsnd, .argument = IPC_NOWAIT, CHANGES },
	/* to the watcher a queue of others is always empty */
	{ "msgrcv", .run = do_msgrcv, OBJECTS, .hidden = { EINVAL }, .watcher = ENOMSG },
	{ "msgrcv MSG_COPY", .run = do_msgrcv, .argument = MSG_COPY, OBJECTS,
	  .hidden = { EINVAL }, .watcher = ENOMSG },
	{ "msgctl IPC_STAT", .run = do_msgctl, .argument = IPC_STAT, LOOKS },
	{ "msgctl MSG_STAT", .run = do_msgctl, .argument = MSG_STAT, LOOKS },
	{ "msgctl MSG_STAT_ANY", .run = do_msgctl, .argument = MSG_STAT_ANY, LOOKS },
	{ "msgctl IPC_SET", .run = do_msgctl, .argument = IPC_SET, CHANGES },
	{ "msgctl IPC_RMID", .run = do_msgctl, .argument = IPC_RMID, CHANGES },

	{ "shmget", .run = do_get, .argument = SHM, FINDS, .watcher = ENOENT },
	{ "semget", .run = do_get, .argument = SEM, FINDS, .watcher = ENOENT },
	{ "msgget", .run = do_get, .argument = MSG, FINDS, .watcher = ENOENT },
	{ "walk by SHM_STAT", .run = do_walk, .argument = SHM, FINDS },
	{ "walk by SEM_STAT", .run = do_walk, .argument = SEM, FINDS },
	{ "walk by MSG_STAT", .run = do_walk, .argument = MSG, FINDS },
	{ "walk by SHM_STAT_ANY", .run = do_walk_any, .argument = SHM, FINDS },
	{ "walk by SEM_STAT_ANY", .run = do_walk_any, .argument = SEM, FINDS },
	{ "walk by MSG_STAT_ANY", .run = do_walk_any, .argument = MSG, FINDS },
	{ "/proc/sysvipc/shm", .run = do_list, .argument = SHM, FINDS },
	{ "/proc/sysvipc/sem", .run = do_list, .argument = SEM, FINDS },
	{ "/proc/sysvipc/msg", .run = do_list, .argument = MSG, FINDS },
	{ "/proc/sysvipc/shm opened before", keep_lists, give_objects, do_list_kept, SHM,
	  { ENOENT } },
	{ "/proc/sysvipc/sem opened before", keep_lists, give_objects, do_list_kept, SEM,
	  { ENOENT } },
	{ "/proc/sysvipc/msg opened before", keep_lists, give_objects, do_list_kept, MSG,
	  { ENOENT } },
};

/* One key, in context 0 and in two others, one of them inside the other. */

#define KEY	0x57000000

struct key_test {
	enum kind kind;
	bool user;
};

static void own_by_key(enum kind kind, const char *text)
{
	key_t key = KEY + getpgrp();
	int id;

	id = object_get(kind, key, IPC_CREAT | IPC_EXCL);
	ktap_expect(id >= 0, "expected the key to be free %s, came %s", text, errno_name(errno));
	object_write(kind, id, text);
	ktap_expect(object_get(kind, key, 0) == id, "expected the own object by its key");
	ktap_expect(object_get(kind, key, IPC_CREAT | IPC_EXCL) == -1 && errno == EEXIST,
		    "expected EEXIST for the second of one context");
	ktap_expect(object_walk(kind, id, true), "expected the own object in a walk");
	ktap_expect(object_listed(kind, id), "expected the own object in the list");
}

static void stays_as(enum kind kind, const char *text)
{
	int id = object_get(kind, KEY + getpgrp(), 0);

	ktap_expect(id >= 0, "expected the own object %s still, came %s", text, errno_name(errno));
	ktap_expect(object_has(kind, id, text), "expected what was written %s, came another's",
		    text);
}

static void inner(void *kind)
{
	enter_new(0);
	own_by_key(*(int *)kind, "in the inner context");
	stays_as(*(int *)kind, "in the inner context");
}

static void outer(void *kind)
{
	enter_new(0);
	own_by_key(*(int *)kind, "in the outer context");
	in_child(inner, kind);
	stays_as(*(int *)kind, "in the outer context");
}

static void run_key(const void *data)
{
	const struct key_test *test = data;
	int kind = test->kind;

	become(test->user ? USER : 0);
	own_by_key(kind, "in context 0");
	in_child(outer, &kind);
	stays_as(kind, "in context 0");
	object_ctl(kind, object_get(kind, KEY + getpgrp(), 0), IPC_RMID);
}

/* As many as there are contexts: all objects of one key are in one place of the kernel's table. */

#define CROWD	100

static void crowd_member(void *kind)
{
	enter_new(0);
	ktap_expect(object_get(*(int *)kind, KEY, IPC_CREAT | IPC_EXCL) >= 0,
		    "expected the key to be free in a new context, came %s", errno_name(errno));
}

static void run_crowd(const void *data)
{
	struct sitter sitters[CROWD];
	int kind = *(const enum kind *)data, i;

	for (i = 0; i < CROWD; i++)
		sitters[i] = sitter_start(crowd_member, &kind);
	/* each has the lines of those before it */
	for (i = CROWD - 1; i >= 0; i--)
		sitter_end(&sitters[i]);
}

/* A message that comes while the watcher waits for one is not the watcher's. */

struct wait {
	volatile int id, got;
};

static void wait_as_watcher(struct wait *wait)
{
	struct message message;

	enter_id(VCONTEXT_ID_WATCHER);
	while (wait->id < 0)
		nap(1);
	/* it would wait for ever, for its own there is nothing to come */
	signal(SIGALRM, SIG_DFL);
	alarm(2);
	msgrcv(wait->id, &message, sizeof(message.text), 0, 0);
	wait->got = 1;
	_exit(0);
}

static void run_watcher_waits(const void *unused)
{
	struct wait *wait = mmap(NULL, sizeof(*wait), PROT_READ | PROT_WRITE,
				 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t watcher;
	int id;

	(void)unused;
	wait->id = -1;
	watcher = fork_or_fail();
	if (!watcher)
		wait_as_watcher(wait);
	enter_new(0);
	id = object_get(MSG, IPC_PRIVATE, IPC_CREAT);
	wait->id = id;
	nap(300);
	object_write(MSG, id, "for the own");
	nap(100);
	ktap_expect(!wait->got, "expected the message to stay, came the watcher and got it");
	ktap_expect(object_has(MSG, id, "for the own"), "expected the message to stay");
	wait_status(watcher);
}

static const struct key_test key_tests[] = {
	{ SHM, true }, { SEM, true }, { MSG, true }, { SHM, false }, { SEM, false }, { MSG, false },
};

static const enum kind kinds[] = { SHM, SEM, MSG };

static const struct ktap_case cases[] = {
	{ "one key of shared memory in three contexts as user", run_key, &key_tests[0] },
	{ "one key of semaphores in three contexts as user", run_key, &key_tests[1] },
	{ "one key of message queues in three contexts as user", run_key, &key_tests[2] },
	{ "one key of shared memory in three contexts as root", run_key, &key_tests[3] },
	{ "one key of semaphores in three contexts as root", run_key, &key_tests[4] },
	{ "one key of message queues in three contexts as root", run_key, &key_tests[5] },
	{ "one key of shared memory in a hundred contexts", run_crowd, &kinds[0], 30 },
	{ "one key of semaphores in a hundred contexts", run_crowd, &kinds[1], 30 },
	{ "one key of message queues in a hundred contexts", run_crowd, &kinds[2], 30 },
	{ "msgrcv by the watcher of what is sent later", run_watcher_waits },
};

int main(int argc, char **argv)
{
	pair_add_all(acts);
	ktap_add_all(cases);
	return ktap_main(argc, argv);
}
