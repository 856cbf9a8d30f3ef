// SPDX-License-Identifier: LGPL-2.1-or-later
/* The keys of configuration files, and what may stand behind them. */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cleanup.h"
#include "conf_value.h"

#define LIST_SEPARATORS	CONF_BLANKS ","
#define UTS_MAX		64		/* bytes of a host name, to the kernel */
#define WEIGHT_MAX	10000		/* of a control group */
#define PIDS_MAX	4194304		/* PID_MAX_LIMIT, which control groups don't go over */
#define CPUS_MAX	10000
#define MEMORY_MAX	((uint64_t)INT64_MAX)

const char *vctl_conf_shown(const char *word, char room[CONF_SHOWN])
{
	size_t length = strlen(word);
	bool cut = length >= CONF_SHOWN;

	if (cut) {
		/* Not in the middle of a character. */
		length = CONF_SHOWN - sizeof("...");
		while (length > 0 && ((unsigned char)word[length] & 0xc0) == 0x80)
			length--;
	}
	snprintf(room, CONF_SHOWN, "%.*s%s", (int)length, word, cut ? "..." : "");
	for (char *letter = room; *letter; letter++) {
		if (iscntrl((unsigned char)*letter))
			*letter = '?';
	}

	return *room ? room : strcpy(room, "\"\"");
}

int vctl_conf_no_memory(const struct vctl_conf_place *place)
{
	return vctl_error_set(place->err, VCTL_SYSTEM, ENOMEM, place->path, NULL, NULL);
}

int vctl_conf_refuse(const struct vctl_conf_place *place, const char *advice, const char *why, ...)
{
	auto_free char *what = NULL;
	char line[16] = "", text[256];
	va_list arguments;

	va_start(arguments, why);
	vsnprintf(text, sizeof(text), why, arguments);
	va_end(arguments);
	if (place->line)
		snprintf(line, sizeof(line), ":%d", place->line);
	if (asprintf(&what, "%s%s%s%s", place->path, line, *place->path && place->key ? ": " : "",
		     place->key ? place->key : "") < 0) {
		what = NULL;
		return vctl_conf_no_memory(place);
	}

	return vctl_error_set(place->err, VCTL_BAD_CONF, EINVAL, what, text, advice);
}

/* What is wrong is one word of @what_it_is; @near is what was meant, or NULL. */
static int refuse_word(const struct vctl_conf_place *place, const char *near, const char *otherwise,
		       const char *word, const char *what_it_is)
{
	char advice[CONF_SHOWN + 20], shown[CONF_SHOWN];

	if (near)
		snprintf(advice, sizeof(advice), "did you mean %s?", near);
	return vctl_conf_refuse(place, near ? advice : otherwise, "%s is %s",
				vctl_conf_shown(word, shown), what_it_is);
}

/* False: it is none, or out of range. */
static bool read_number(const char *text, long long least, long long most, long long *number)
{
	const char *digits = text + (*text == '-');

	if (!*digits || strspn(digits, "0123456789") != strlen(digits))
		return false;

	errno = 0;
	*number = strtoll(text, NULL, 10);
	return errno == 0 && *number >= least && *number <= most;
}

static int set_number(const struct vctl_conf_place *place, const char *value, long long least,
		      long long most, long long *number)
{
	char shown[CONF_SHOWN];

	if (read_number(value, least, most, number))
		return 0;

	return vctl_conf_refuse(place, NULL, "%s is not a number from %lld to %lld",
				vctl_conf_shown(value, shown), least, most);
}

/* Empty: 0, that is no limit. */
static int set_count(const struct vctl_conf_place *place, const char *value, long long most,
		     uint32_t *count)
{
	long long number = 0;
	int result = *value ? set_number(place, value, 1, most, &number) : 0;

	if (result == 0)
		*count = (uint32_t)number;
	return result;
}

static int set_choice(const struct vctl_conf_place *place, const char *value, bool *choice)
{
	static const char *const yes[] = { "true", "on", "1", "y", "ye", "yess", "enable", NULL };
	static const char *const no[] = { "false", "off", "0", "n", "non", "none", "disable",
					  NULL };
	const char *near = NULL;

	if (strcasecmp(value, "yes") == 0 || strcasecmp(value, "no") == 0) {
		*choice = tolower((unsigned char)*value) == 'y';
		return 0;
	}

	for (size_t i = 0; yes[i]; i++) {
		if (strcasecmp(value, yes[i]) == 0)
			near = "yes";
		if (strcasecmp(value, no[i]) == 0)
			near = "no";
	}
	return refuse_word(place, near, "write yes or no", value, "neither yes nor no");
}

