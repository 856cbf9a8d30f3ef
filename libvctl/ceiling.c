// SPDX-License-Identifier: LGPL-2.1-or-later
/* Ceilings: lowering the own one, and masks of the capabilities that this kernel has, by name. */
#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/capability.h>

#include "ceiling.h"
#include "cleanup.h"
#include "device.h"
#include "error.h"

#define CAPS_MAX	64
#define NAME_ROOM	32	/* the longest name has 18 letters */

/* Those of this kernel in the order of their bits; the list ends with NULL. */
struct cap_names {
	char text[CAPS_MAX][NAME_ROOM];
	const char *list[CAPS_MAX + 1];
};

/* As in the header of the kernel, without CAP_; a dash is as good as an underscore. */
static void spell(const char *name, char text[NAME_ROOM])
{
	size_t length;

	if (strncasecmp(name, "cap_", 4) == 0 || strncasecmp(name, "cap-", 4) == 0)
		name += 4;

	for (length = 0; name[length] && length < NAME_ROOM - 1; length++) {
		int letter = toupper((unsigned char)name[length]);

		text[length] = letter == '-' ? '_' : (char)letter;
	}
	text[length] = '\0';
}

/* A capability that is younger than libcap has its number for a name. */
static void spell_bit(unsigned int bit, char text[NAME_ROOM])
{
	char *name = cap_to_name((cap_value_t)bit);

	if (name)
		spell(name, text);
	else
		snprintf(text, NAME_ROOM, "%u", bit);
	cap_free(name);
}

static bool has_bit(uint64_t mask, unsigned int bit)
{
	return mask >> bit & 1;
}

static void read_names(struct cap_names *names)
{
	uint64_t all = vctl_cap_all();
	unsigned int bit;

	for (bit = 0; bit < CAPS_MAX && has_bit(all, bit); bit++) {
		spell_bit(bit, names->text[bit]);
		names->list[bit] = names->text[bit];
	}
	names->list[bit] = NULL;
}

uint64_t vctl_cap_all(void)
{
	int count = cap_max_bits();

	return count >= CAPS_MAX ? UINT64_MAX : (1ULL << count) - 1;
}

uint64_t vctl_secure_drop(void)
{
	return vctl_cap_all() & ~VCONTEXT_SECURE_KEEPS;
}

static int bad_cap(const char *name, const char *near, struct vctl_error **err)
{
	char what[NAME_ROOM + 16];
	char advice[NAME_ROOM + 16];

	snprintf(what, sizeof(what), "capability %.*s", NAME_ROOM, *name ? name : "(empty)");
	if (near)
		snprintf(advice, sizeof(advice), "did you mean %s?", near);
	return vctl_error_set(err, VCTL_BAD_CAP, EINVAL, what,
			      "this kernel has no capability of that name",
			      near ? advice : "the names of capabilities are in capabilities(7)");
}

int vctl_cap_parse(const char *name, uint64_t *mask, struct vctl_error **err)
{
	struct cap_names names;
	char text[NAME_ROOM];

	spell(name, text);
	read_names(&names);
	for (unsigned int bit = 0; names.list[bit]; bit++) {
		if (strcmp(text, names.list[bit]) == 0) {
			*mask |= 1ULL << bit;
			return 0;
		}
	}

	return bad_cap(name, vctl_nearest(text, names.list), err);
}

char *vctl_cap_format(uint64_t mask)
{
	char list[CAPS_MAX * NAME_ROOM] = "";
	char text[NAME_ROOM];
	size_t used = 0;

	for (unsigned int bit = 0; bit < CAPS_MAX; bit++) {
		if (!has_bit(mask, bit))
			continue;
		spell_bit(bit, text);
		used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%s", used ? " " : "",
					 text);
	}

	return strdup(list);
}

int vctl_ceiling_explain(uint64_t drop, const char *what, struct vctl_error **err)
{
	uint64_t unknown = drop & ~vctl_cap_all();
	auto_free char *names = NULL;
	char why[160];

	if (!unknown)
		return 0;

	names = vctl_cap_format(unknown);
	snprintf(why, sizeof(why), "this kernel does not have the capability %s",
		 names ? names : "named");
	return vctl_error_set(err, VCTL_BAD_CAP, EINVAL, what, why, "leave it out");
}

static const struct vctl_reason lower_reasons[] = {
	{ EINVAL, VCTL_THREADS, "a process with more than one thread cannot lower its ceiling",
	  ADVICE_THREADS },
	{ ENOTTY, VCTL_OLD_KERNEL, WHY_OLD_MODULE, ADVICE_OLD_MODULE },
	{ 0 },
};

int vctl_lower(struct vctl_device *dev, uint64_t drop, struct vctl_error **err)
{
	struct vcontext_lower lower = VCTL_SIZED(struct vcontext_lower);
	const char *what = "capability ceiling";
	int result;

	lower.drop = drop;
	result = vctl_transport_ioctl(dev->transport, dev->fd, VCONTEXT_LOWER, &lower);
	if (result >= 0)
		return 0;

	if (result == -EINVAL && vctl_ceiling_explain(drop, what, err) < 0)
		return -EINVAL;
	return vctl_error_explain(err, lower_reasons, -result, what);
}
