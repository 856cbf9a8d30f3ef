// SPDX-License-Identifier: LGPL-2.1-or-later
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "error.h"
#include "state.h"

#define SIZE_MAX_STATE	(64 * 1024)
#define LIMITS_MAX	64

static const char *const phases[] = {
	[STATE_STARTING] = "starting",
	[STATE_SERVICES] = "services",
	[STATE_RUNNING] = "running",
	[STATE_STOPPING] = "stopping",
};

/* A decimal number and nothing else. */
static int read_number(const char *text, int64_t least, int64_t most, int64_t *number)
{
	char *end;

	errno = 0;
	*number = strtoll(text, &end, 10);
	if (errno || end == text || *end || *number < least || *number > most)
		return -EINVAL;

	return 0;
}

static int read_u64(const char *text, uint64_t *number)
{
	char *end;

	errno = 0;
	*number = strtoull(text, &end, 10);
	return errno || end == text || *end || *text == '-' ? -EINVAL : 0;
}

static int parse_phase(struct state *state, char *value)
{
	for (size_t i = STATE_STARTING; i <= STATE_STOPPING; i++) {
		if (strcmp(value, phases[i]) == 0) {
			state->phase = (enum state_phase)i;
			return 0;
		}
	}

	return -EINVAL;
}

static int parse_context(struct state *state, char *value)
{
	int64_t number;

	if (read_number(value, VCONTEXT_ID_NAMED_MIN, VCONTEXT_ID_MAX, &number) < 0)
		return -EINVAL;

	state->context = (uint32_t)number;
	return 0;
}

static int parse_created(struct state *state, char *value)
{
	return read_u64(value, &state->created);
}

static int parse_yes(const char *value, bool *yes)
{
	int64_t number;

	if (read_number(value, 0, 1, &number) < 0)
		return -EINVAL;

	*yes = number;
	return 0;
}

static int parse_fakeinit(struct state *state, char *value)
{
	return parse_yes(value, &state->fakeinit);
}

static int parse_cgroup(struct state *state, char *value)
{
	return parse_yes(value, &state->cgroup);
}

static int parse_bare(struct state *state, char *value)
{
	return parse_yes(value, &state->bare);
}

static int parse_again(struct state *state, char *value)
{
	return parse_yes(value, &state->again);
}

static int parse_started(struct state *state, char *value)
{
	return read_number(value, 0, INT64_MAX, &state->started);
}

static int parse_init(struct state *state, char *value)
{
	return service_by_name(value, &state->service);
}

static int parse_nice(struct state *state, char *value)
{
	int64_t number;

	if (read_number(value, -20, 19, &number) < 0)
		return -EINVAL;

	state->has_nice = true;
	state->nice = (int)number;
	return 0;
}

/* RESOURCE, one or both of the letters s and h, and the value. */
static int parse_limit(struct state *state, char *value)
{
	struct vctl_conf_limit limit = { 0 };
	struct vctl_conf_limit *more;
	char *rest = NULL;
	char *resource = strtok_r(value, " ", &rest);
	char *which = strtok_r(NULL, " ", &rest);
	int64_t number;
	uint64_t most;

	if (!which || read_number(resource, 0, RLIM_NLIMITS - 1, &number) < 0 ||
	    which[strspn(which, "sh")] || read_u64(rest, &most) < 0 ||
	    state->limit_count == LIMITS_MAX)
		return -EINVAL;

	limit.resource = (int)number;
	limit.soft = strchr(which, 's');
	limit.hard = strchr(which, 'h');
	limit.value = (rlim_t)most;
	more = reallocarray(state->limits, state->limit_count + 1, sizeof(*more));
	if (!more)
		return -ENOMEM;
	state->limits = more;
	state->limits[state->limit_count++] = limit;
	return 0;
}