static int set_onboot(struct vctl_conf_draft *draft, const struct vctl_conf_place *place,
		      const char *value)
{
	return set_choice(place, value, &draft->conf->onboot);
}

static int set_loopback(struct vctl_conf_draft *draft, const struct vctl_conf_place *place,
			const char *value)
{
	return set_choice(place, value, &draft->conf->loopback);
}

static int add_cap(const struct vctl_conf_place *place, const char *word, uint64_t *caps)
{
	vctl_auto_error struct vctl_error *err = NULL;
	char shown[CONF_SHOWN];
	int result;

	if (*word == '!')
		return vctl_conf_refuse(place, "name only those that it is to have besides",
					"%s would take a capability, and here they are given",
					vctl_conf_shown(word, shown));

	result = vctl_cap_parse(word, caps, &err);
	if (result == 0)
		return 0;
	if (vctl_error_code(err) != VCTL_BAD_CAP)
		return vctl_conf_no_memory(place);
	return vctl_conf_refuse(place, vctl_error_advice(err),
				"this kernel has no capability of the name %s",
				vctl_conf_shown(word, shown));
}

static int set_caps(struct vctl_conf_draft *draft, const struct vctl_conf_place *place,
		    const char *value)
{
	auto_free char *list = strdup(value);
	char *rest = NULL;
	int result = 0;

	if (!list)
		return vctl_conf_no_memory(place);

	for (char *word = strtok_r(list, LIST_SEPARATORS, &rest); word && result == 0;
	     word = strtok_r(NULL, LIST_SEPARATORS, &rest))
		result = add_cap(place, word, &draft->conf->caps);
	return result;
}

static int add_flag(const struct vctl_conf_place *place, char *word, uint32_t *flags)
{
	const char *near, *known = "known flags: lock, sched, nproc, private, fakeinit, hideinfo, "
				   "userns";
	char lower[CONF_SHOWN] = "";
	uint32_t bit = vctl_flag_bit(word);

	if (bit) {
		*flags |= bit;
		return 0;
	}

	for (size_t i = 0; word[i] && i < sizeof(lower) - 1; i++)
		lower[i] = (char)tolower((unsigned char)word[i]);
	near = vctl_nearest(lower, vctl_flag_names());
	return refuse_word(place, near, known, word, "no flag");
}

static int set_flags(struct vctl_conf_draft *draft, const struct vctl_conf_place *place,
		     const char *value)
{
	auto_free char *list = strdup(value);
	char *rest = NULL;
	int result = 0;

	if (!list)
		return vctl_conf_no_memory(place);

	for (char *word = strtok_r(list, LIST_SEPARATORS, &rest); word && result == 0;
	     word = strtok_r(NULL, LIST_SEPARATORS, &rest))
		result = add_flag(place, word, &draft->conf->flags);
	return result;
}

static int set_context(struct vctl_conf_draft *draft, const struct vctl_conf_place *place,
		       const char *value)
{
	long long number = VCONTEXT_ID_ANY;
	int result = 0;

	if (*value)
		result = set_number(place, value, VCONTEXT_ID_NAMED_MIN, VCONTEXT_ID_NAMED_MAX,
				    &number);
	if (result == 0)
		draft->conf->context = (uint32_t)number;
	return result;
}

static int set_nice(struct vctl_conf_draft *draft, const struct vctl_conf_place *place,
		    const char *value)
{
	long long number = 0;
	int result = *value ? set_number(place, value, -20, 19, &number) : 0;

	if (result < 0)
		return result;

	draft->conf->has_nice = *value;
	draft->conf->nice = (int)number;
	return 0;
}

