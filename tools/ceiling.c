// SPDX-License-Identifier: GPL-2.0-only
/* Capability ceilings, as command lines speak of them. */
#include <sys/prctl.h>

#include <vctl.h>

#include "ceiling.h"
#include "cleanup.h"
#include "message.h"

int ceiling_take(struct ceiling *ceiling, int value, const char *argument)
{
	vctl_auto_error struct vctl_error *err = NULL;
	int result;

	if (value == OPTION_SECURE) {
		ceiling->secure = true;
		return 0;
	}

	result = *argument == '!' ? vctl_cap_parse(argument + 1, &ceiling->dropped, &err) :
				    vctl_cap_parse(argument, &ceiling->kept, &err);
	if (result < 0)
		message_fail(err);
	return result < 0 ? -1 : 0;
}

int ceiling_drop(const struct command *command, const struct ceiling *ceiling, uint64_t *drop)
{
	auto_free char *names = NULL;
	auto_free char *what = NULL;

	if (ceiling->kept & ceiling->dropped) {
		names = vctl_cap_format(ceiling->kept & ceiling->dropped);
		if (!names || asprintf(&what, "capability %s", names) < 0)
			what = NULL;
		message_usage(command, what ? what : "capability",
			      "it is to be kept and to be dropped, which cannot both be meant");
		return -1;
	}

	*drop = ceiling->dropped;
	if (ceiling->secure)
		*drop |= vctl_secure_drop() & ~ceiling->kept;
	return 0;
}

uint64_t ceiling_own(void)
{
	uint64_t own = 0;

	for (int bit = 0, there; (there = prctl(PR_CAPBSET_READ, bit, 0, 0, 0)) >= 0; bit++)
		own |= (uint64_t)there << bit;

	return own;
}
