/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef PLAN_H
#define PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "ceiling.h"

/* What the command line of "vctl context" asks for. */
struct plan {
	uint32_t id;		/* VCONTEXT_ID_ANY: a new one */
	uint32_t flags;
	struct ceiling ceiling;
	uint64_t drop;		/* what @ceiling comes to */
	const char *hostname;
	const char *domainname;
	bool disconnect;
	bool silent;
	char **argv;
};

#endif /* PLAN_H */