/* Empty: S_HOSTNAME is the vserver's name, S_DOMAINNAME the machine's. */
static int set_name(const struct vctl_conf_place *place, const char *value, char **name)
{
	size_t length = strlen(value);

	if (length > UTS_MAX)
		return vctl_conf_refuse(place, "shorten it", "it has %zu bytes, more than %d",
					length, UTS_MAX);
	for (const char *letter = value; *letter; letter++) {
		if (isspace((unsigned char)*letter) || iscntrl((unsigned char)*letter))
			return vctl_conf_refuse(place, "write one word",
						"it has a blank or control character in it");
	}
	if (length == 0)
		return 0;

	*name = strdup(value);
	return *name ? 0 : vctl_conf_no_memory(place);
}

static int set_hostname(struct vctl_conf_draft *draft, const struct vctl_conf_place *place,
			const char *value)
{
	return set_name(place, value, &draft->conf->hostname);
}

static int set_domainname(struct vctl_conf_draft *draft, const struct vctl_conf_place *place,
			  const char *value)
{
	return set_name(place, value, &draft->conf->domainname);
}

static int set_memory(struct vctl_conf_draft *draft, const struct vctl_conf_place *place,
		      const char *value)
{
	static const char units[] = "KMGT";
	size_t digits = strspn(value, "0123456789");
	const char *unit = NULL;
	unsigned int shift = 0;
	uint64_t number;
	char shown[CONF_SHOWN];

	if (!*value)
		return 0;
	if (value[digits])
		unit = strchr(units, toupper((unsigned char)value[digits]));
	if (digits == 0 || (value[digits] && (!unit || value[digits + 1])))
		return vctl_conf_refuse(place, "write it as 1073741824, 1024M or 1G",
					"%s is not a number of bytes",
					vctl_conf_shown(value, shown));
	if (unit)
		shift = 10 * (unsigned int)(unit - units + 1);

	errno = 0;
	number = strtoull(value, NULL, 10);
	if (errno || number > MEMORY_MAX >> shift)
		return vctl_conf_refuse(place, NULL, "%s is more than any machine has",
					vctl_conf_shown(value, shown));
	if (number == 0)
		return vctl_conf_refuse(place, "leave it empty for no limit",
					"with no memory nothing runs");
	draft->conf->memory = number << shift;
	return 0;
}

/* In thousandths. */
static bool read_cpus(const char *text, uint32_t *cpus)
{
	size_t whole = strspn(text, "0123456789");
	size_t digits = 0;
	unsigned long number, rest = 0;

	if (text[whole] == '.')
		digits = strspn(text + whole + 1, "0123456789");
	if (text[whole] && (digits == 0 || digits > 3 || text[whole + 1 + digits]))
		return false;
	if (whole + digits == 0)
		return false;

	errno = 0;
	number = strtoul(text, NULL, 10);
	if (errno || number > CPUS_MAX)
		return false;
	for (size_t i = 0; i < 3; i++)
		rest = rest * 10 + (i < digits ? (unsigned long)(text[whole + 1 + i] - '0') : 0);
	*cpus = (uint32_t)(number * 1000 + rest);
	return *cpus > 0 && *cpus <= CPUS_MAX * 1000;
}

static int set_cpus(struct vctl_conf_draft *draft, const struct vctl_conf_place *place,
		    const char *value)
{
	char shown[CONF_SHOWN];

	if (!*value || read_cpus(value, &draft->conf->cpus))
		return 0;

	return vctl_conf_refuse(place, "write it as 2, 1.5 or 0.25, with a point",
				"%s is not a number of processors from 0.001 to %d",
				vctl_conf_shown(value, shown), CPUS_MAX);
}

static int set_cpu_weight(struct vctl_conf_draft *draft, const struct vctl_conf_place *place,
			  const char *value)
{
	return set_count(place, value, WEIGHT_MAX, &draft->conf->cpu_weight);
}

static int set_io_weight(struct vctl_conf_draft *draft, const struct vctl_conf_place *place,
			 const char *value)
{
	return set_count(place, value, WEIGHT_MAX, &draft->conf->io_weight);
}

static int set_pids(struct vctl_conf_draft *draft, const struct vctl_conf_place *place,
		    const char *value)
{
	return set_count(place, value, PIDS_MAX, &draft->conf->pids);
}

