// SPDX-License-Identifier: LGPL-2.1-or-later
/* ULIMIT: what bash's ulimit takes, read as it reads it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "cleanup.h"
#include "conf_value.h"

#define DEFAULT_LETTER 'f'	/* whose limit it is when no letter is given */
#define ADVICE_FORMS "write it as -H -u 1000; help ulimit in bash tells the letters"

static const struct limit {
	char letter;
	int resource;
	unsigned int unit;	/* bytes, where the number is of blocks */
} limits[] = {
	{ 'c', RLIMIT_CORE, 1024 },	{ 'd', RLIMIT_DATA, 1024 },
	{ 'e', RLIMIT_NICE, 1 },	{ 'f', RLIMIT_FSIZE, 1024 },
	{ 'i', RLIMIT_SIGPENDING, 1 },	{ 'l', RLIMIT_MEMLOCK, 1024 },
	{ 'm', RLIMIT_RSS, 1024 },	{ 'n', RLIMIT_NOFILE, 1 },
	{ 'q', RLIMIT_MSGQUEUE, 1 },	{ 'r', RLIMIT_RTPRIO, 1 },
	{ 's', RLIMIT_STACK, 1024 },	{ 't', RLIMIT_CPU, 1 },
	{ 'u', RLIMIT_NPROC, 1 },	{ 'v', RLIMIT_AS, 1024 },
	{ 'x', RLIMIT_LOCKS, 1 },	{ 'R', RLIMIT_RTTIME, 1 },
};

#define LIMITS (sizeof(limits) / sizeof(limits[0]))

/* What has been read of it. */
struct options {
	const struct vctl_conf_place *place;
	struct vctl_conf_limit found[LIMITS];
	size_t count;
	bool soft, hard;	/* they are for all letters, wherever they stand */
	char *next;		/* the word after this one; NULL: it was the last */
	char *rest;
};

static char *next_word(struct options *options)
{
	char *word = options->next;

	options->next = strtok_r(NULL, CONF_BLANKS, &options->rest);
	return word;
}

static int bad_letter(const struct options *options, char letter)
{
	if (letter == 'p')
		return vctl_conf_refuse(options->place, "leave it out",
					"-p, the size of pipes, can't be changed");
	if (strchr("bkPT", letter))
		return vctl_conf_refuse(options->place, "leave it out",
					"Linux has no limit for -%c", letter);
	if (letter == 'a')
		return vctl_conf_refuse(options->place, "leave it out",
					"-a shows limits, and here they are set");

	/* Of a character of more than one byte one is nothing to be shown. */
	if (letter < '!' || letter > '~')
		return vctl_conf_refuse(options->place, ADVICE_FORMS,
					"there is no letter of that kind");
	return vctl_conf_refuse(options->place, ADVICE_FORMS, "there is no letter -%c", letter);
}

/* hard and soft are the limits that there are, that is, those of this process. */
static int read_value(const struct options *options, const struct limit *limit, const char *text,
		      rlim_t *value)
{
	struct rlimit now;
	unsigned long long number;
	char shown[CONF_SHOWN];

	if (strcmp(text, "unlimited") == 0) {
		*value = RLIM_INFINITY;
		return 0;
	}
	if (strcmp(text, "hard") == 0 || strcmp(text, "soft") == 0) {
		if (getrlimit((unsigned int)limit->resource, &now) < 0)
			return vctl_error_set(options->place->err, VCTL_SYSTEM, errno,
					      options->place->path, NULL, NULL);
		*value = *text == 'h' ? now.rlim_max : now.rlim_cur;
		return 0;
	}
	if (!*text || strspn(text, "0123456789") != strlen(text))
		return vctl_conf_refuse(options->place,
					"a limit is a number, unlimited, hard or soft",
					"%s, behind -%c, is not a limit",
					vctl_conf_shown(text, shown), limit->letter);

	errno = 0;
	number = strtoull(text, NULL, 10);
	if (errno || number > (RLIM_INFINITY - 1) / limit->unit)
		return vctl_conf_refuse(options->place, "write unlimited for no limit",
					"%s, behind -%c, is too great",
					vctl_conf_shown(text, shown), limit->letter);
	*value = (rlim_t)number * limit->unit;
	return 0;
}

static int add(struct options *options, const struct limit *limit, const char *text)
{
	struct vctl_conf_limit *added = &options->found[options->count];

	for (size_t i = 0; i < options->count; i++) {
		if (options->found[i].resource == limit->resource)
			return vctl_conf_refuse(options->place,
						"keep one: -H and -S are for all letters",
						"-%c is there twice", limit->letter);
	}

	*added = (struct vctl_conf_limit){ .resource = limit->resource };
	options->count++;
	return read_value(options, limit, text, &added->value);
}

static const struct limit *find(char letter)
{
	for (size_t i = 0; i < LIMITS; i++) {
		if (limits[i].letter == letter)
			return &limits[i];
	}

	return NULL;
}

/* -H, -S, and at the end of the word one with a value, which may be in the next one. */
static int read_letters(struct options *options, const char *letters)
{
	const struct limit *limit;

	for (; *letters == 'H' || *letters == 'S'; letters++) {
		options->hard |= *letters == 'H';
		options->soft |= *letters == 'S';
	}
	if (!*letters)
		return 0;

	limit = find(*letters);
	if (!limit)
		return bad_letter(options, *letters);
	if (letters[1])
		return add(options, limit, letters + 1);
	if (!options->next || *options->next == '-')
		return vctl_conf_refuse(options->place, ADVICE_FORMS,
					"there is no value behind -%c", *letters);

	return add(options, limit, next_word(options));
}

static int read_options(struct options *options)
{
	char shown[CONF_SHOWN];
	int result = 0;

	while (options->next && result == 0) {
		const char *word = next_word(options);

		if (*word == '-' && word[1])
			result = read_letters(options, word + 1);
		else if (options->count == 0 && !options->next && *word != '-')
			result = add(options, find(DEFAULT_LETTER), word);
		else
			result = vctl_conf_refuse(options->place, ADVICE_FORMS,
						  "%s belongs to no letter",
						  vctl_conf_shown(word, shown));
	}
	if (result == 0 && options->count == 0)
		result = vctl_conf_refuse(options->place, ADVICE_FORMS, "there is no limit in it");

	return result;
}

int vctl_conf_set_limits(struct vctl_conf_draft *draft, const struct vctl_conf_place *place,
			 const char *value)
{
	auto_free char *list = strdup(value);
	struct options options = { .place = place };
	struct vctl_conf *conf = draft->conf;
	int result;

	if (!list)
		return vctl_conf_no_memory(place);
	options.next = strtok_r(list, CONF_BLANKS, &options.rest);
	if (!options.next)
		return 0;
	result = read_options(&options);
	if (result < 0)
		return result;

	conf->limits = calloc(options.count, sizeof(*conf->limits));
	if (!conf->limits)
		return vctl_conf_no_memory(place);
	for (size_t i = 0; i < options.count; i++) {
		conf->limits[i] = options.found[i];
		conf->limits[i].soft = options.soft || !options.hard;
		conf->limits[i].hard = options.hard || !options.soft;
	}
	conf->limit_count = options.count;
	return 0;
}
