/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef PLAN_H
#define PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "ceiling.h"
#include "command.h"

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

/**
 * plan_run() - Enter the context, made if need be, and become the command
 * @plan: without @disconnect
 *
 * Return: only on failure, told; or what the command ended with, if it had to be a child's.
 */
enum status plan_run(const struct plan *plan);

#endif /* PLAN_H */
