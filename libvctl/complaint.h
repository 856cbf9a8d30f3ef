/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An error in one piece: what a child tells its parent.  It needs no memory of its own: the child
 * of a process with threads may not ask for any.
 */
#ifndef VCTL_COMPLAINT_H
#define VCTL_COMPLAINT_H

#include <limits.h>

#include <vctl.h>

struct complaint {
	int number;			/* an errno value, positive */
	enum vctl_code code;
	char what[NAME_MAX + 64];
	char why[160];			/* "": what the system says to @number */
	char advice[160];
};

/**
 * complain() - Fill one in
 * @complaint: it
 * @code: what went wrong
 * @number: the errno value, positive
 * @why: the reason; NULL: what the system says to @number
 * @advice: what to do; NULL: nothing to say
 * @what: what failed, as printf() takes it
 *
 * Return: -@number.
 */
__attribute__((format(printf, 6, 7)))
int complain(struct complaint *complaint, enum vctl_code code, int number, const char *why,
	     const char *advice, const char *what, ...);

/* What can only be an errno value; the last statement of a function that fails. */
#define complain_system(complaint, number, ...) \
	complain(complaint, VCTL_SYSTEM, number, NULL, NULL, __VA_ARGS__)

/** complaint_raise() - Make an error object of it; its -number */
int complaint_raise(const struct complaint *complaint, struct vctl_error **err);

#endif /* VCTL_COMPLAINT_H */
