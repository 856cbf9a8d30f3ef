/* SPDX-License-Identifier: GPL-2.0-only */
/* Objects of System V IPC, of all three kinds in the same way. */
#ifndef OBJECTS_H
#define OBJECTS_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

enum kind { SHM, SEM, MSG, KINDS };

#define OBJECT_TEXT	"of the maker"

struct message {
	long type;
	char text[32];
};

/* SHM_STAT_ANY and so on are not in all headers. */
#ifndef SHM_STAT_ANY
#define SHM_STAT_ANY	15
#endif
#ifndef SEM_STAT_ANY
#define SEM_STAT_ANY	20
#endif
#ifndef MSG_STAT_ANY
#define MSG_STAT_ANY	13
#endif
#ifndef MSG_COPY
#define MSG_COPY	040000
#endif

extern const char *const object_lists[KINDS];

/* These return what the system call did. */
int object_get(enum kind kind, key_t key, int flags);
/* shmctl(), semctl() or msgctl() with what they need; of *_STAT* what came has to be @id's. */
long object_ctl(enum kind kind, int id, int cmd);

/* A new object with OBJECT_TEXT in it: its id, or -1. */
int object_make(enum kind kind, key_t key);
void object_write(enum kind kind, int id, const char *text);
bool object_has(enum kind kind, int id, const char *text);

/* Is it found by *_STAT (or *_STAT_ANY) of all indices?  In a list of /proc/sysvipc? */
bool object_walk(enum kind kind, int id, bool any);
bool object_in(FILE *list, int id);
bool object_listed(enum kind kind, int id);

/* How many are listed in all of /proc/sysvipc? */
int objects_listed(void);
void objects_remove_all(void);

#endif /* OBJECTS_H */
