/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef VCTL_ERROR_H
#define VCTL_ERROR_H

#include <stddef.h>

#include <vctl.h>

/* Words that belong to more than one command. */
#define ADVICE_THREADS		"do it before the second thread is started, or in a child process"
#define WHY_OLD_MODULE		"the module is older than this program"
#define ADVICE_OLD_MODULE	"load the vcontext module that came with these programs"

/* What an errno value means where it came from.  Tables of these end with a zero @number. */
struct vctl_reason {
	int number;
	enum vctl_code code;
	const char *why;
	const char *advice;
};

/**
 * vctl_error_set() - Replace *@err by a new error object
 * @err: where it goes; NULL: nobody wants it
 * @code: what went wrong
 * @number: the errno value, positive
 * @what: what failed; all three strings are copied
 * @why: the reason; NULL: what the system says to @number
 * @advice: what to do; NULL: nothing to say
 *
 * Return: -@number, so that it can be the last statement of a function that fails.
 */
int vctl_error_set(struct vctl_error **err, enum vctl_code code, int number, const char *what,
		   const char *why, const char *advice);

/**
 * vctl_error_explain() - vctl_error_set() by a table
 * @err: where it goes
 * @reasons: the table; what it doesn't have is VCTL_SYSTEM
 * @number: the errno value, positive
 * @what: what failed
 *
 * Return: -@number.
 */
int vctl_error_explain(struct vctl_error **err, const struct vctl_reason *reasons, int number,
		       const char *what);

#endif /* VCTL_ERROR_H */
