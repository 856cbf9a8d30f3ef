/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Attempts of root that is in a context and has the ceiling of --secure, and, to see that nothing
 * else is in the way, of root in a context without a ceiling.
 */
#ifndef CONFINED_H
#define CONFINED_H

#include "guest.h"

#define SECURE_DROPS	(((1ULL << 41) - 1) & ~VCONTEXT_SECURE_KEEPS)

struct attempt {
	const char *name;
	/* 0 or an errno; must leave nothing behind that disturbs the guest */
	int (*run)(const struct attempt *attempt);
	const char *path;
	long number;
	short confined[3];	/* one of these is expected of the confined; the first may be 0 */
	short full;		/* and this of root without a ceiling, or ANY_BUT_EPERM */
	/* in context 0, before; and there afterwards, by the case */
	void (*prepare)(const struct attempt *attempt);
	void (*undo)(const struct attempt *attempt);
};

#define ANY_BUT_EPERM	(-1)

/* A context with the ceiling of --secure. */
void enter_secure(void);

/* Two cases for each. */
void attempts_add(const struct attempt *attempts, size_t count);
#define attempts_add_all(attempts) attempts_add(attempts, ARRAY_SIZE(attempts))

#endif /* CONFINED_H */