/* DEVICE ADDRESS/PREFIX [BROADCAST] */
static int read_alias(char *value, struct alias *alias)
{
	char *rest = NULL;
	char *device = strtok_r(value, " ", &rest);
	char *address = strtok_r(NULL, " /", &rest);
	char *prefix = strtok_r(NULL, " ", &rest);
	char *broadcast = strtok_r(NULL, " ", &rest);
	bool six = address && strchr(address, ':');
	int64_t number;

	if (!prefix || strlen(device) >= sizeof(alias->device))
		return -EINVAL;
	memcpy(alias->device, device, strlen(device) + 1);
	alias->address.family = six ? AF_INET6 : AF_INET;
	if (inet_pton(alias->address.family, address, alias->address.address) != 1 ||
	    read_number(prefix, 0, six ? 128 : 32, &number) < 0)
		return -EINVAL;
	alias->prefix = (int)number;
	alias->address.prefix = (uint8_t)number;

	alias->has_broadcast = broadcast;
	if (broadcast && (six || inet_pton(AF_INET, broadcast, &alias->broadcast) != 1))
		return -EINVAL;
	alias->address.broadcast = alias->broadcast;
	return 0;
}

static int parse_alias(struct state *state, char *value)
{
	struct alias alias = { .prefix = 0 };
	struct alias *more;

	if (state->alias_count == VCONTEXT_ADDRESSES_MAX || read_alias(value, &alias) < 0)
		return -EINVAL;

	more = reallocarray(state->aliases, state->alias_count + 1, sizeof(*more));
	if (!more)
		return -ENOMEM;
	state->aliases = more;
	state->aliases[state->alias_count++] = alias;
	return 0;
}

static int parse_addresses(struct state *state, char *value)
{
	free(state->addresses);
	state->addresses = strdup(value);
	return state->addresses ? 0 : -ENOMEM;
}

static const struct {
	const char *key;
	int (*parse)(struct state *state, char *value);
} keys[] = {
	{ "phase", parse_phase },	{ "context", parse_context },
	{ "created", parse_created },	{ "fakeinit", parse_fakeinit },
	{ "cgroup", parse_cgroup },	{ "started", parse_started },
	{ "init", parse_init },		{ "nice", parse_nice },
	{ "limit", parse_limit },	{ "alias", parse_alias },
	{ "addresses", parse_addresses }, { "again", parse_again },
	{ "bare", parse_bare },
};

/* A key of a later version's is none of ours. */
static int parse_line(char *line, struct state *state)
{
	char *value = strchr(line, '=');

	if (!value)
		return -EINVAL;

	*value++ = '\0';
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (strcmp(line, keys[i].key) == 0)
			return keys[i].parse(state, value);
	}

	return 0;
}

int state_parse(char *text, struct state *state)
{
	int result;

	*state = (struct state)STATE_NONE;
	while (*text) {
		char *end = strchr(text, '\n');

		/* It is written as a whole: one without an end is somebody else's. */
		if (!end)
			return -EINVAL;
		*end = '\0';
		result = parse_line(text, state);
		if (result < 0)
			return result;
		text = end + 1;
	}

	return state->phase ? 0 : -EINVAL;
}

static void format_limits(FILE *out, const struct state *state)
{
	for (size_t i = 0; i < state->limit_count; i++) {
		const struct vctl_conf_limit *limit = &state->limits[i];

		fprintf(out, "limit=%d %s%s %" PRIu64 "\n", limit->resource,
			limit->soft ? "s" : "", limit->hard ? "h" : "", (uint64_t)limit->value);
	}
}

static void format_aliases(FILE *out, const struct state *state)
{
	for (size_t i = 0; i < state->alias_count; i++) {
		const struct alias *alias = &state->aliases[i];
		char text[INET6_ADDRSTRLEN] = "";

		inet_ntop(alias->address.family, alias->address.address, text, sizeof(text));
		fprintf(out, "alias=%s %s/%d", alias->device, text, alias->prefix);
		if (alias->has_broadcast &&
		    inet_ntop(AF_INET, &alias->broadcast, text, sizeof(text)))
			fprintf(out, " %s", text);
		fprintf(out, "\n");
	}
}

char *state_format(const struct state *state)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	bool failed;

	if (!out)
		return NULL;

	fprintf(out, "phase=%s\n", phases[state->phase]);
	if (state->context != VCONTEXT_ID_ANY)
		fprintf(out, "context=%u\ncreated=%" PRIu64 "\n", state->context, state->created);
	fprintf(out, "fakeinit=%d\ncgroup=%d\n", state->fakeinit, state->cgroup);
	if (state->again)
		fprintf(out, "again=1\n");
	if (state->bare)
		fprintf(out, "bare=1\n");
	if (state->started)
		fprintf(out, "started=%" PRId64 "\n", state->started);
	fprintf(out, "init=%s\n", service_name(state->service));
	if (state->has_nice)
		fprintf(out, "nice=%d\n", state->nice);
	format_limits(out, state);
	format_aliases(out, state);
	if (state->addresses)
		fprintf(out, "addresses=%s\n", state->addresses);

	failed = ferror(out);
	if (fclose(out) == 0 && !failed)
		return text;
	free(text);
	return NULL;
}

