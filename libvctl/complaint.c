// SPDX-License-Identifier: LGPL-2.1-or-later
#include <stdarg.h>
#include <stdio.h>

#include "complaint.h"
#include "error.h"

int complain(struct complaint *complaint, enum vctl_code code, int number, const char *why,
	     const char *advice, const char *what, ...)
{
	va_list arguments;

	complaint->code = code;
	complaint->number = number;
	va_start(arguments, what);
	vsnprintf(complaint->what, sizeof(complaint->what), what, arguments);
	va_end(arguments);
	snprintf(complaint->why, sizeof(complaint->why), "%s", why ? why : "");
	snprintf(complaint->advice, sizeof(complaint->advice), "%s", advice ? advice : "");

	return -number;
}

int complaint_raise(const struct complaint *complaint, struct vctl_error **err)
{
	return vctl_error_set(err, complaint->code, complaint->number, complaint->what,
			      *complaint->why ? complaint->why : NULL, complaint->advice);
}
