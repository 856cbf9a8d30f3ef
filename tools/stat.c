// SPDX-License-Identifier: GPL-2.0-only
/* vctl stat, vserver-stat: what each context uses. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cleanup.h"
#include "label.h"
#include "map.h"
#include "message.h"
#include "table.h"
#include "consumption.h"
#include "watcher.h"

static const struct option_entry options[] = {
	OPTION_ENTRY_JSON,
	{ 0 },
};

static const struct column columns[] = {
	{ "context", "CTX", COLUMN_NUMBER },
	{ "processes", "PROC", COLUMN_NUMBER },
	{ "vsz", "VSZ", COLUMN_NUMBER },
	{ "rss", "RSS", COLUMN_NUMBER },
	{ "user", "userTIME", COLUMN_NUMBER },
	{ "system", "sysTIME", COLUMN_NUMBER },
	{ "uptime", "UPTIME", COLUMN_NUMBER },
	{ "name", "NAME", COLUMN_PLAIN },
	{ 0 },
};

/* What the child in context 1 tells of each process. */
struct told {
	pid_t pid;
	struct usage usage;
};

struct sum {
	const struct map_context *context;
	uint32_t processes;
	struct usage usage;
};

/* At first of each process, then of each context. */
struct sums {
	struct sum *all;
	size_t count;
	size_t room;
};

static int tell(pid_t pid, const struct usage *usage, void *data)
{
	struct told told = { .pid = pid, .usage = *usage };

	return pid == getpid() || fwrite(&told, sizeof(told), 1, data) == 1 ? 0 : -1;
}

/* The child, whose only words are numbers. */
static enum status tell_all(int fd)
{
	auto_file FILE *out = fdopen(fd, "w");

	if (out && usage_each(tell, out) == 0 && fflush(out) == 0)
		return STATUS_DONE;

	return message_system("/proc", "run mount -t proc proc /proc as root");
}

static int add(struct sums *sums, struct sum sum)
{
	if (sums->count == sums->room) {
		size_t room = 2 * sums->room + 64;
		struct sum *more = reallocarray(sums->all, room, sizeof(*more));

		if (!more)
			return -1;
		sums->all = more;
		sums->room = room;
	}

	sums->all[sums->count++] = sum;
	return 0;
}

static int add_told(struct sums *sums, struct map *map, const struct told *told)
{
	const struct map_context *context = map_find(map, told->pid);

	if (!context)
		return 0;

	return add(sums, (struct sum){ .context = context, .processes = 1, .usage = told->usage });
}

/* Those without a process, too; but of the watcher that would be our own child. */
static int add_contexts(struct sums *sums, const struct map *map)
{
	const struct map_context *const *contexts;
	size_t count;

	contexts = map_contexts(map, &count);
	for (size_t i = 0; i < count; i++) {
		if (contexts[i]->is && contexts[i]->id != VCONTEXT_ID_WATCHER &&
		    add(sums, (struct sum){ .context = contexts[i] }) < 0)
			return -1;
	}

	return 0;
}

static int compare(const void *a, const void *b)
{
	const struct map_context *one = ((const struct sum *)a)->context;
	const struct map_context *other = ((const struct sum *)b)->context;

	if (one->id != other->id)
		return one->id > other->id ? 1 : -1;

	return (one->created > other->created) - (one->created < other->created);
}

static void add_up(struct sums *sums)
{
	size_t kept = 0;

	qsort(sums->all, sums->count, sizeof(*sums->all), compare);
	for (size_t i = 0; i < sums->count; i++) {
		struct sum *sum = kept > 0 ? &sums->all[kept - 1] : NULL;
		const struct sum *more = &sums->all[i];

		if (!sum || sum->context != more->context) {
			sums->all[kept++] = *more;
			continue;
		}
		sum->processes += more->processes;
		sum->usage.vsz += more->usage.vsz;
		sum->usage.rss += more->usage.rss;
		sum->usage.user += more->usage.user;
		sum->usage.system += more->usage.system;
	}
	sums->count = kept;
}

static enum status add_all(struct sums *sums, struct map *map, int fd)
{
	auto_file FILE *in = fdopen(fd, "r");
	struct told told;

	if (!in || add_contexts(sums, map) < 0)
		return message_system("list of processes", NULL);
	while (fread(&told, sizeof(told), 1, in) == 1) {
		if (add_told(sums, map, &told) < 0)
			return message_system("list of processes", NULL);
	}

	add_up(sums);
	return STATUS_DONE;
}

static enum status gather(struct sums *sums, const struct watcher *watcher, struct map *map)
{
	enum status child_status, status;
	pid_t child;
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return message_system("list of processes", NULL);
	child = watcher_fork(watcher);
	if (child == 0)
		_exit(tell_all(ends[1]));
	close(ends[1]);
	if (child < 0) {
		close(ends[0]);
		return STATUS_FAILED;
	}

	status = add_all(sums, map, ends[0]);
	child_status = watcher_wait(child);
	return status == STATUS_DONE ? child_status : status;
}

static struct json_object *text_of(const char *text)
{
	return json_object_new_string(text);
}

