/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Processes that do what they are told, so that a case with several of them reads from top to
 * bottom; and the addresses that they have.
 */
#ifndef PARTY_H
#define PARTY_H

#include <stddef.h>
#include <sys/types.h>

#include "guest.h"

/*
 * Three networks, each on a device of its own name; net_up() makes them.  The machine calls from
 * .100 there when left alone.  Nobody has .77.
 */
#define ONE	"10.81.1.100"	/* on dummy1 */
#define TWO	"10.81.2.100"	/* on dummy2 */
#define THREE	"10.81.3.100"	/* on dummy3 */
#define A	"10.81.1.1"
#define B	"10.81.1.2"
#define C	"10.81.1.3"
#define D	"10.81.1.4"
#define E	"10.81.2.1"
#define F	"10.81.2.2"
#define ONE6	"fd81:1::100"
#define TWO6	"fd81:2::100"
#define THREE6	"fd81:3::100"
#define A6	"fd81:1::1"
#define B6	"fd81:1::2"
#define C6	"fd81:1::3"
#define E6	"fd81:2::1"
#define OFF	"10.81.1.77"
#define OFF2	"10.81.2.77"
#define OFF6	"fd81:1::77"

void net_up(void);

/* Call the program @ip with the lines of @text; what it says is not listened to. */
void ip_batch(const char *text);

struct party {
	pid_t pid;
	int line;		/* what to do, and that it is done */
	int passage;		/* for descriptors */
	struct task *task;
};

/* A process that is tied to the set @set as of tie.h; to none: NULL. */
struct party *party_new(const char *set, __u32 flags);
void party_tie(struct party *party, const char *set, __u32 flags);
void party_end(struct party *party);

/*
 * Have @function called by @party (NULL: here) with a copy of the @size bytes at @data, which come
 * back as it leaves them.  If it gives up, so does the case.
 */
void tell(struct party *party, void (*function)(void *data), void *data, size_t size);

/* Give the descriptor @fd of @from to @to; either may be NULL.  Returns its number there. */
int party_pass(struct party *from, int fd, struct party *to);

#endif /* PARTY_H */
