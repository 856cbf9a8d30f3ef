// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "error.h"

struct vctl_error {
	enum vctl_code code;
	int number;
	char *what;
	char *why;
	char *advice;
};

/* Handed out when there is no memory for a real one; never freed or written. */
static struct vctl_error no_memory = {
	.code = VCTL_SYSTEM,
	.number = ENOMEM,
	.what = (char *)"libvctl",
	.why = (char *)"out of memory",
	.advice = (char *)"",
};

static struct vctl_error *error_new(enum vctl_code code, int number, const char *what,
				    const char *why, const char *advice)
{
	struct vctl_error *err = calloc(1, sizeof(*err));

	if (!err)
		return &no_memory;

	err->code = code;
	err->number = number;
	err->what = strdup(what);
	err->why = strdup(why);
	err->advice = strdup(advice);
	if (err->what && err->why && err->advice)
		return err;

	vctl_error_free(err);
	return &no_memory;
}

/* Of what a system call says, whoever makes it. */
static const char *usual_advice(int number)
{
	switch (number) {
	case ENOSPC:
	case EDQUOT:
		return "make room there";
	case EROFS:
		return "mount it read-write";
	case ENOMEM:
		return "end something else, and try again";
	default:
		return "";
	}
}

int vctl_error_set(struct vctl_error **err, enum vctl_code code, int number, const char *what,
		   const char *why, const char *advice)
{
	struct vctl_error *old;

	if (!err)
		return -number;

	if (!why) {
		why = strerrordesc_np(number);
		advice = advice ? advice : usual_advice(number);
	}
	old = *err;
	*err = error_new(code, number, what, why ? why : "unknown error", advice ? advice : "");
	/* Only now: the strings may have been those of the old one. */
	vctl_error_free(old);

	return -number;
}

int vctl_error_explain(struct vctl_error **err, const struct vctl_reason *reasons, int number,
		       const char *what)
{
	for (; reasons->number; reasons++) {
		if (reasons->number == number)
			return vctl_error_set(err, reasons->code, number, what, reasons->why,
					      reasons->advice);
	}

	return vctl_error_set(err, VCTL_SYSTEM, number, what, NULL, NULL);
}

enum vctl_code vctl_error_code(const struct vctl_error *err)
{
	return err ? err->code : (enum vctl_code)0;
}

int vctl_error_errno(const struct vctl_error *err)
{
	return err ? err->number : 0;
}

const char *vctl_error_what(const struct vctl_error *err)
{
	return err ? err->what : "";
}

const char *vctl_error_why(const struct vctl_error *err)
{
	return err ? err->why : "";
}

const char *vctl_error_advice(const struct vctl_error *err)
{
	return err ? err->advice : "";
}

void vctl_error_free(struct vctl_error *err)
{
	if (!err || err == &no_memory)
		return;

	free(err->what);
	free(err->why);
	free(err->advice);
	free(err);
}
