// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>

#include "guest.h"
#include "objects.h"

#define SIZE	4096
#define COUNT	2		/* semaphores of a set; the second stays 0 */
#define INDEX_MASK	0x7fff	/* what of an id is the index */

const char *const object_lists[KINDS] = {
	"/proc/sysvipc/shm", "/proc/sysvipc/sem", "/proc/sysvipc/msg",
};

union argument {
	int value;
	struct semid_ds *ds;
	struct seminfo *info;
	unsigned short *array;
};

int object_get(enum kind kind, key_t key, int flags)
{
	int mode = flags & IPC_CREAT ? 0666 : 0;

	switch (kind) {
	case SHM:
		return shmget(key, flags & IPC_CREAT ? SIZE : 0, flags | mode);
	case SEM:
		return semget(key, flags & IPC_CREAT ? COUNT : 0, flags | mode);
	default:
		return msgget(key, flags | mode);
	}
}

static int index_of(int id)
{
	return id & INDEX_MASK;
}

static long shm_ctl(int id, int cmd)
{
	struct shmid_ds ds = { .shm_perm.uid = USER, .shm_perm.gid = USER, .shm_perm.mode = 0666 };

	if (cmd != SHM_STAT && cmd != SHM_STAT_ANY)
		return shmctl(id, cmd, &ds);
	return shmctl(index_of(id), cmd, &ds);
}

static long sem_ctl(int id, int cmd)
{
	struct semid_ds ds = { .sem_perm.uid = USER, .sem_perm.gid = USER, .sem_perm.mode = 0666 };
	unsigned short values[COUNT] = { 7, 0 };

	switch (cmd) {
	case SEM_STAT:
	case SEM_STAT_ANY:
		return semctl(index_of(id), 0, cmd, (union argument){ .ds = &ds });
	case SETVAL:
		return semctl(id, 0, cmd, (union argument){ .value = 7 });
	case GETALL:
	case SETALL:
		return semctl(id, 0, cmd, (union argument){ .array = values });
	default:
		return semctl(id, 0, cmd, (union argument){ .ds = &ds });
	}
}

static long msg_ctl(int id, int cmd)
{
	struct msqid_ds ds = {
		.msg_perm.uid = USER, .msg_perm.gid = USER, .msg_perm.mode = 0666,
		.msg_qbytes = 1024,
	};

	if (cmd != MSG_STAT && cmd != MSG_STAT_ANY)
		return msgctl(id, cmd, &ds);
	return msgctl(index_of(id), cmd, &ds);
}

long object_ctl(enum kind kind, int id, int cmd)
{
	switch (kind) {
	case SHM:
		return shm_ctl(id, cmd);
	case SEM:
		return sem_ctl(id, cmd);
	default:
		return msg_ctl(id, cmd);
	}
}

static int first_letter(const char *text)
{
	return (unsigned char)text[0];
}

/* Of a text semaphores keep the first letter, queues keep the last one sent. */
void object_write(enum kind kind, int id, const char *text)
{
	struct message message = { .type = 1 };
	char *place;

	switch (kind) {
	case SHM:
		place = shmat(id, NULL, 0);
		ktap_expect(place != (void *)-1, "shmat: %s", errno_name(errno));
		strcpy(place, text);
		shmdt(place);
		return;
	case SEM:
		ktap_expect(!semctl(id, 0, SETVAL, (union argument){ .value = first_letter(text) }),
			    "SETVAL: %s", errno_name(errno));
		return;
	default:
		strncpy(message.text, text, sizeof(message.text) - 1);
		ktap_expect(!msgsnd(id, &message, sizeof(message.text), IPC_NOWAIT), "msgsnd: %s",
			    errno_name(errno));
	}
}

bool object_has(enum kind kind, int id, const char *text)
{
	struct message message;
	bool same;
	char *place;

	switch (kind) {
	case SHM:
		place = shmat(id, NULL, 0);
		if (place == (void *)-1)
			return false;
		same = !strcmp(place, text);
		shmdt(place);
		return same;
	case SEM:
		return semctl(id, 0, GETVAL) == first_letter(text);
	default:
		return msgrcv(id, &message, sizeof(message.text), 0, IPC_NOWAIT) >= 0 &&
		       !strncmp(message.text, text, sizeof(message.text) - 1) &&
		       msgrcv(id, &message, sizeof(message.text), 0, IPC_NOWAIT) < 0;
	}
}

int object_make(enum kind kind, key_t key)
{
	int id = object_get(kind, key, IPC_CREAT | IPC_EXCL);

	if (id >= 0)
		object_write(kind, id, OBJECT_TEXT);
	return id;
}

static int last_index(enum kind kind)
{
	struct shmid_ds shm;
	struct msginfo msg;
	struct seminfo sem;

	switch (kind) {
	case SHM:
		return shmctl(0, IPC_INFO, &shm);
	case SEM:
		return semctl(0, 0, IPC_INFO, (union argument){ .info = &sem });
	default:
		return msgctl(0, IPC_INFO, (struct msqid_ds *)&msg);
	}
}

static int stat_index(enum kind kind, int index, bool any)
{
	static const int commands[KINDS][2] = {
		[SHM] = { SHM_STAT, SHM_STAT_ANY },
		[SEM] = { SEM_STAT, SEM_STAT_ANY },
		[MSG] = { MSG_STAT, MSG_STAT_ANY },
	};

	return object_ctl(kind, index, commands[kind][any]);
}

bool object_walk(enum kind kind, int id, bool any)
{
	/* whatever is said about the last one: some more */
	int last = last_index(kind) + 256, index;

	for (index = 0; index <= last; index++)
		if (stat_index(kind, index, any) == id)
			return true;
	return false;
}

bool object_in(FILE *list, int id)
{
	char line[512];
	int key, have;

	while (fgets(line, sizeof(line), list))
		if (sscanf(line, "%d %d", &key, &have) == 2 && have == id)
			return true;
	return false;
}

bool object_listed(enum kind kind, int id)
{
	FILE *list = fopen(object_lists[kind], "re");
	bool in = list && object_in(list, id);

	if (list)
		fclose(list);
	return in;
}

int objects_listed(void)
{
	int kind, count = 0;
	char line[512];
	FILE *list;

	for (kind = 0; kind < KINDS; kind++) {
		list = fopen(object_lists[kind], "re");
		ktap_expect(list, "%s: %s", object_lists[kind], errno_name(errno));
		while (fgets(line, sizeof(line), list))
			count++;
		fclose(list);
	}
	return count - KINDS;		/* each list has a head line */
}

void objects_remove_all(void)
{
	int kind, index, last, id;

	for (kind = 0; kind < KINDS; kind++) {
		last = last_index(kind);
		for (index = 0; index <= last; index++) {
			id = stat_index(kind, index, true);
			if (id >= 0)
				object_ctl(kind, id, IPC_RMID);
		}
	}
}
