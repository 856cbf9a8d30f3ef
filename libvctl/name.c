// SPDX-License-Identifier: LGPL-2.1-or-later
/* Names and numbers as people write them: flags, ids, and words with a slip in them. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "error.h"

#define WORD_MAX 32

/* Same order in both; the names end with NULL because vctl_flag_names() hands them out. */
static const uint32_t flag_bits[] = {
	VCONTEXT_LOCK,	   VCONTEXT_SCHED,    VCONTEXT_NPROC, VCONTEXT_PRIVATE,
	VCONTEXT_FAKEINIT, VCONTEXT_HIDEINFO, VCONTEXT_USERNS,
};
static const char *const flag_names[] = {
	"lock", "sched", "nproc", "private", "fakeinit", "hideinfo", "userns", NULL
};

_Static_assert(sizeof(flag_names) / sizeof(flag_names[0]) ==
	       sizeof(flag_bits) / sizeof(flag_bits[0]) + 1, "one name for each bit");

static uint32_t bit_of(const char *name, size_t length)
{
	for (size_t i = 0; flag_names[i]; i++) {
		if (strlen(flag_names[i]) == length && memcmp(flag_names[i], name, length) == 0)
			return flag_bits[i];
	}

	return 0;
}

uint32_t vctl_flag_bit(const char *name)
{
	return bit_of(name, strlen(name));
}

const char *vctl_flag_name(uint32_t bit)
{
	for (size_t i = 0; flag_names[i]; i++) {
		if (flag_bits[i] == bit)
			return flag_names[i];
	}

	return NULL;
}

const char *const *vctl_flag_names(void)
{
	return flag_names;
}

static int bad_flag(const char *name, size_t length, struct vctl_error **err)
{
	char word[WORD_MAX + 1];
	char what[WORD_MAX + 16];
	char advice[160] = "known flags:";
	const char *near;
	size_t used;

	snprintf(word, sizeof(word), "%.*s", length > WORD_MAX ? WORD_MAX : (int)length, name);
	snprintf(what, sizeof(what), "flag %s", *word ? word : "(empty)");
	near = vctl_nearest(word, flag_names);
	if (near)
		snprintf(advice, sizeof(advice), "did you mean %s? Known flags:", near);
	for (size_t i = 0; flag_names[i]; i++) {
		used = strlen(advice);
		snprintf(advice + used, sizeof(advice) - used, "%s %s", i ? "," : "",
			 flag_names[i]);
	}

	return vctl_error_set(err, VCTL_BAD_FLAG, EINVAL, what, "there is no such flag", advice);
}

int vctl_flags_parse(const char *text, uint32_t *flags, struct vctl_error **err)
{
	uint32_t read = 0;

	for (;;) {
		size_t length = strcspn(text, ",");
		uint32_t bit = bit_of(text, length);

		if (!bit)
			return bad_flag(text, length, err);
		read |= bit;
		if (!text[length])
			break;
		text += length + 1;
	}

	*flags |= read;
	return 0;
}

char *vctl_flags_format(uint32_t flags)
{
	char list[160] = "";
	size_t used = 0;

	for (size_t i = 0; flag_names[i]; i++) {
		if (flags & flag_bits[i])
			used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%s",
						 used ? "," : "", flag_names[i]);
		flags &= ~flag_bits[i];
	}
	if (flags)
		snprintf(list + used, sizeof(list) - used, "%s0x%x", used ? "," : "", flags);

	return strdup(list);
}

int vctl_id_parse(const char *text, uint32_t *id, struct vctl_error **err)
{
	unsigned long value = 0;
	char what[WORD_MAX + 16];

	if (isdigit((unsigned char)*text) && strspn(text, "0123456789") == strlen(text)) {
		errno = 0;
		value = strtoul(text, NULL, 10);
		if (errno == 0 && value <= VCONTEXT_ID_MAX) {
			*id = (uint32_t)value;
			return 0;
		}
	}

	snprintf(what, sizeof(what), "context %.*s", WORD_MAX, *text ? text : "(empty)");
	return vctl_error_set(err, VCTL_BAD_ID, EINVAL, what, "this is not the id of a context",
			      "ids are decimal numbers from 0 to 2147483647");
}

static unsigned int min3(unsigned int a, unsigned int b, unsigned int c)
{
	unsigned int least = a < b ? a : b;

	return least < c ? least : c;
}

/* How many letters to insert, remove, replace, or swap with the next, to get from @a to @b. */
static unsigned int distance(const char *a, const char *b)
{
	unsigned int rows[3][WORD_MAX + 1];
	unsigned int *before = rows[0], *above = rows[1], *here = rows[2];
	size_t columns = strlen(b);

	for (unsigned int j = 0; j <= columns; j++)
		above[j] = j;

	for (unsigned int i = 1; a[i - 1]; i++) {
		unsigned int *spare = before;

		here[0] = i;
		for (unsigned int j = 1; j <= columns; j++) {
			unsigned int change = above[j - 1] + (a[i - 1] != b[j - 1]);

			here[j] = min3(above[j] + 1, here[j - 1] + 1, change);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				here[j] = min3(here[j], before[j - 2] + 1, here[j]);
		}
		before = above;
		above = here;
		here = spare;
	}

	return above[columns];
}

const char *vctl_nearest(const char *word, const char *const *names)
{
	size_t length = strlen(word);
	/* Half of a short word wrong is another word. */
	unsigned int least = length < 4 ? 1 : 2;
	const char *found = NULL;

	if (length < 2 || length > WORD_MAX)
		return NULL;

	for (; *names; names++) {
		unsigned int far;

		if (strlen(*names) > WORD_MAX)
			continue;
		far = strncmp(*names, word, length) == 0 ? 1 : distance(word, *names);
		if (far <= least && (!found || far < least)) {
			least = far;
			found = *names;
		}
	}

	return found;
}