void state_free(struct state *state)
{
	free(state->limits);
	free(state->aliases);
	free(state->addresses);
	*state = (struct state)STATE_NONE;
}

static int fail(const char *name, int number, struct vctl_error **err)
{
	char what[sizeof(VCTL_STATE_DIR) + VCTL_NAME_MAX + 1];
	static const struct vctl_reason reasons[] = {
		{ EACCES, VCTL_NOT_ROOT, "only root may look at vservers", "run it as root" },
		{ EINVAL, VCTL_SYSTEM, "it makes no sense",
		  "see what runs in the vserver, end it, and remove the file" },
		{ 0 },
	};

	snprintf(what, sizeof(what), "%s%s%s", VCTL_STATE_DIR, *name ? "/" : "", name);
	vctl_error_explain(err, reasons, number, what);
	return number == EACCES ? -EPERM : -number;
}

int state_dir(bool make, struct vctl_error **err)
{
	int fd;

	/* /run is root's. */
	if (make && mkdir(VCTL_STATE_DIR, 0755) < 0 && errno != EEXIST)
		return fail("", errno, err);
	fd = open(VCTL_STATE_DIR, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT && !make ? -ENOENT : fail("", errno, err);

	return fd;
}

/* At most @room - 1 bytes of it, and a zero; -EINVAL if there are more. */
static int read_text(int fd, char *text, size_t room)
{
	size_t used = 0;
	ssize_t count;

	while ((count = read(fd, text + used, room - used)) != 0) {
		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return -errno;
		used += (size_t)count;
		if (used == room)
			return -EINVAL;
	}
	text[used] = '\0';

	return strlen(text) == used ? 0 : -EINVAL;
}

int state_read(int dir, const char *name, struct state *state, struct vctl_error **err)
{
	auto_free char *text = NULL;
	auto_fd int fd = -1;
	struct stat node;
	int result;

	*state = (struct state)STATE_NONE;
	fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ENOENT : fail(name, errno, err);
	if (fstat(fd, &node) < 0 || !S_ISREG(node.st_mode) || node.st_size >= SIZE_MAX_STATE)
		return fail(name, EINVAL, err);

	text = malloc((size_t)node.st_size + 1);
	if (!text)
		return fail(name, ENOMEM, err);
	result = read_text(fd, text, (size_t)node.st_size + 1);
	if (result == 0)
		result = state_parse(text, state);

	return result < 0 ? fail(name, -result, err) : 0;
}

static int write_all(int fd, const char *text)
{
	size_t left = strlen(text);

	while (left > 0) {
		ssize_t count = write(fd, text, left);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return -errno;
		text += count;
		left -= (size_t)count;
	}

	return 0;
}

int state_write(int dir, const char *name, const struct state *state, struct vctl_error **err)
{
	auto_free char *text = state_format(state);
	char new[VCTL_NAME_MAX + sizeof("..new")];
	auto_fd int fd = -1;
	int result;

	if (!text)
		return fail(name, ENOMEM, err);

	/* No vserver's name begins with a dot. */
	snprintf(new, sizeof(new), ".%s.new", name);
	fd = openat(dir, new, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return fail(name, errno, err);
	result = write_all(fd, text);
	if (result == 0 && renameat(dir, new, dir, name) < 0)
		result = -errno;
	if (result == 0)
		return 0;

	unlinkat(dir, new, 0);
	return fail(name, -result, err);
}

int state_remove(int dir, const char *name, struct vctl_error **err)
{
	char new[VCTL_NAME_MAX + sizeof("..new")];

	snprintf(new, sizeof(new), ".%s.new", name);
	unlinkat(dir, new, 0);
	if (unlinkat(dir, name, 0) < 0 && errno != ENOENT)
		return fail(name, errno, err);

	return 0;
}