/* 1023, 1.5K, 84.1M. */
static struct json_object *size_of(uint64_t bytes)
{
	static const char units[] = "KMGTPE";
	double size = (double)bytes;
	char text[32];
	int unit = -1;

	while (size >= 1024 && units[unit + 1]) {
		size /= 1024;
		unit++;
	}
	if (unit < 0)
		snprintf(text, sizeof(text), "%.0f", size);
	else
		snprintf(text, sizeof(text), "%.1f%c", size, units[unit]);
	return text_of(text);
}

/* Minutes, seconds and their hundredths; from an hour and from a day on the two units above. */
static struct json_object *time_of(uint64_t hundredths)
{
	uint64_t seconds = hundredths / 100;
	uint64_t minutes = seconds / 60;
	uint64_t hours = minutes / 60;
	char text[48];

	if (hours >= 24)
		snprintf(text, sizeof(text), "%" PRIu64 "d%02uh%02u", hours / 24,
			 (unsigned int)(hours % 24), (unsigned int)(minutes % 60));
	else if (hours > 0)
		snprintf(text, sizeof(text), "%" PRIu64 "h%02um%02u", hours,
			 (unsigned int)(minutes % 60), (unsigned int)(seconds % 60));
	else
		snprintf(text, sizeof(text), "%" PRIu64 "m%02us%02u", minutes,
			 (unsigned int)(seconds % 60), (unsigned int)(hundredths % 100));
	return text_of(text);
}

static struct json_object *seconds_of(uint64_t hundredths)
{
	char text[32];

	snprintf(text, sizeof(text), "%" PRIu64 ".%02u", hundredths / 100,
		 (unsigned int)(hundredths % 100));
	return json_object_new_double_s((double)hundredths / 100, text);
}

static uint64_t hundredths_of(uint64_t ticks)
{
	return ticks * 100 / (uint64_t)sysconf(_SC_CLK_TCK);
}

/* Since the context was made; context 0 is as old as the machine is up. */
static uint64_t age_of(const struct map_context *context)
{
	struct timespec now = { .tv_sec = 0 };
	uint64_t age;

	clock_gettime(CLOCK_BOOTTIME, &now);
	age = (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
	return age < context->created ? 0 : (age - context->created) / 10000000U;
}

static void add_row(struct json_object *rows, const struct sum *sum, bool json)
{
	struct json_object *(*const amount)(uint64_t) = json ? seconds_of : time_of;
	const struct map_context *context = sum->context;
	struct json_object *row = json_object_new_object();
	const struct usage *usage = &sum->usage;

	json_object_object_add(row, "context", json_object_new_int64(context->id));
	if (json)
		json_object_object_add(row, "vserver",
				       *context->name ? text_of(context->name) : NULL);
	json_object_object_add(row, "processes", json_object_new_int64(sum->processes));
	json_object_object_add(row, json ? "vsz_kib" : "vsz",
			       json ? json_object_new_uint64(usage->vsz / 1024) :
				      size_of(usage->vsz));
	json_object_object_add(row, json ? "rss_kib" : "rss",
			       json ? json_object_new_uint64(usage->rss / 1024) :
				      size_of(usage->rss));
	json_object_object_add(row, json ? "user_seconds" : "user",
			       amount(hundredths_of(usage->user)));
	json_object_object_add(row, json ? "system_seconds" : "system",
			       amount(hundredths_of(usage->system)));
	json_object_object_add(row, json ? "uptime_seconds" : "uptime", amount(age_of(context)));
	if (!json)
		json_object_object_add(row, "name", text_of(label_name(context)));
	json_object_array_add(rows, row);
}

static void print(const struct sums *sums, bool json)
{
	struct json_object *rows = json_object_new_array();

	for (size_t i = 0; i < sums->count; i++)
		add_row(rows, &sums->all[i], json);
	table_print(columns, rows, json);
	json_object_put(rows);
}

static enum status run(const struct command *self, int argc, char **argv)
{
	auto_watcher struct watcher watcher = WATCHER_NONE;
	auto_map struct map *map = NULL;
	struct sums sums = { .all = NULL };
	enum status status;
	bool json;
	int go_on = option_parse_json(self, argc, argv, &json);

	if (go_on <= 0)
		return go_on < 0 ? STATUS_USAGE : STATUS_DONE;
	if (watcher_open(&watcher, self->name) < 0 || map_open(watcher.dev, &map) < 0)
		return STATUS_FAILED;

	status = gather(&sums, &watcher, map);
	if (status == STATUS_DONE)
		print(&sums, json);
	free(sums.all);
	return status;
}

const struct command command_stat = {
	.name = "stat",
	.classic = "vserver-stat",
	.usage = "[--json]",
	.summary = "what each context uses of the machine",
	.text = "Print for each context how many processes are in it, their address space and\n"
		"memory (pages that several share are counted for each of them), the time that\n"
		"they have had of the processors, how long the context has been there, and the\n"
		"name of its vserver: MAIN is context 0, the machine, and - a context of\n"
		"nobody's.  Contexts made inside have lines of their own.  Times are minutes, seconds and\n"
		"hundredths of them, or hours, minutes and seconds, or days, hours and minutes.\n\n"
		"Takes root outside of any context.",
	.options = options,
	.anywhere = true,
	.run = run,
};