/* Same order in both; the names end with NULL because vctl_conf_keys() hands them out. */
static const char *const names[] = {
	"IPROOT",     "IPROOTDEV", "IPROOTMASK", "IPROOTBCAST", "LOOPBACK",  "ONBOOT",
	"S_HOSTNAME", "S_DOMAINNAME", "S_CONTEXT", "S_FLAGS",   "S_CAPS",    "S_NICE",
	"ULIMIT",     "MEMORY",    "CPUS",       "CPUWEIGHT",   "IOWEIGHT",  "PIDS", NULL
};
static int (*const setters[])(struct vctl_conf_draft *draft, const struct vctl_conf_place *place,
			      const char *value) = {
	vctl_conf_set_addresses, vctl_conf_set_device, vctl_conf_set_mask,
	vctl_conf_set_broadcast, set_loopback, set_onboot,
	set_hostname, set_domainname, set_context, set_flags, set_caps, set_nice,
	vctl_conf_set_limits, set_memory, set_cpus, set_cpu_weight, set_io_weight, set_pids,
};

_Static_assert(sizeof(names) / sizeof(names[0]) == sizeof(setters) / sizeof(setters[0]) + 1,
	       "one setter for each key");
_Static_assert(sizeof(setters) / sizeof(setters[0]) <= CONF_KEYS_MAX, "a line for each key");

const char *const *vctl_conf_keys(void)
{
	return names;
}

const char *vctl_conf_key(const char *name)
{
	for (size_t i = 0; names[i]; i++) {
		if (strcmp(names[i], name) == 0)
			return names[i];
	}

	return NULL;
}

const char *vctl_conf_key_like(const char *name)
{
	char upper[CONF_SHOWN];
	size_t length;

	for (length = 0; name[length] && length < sizeof(upper) - 1; length++)
		upper[length] = name[length] == '-' ? '_' :
						      (char)toupper((unsigned char)name[length]);
	upper[length] = '\0';
	return vctl_nearest(upper, names);
}

int vctl_conf_bad_key(const struct vctl_conf_place *place, const char *name)
{
	char advice[256] = "known keys:", shown[CONF_SHOWN];
	const char *near = vctl_conf_key_like(name);
	size_t used;

	if (near)
		snprintf(advice, sizeof(advice), "did you mean %s?", near);
	for (size_t i = 0; names[i] && !near; i++) {
		used = strlen(advice);
		snprintf(advice + used, sizeof(advice) - used, "%s %s", i ? "," : "", names[i]);
	}

	return vctl_conf_refuse(place, advice, "there is no key %s", vctl_conf_shown(name, shown));
}

int vctl_conf_draft_init(struct vctl_conf_draft *draft, const struct vctl_conf_place *place)
{
	struct vctl_conf *conf = calloc(1, sizeof(*conf));

	*draft = (struct vctl_conf_draft){ .conf = conf, .prefix = -1 };
	if (!conf)
		return vctl_conf_no_memory(place);

	conf->loopback = true;
	conf->context = VCONTEXT_ID_ANY;
	conf->path = strdup(place->path);
	return conf->path ? 0 : vctl_conf_no_memory(place);
}

void vctl_conf_draft_clear(struct vctl_conf_draft *draft)
{
	vctl_conf_free(draft->conf);
	free(draft->addresses);
	free(draft->device);
}

int vctl_conf_set(struct vctl_conf_draft *draft, const struct vctl_conf_place *place,
		  const char *value)
{
	size_t i = 0;

	while (names[i] != place->key)
		i++;
	if (draft->seen[i] && place->line)
		return vctl_conf_refuse(place, "keep one of them", "it is in line %d already",
					draft->lines[i]);
	if (draft->seen[i])
		return vctl_conf_refuse(place, "give it once", "it is given twice");

	draft->seen[i] = true;
	draft->lines[i] = place->line;
	return setters[i](draft, place, value);
}

int vctl_conf_finish(struct vctl_conf_draft *draft, const struct vctl_conf_place *place)
{
	return vctl_conf_finish_addresses(draft, place);
}

void vctl_conf_free(struct vctl_conf *conf)
{
	if (!conf)
		return;

	for (size_t i = 0; i < conf->address_count; i++) {
		free(conf->addresses[i].device);
		free(conf->addresses[i].text);
	}
	free(conf->addresses);
	free(conf->path);
	free(conf->hostname);
	free(conf->domainname);
	free(conf->limits);
	free(conf);
}
