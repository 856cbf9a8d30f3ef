// SPDX-License-Identifier: GPL-2.0-only
/* vctl rpm, apt: one command of the package manager in several vservers, and one report. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "errand.h"
#include "message.h"
#include "run.h"
#include "table.h"
#include "vserver.h"

#define PARALLEL_MAX 64
#define LOOK_MS 500

enum {
	OPTION_PARALLEL = OPTION_FIRST,
	OPTION_UNIFY,
};

static const struct option_entry options[] = {
	{ "parallel", "N", OPTION_PARALLEL, "in how many at the same time (1)" },
	{ "unify", NULL, OPTION_UNIFY, "unify those in which it is done, afterwards" },
	OPTION_ENTRY_JSON,
	{ 0 },
};

static const struct column columns[] = {
	{ "name", "NAME", COLUMN_PLAIN },
	{ "result", "RESULT", COLUMN_PLAIN },
	{ "why", "WHY", COLUMN_PLAIN },
	{ 0 },
};

/* One vserver, and how far it is. */
struct stop {
	const char *name;
	bool begun;
	struct report report;	/* while it is under way; .child 0: it isn't */
	struct outcome outcome;
};

struct tour {
	const struct command *self;
	bool json;
	bool unify;
	unsigned int parallel;
	struct errand errand;
	char **argv;		/* of the errand */
	char **all;		/* the names behind ALL */
	struct stop *stops;
	size_t count;
};

static int take_option(int value, const char *argument, void *data)
{
	struct tour *tour = data;
	char *end;
	unsigned long number;

	if (value == OPTION_JSON || value == OPTION_UNIFY) {
		tour->json |= value == OPTION_JSON;
		tour->unify |= value == OPTION_UNIFY;
		return 0;
	}

	number = strtoul(argument, &end, 10);
	if (*argument >= '1' && *argument <= '9' && !*end && number <= PARALLEL_MAX) {
		tour->parallel = (unsigned int)number;
		return 0;
	}
	message_usage(tour->self, *argument ? argument : "--parallel",
		      "it is a number from 1 to 64");
	return -1;
}

/* A slip in the last name leaves nothing half done. */
static enum status add_stop(struct tour *tour, const char *name)
{
	vctl_auto_vserver struct vctl_vserver *vs = NULL;
	enum status status = vserver_open(name, &vs);

	if (status != STATUS_DONE)
		return status;
	for (size_t i = 0; i < tour->count; i++) {
		if (strcmp(tour->stops[i].name, name) == 0)
			return STATUS_DONE;
	}

	tour->stops[tour->count++] = (struct stop){
		.name = name,
		.outcome = { .exit_status = -1 },
	};
	return STATUS_DONE;
}

static enum status add_stops(struct tour *tour, char **names, size_t count)
{
	vctl_auto_error struct vctl_error *err = NULL;
	bool all = count == 1 && strcmp(names[0], "ALL") == 0;
	enum status status = STATUS_DONE;

	for (size_t i = 0; !all && i < count; i++) {
		if (strcmp(names[i], "ALL") == 0)
			return message_usage(tour->self, "ALL", "no vserver is named with it");
	}
	if (all && vctl_vserver_list(&tour->all, &err) < 0)
		return message_fail(err);
	if (all) {
		names = tour->all;
		for (count = 0; names[count]; count++)
			;
	}

	tour->stops = calloc(count + 1, sizeof(*tour->stops));
	if (!tour->stops)
		return message_system(tour->self->name, NULL);
	for (size_t i = 0; i < count && status == STATUS_DONE; i++)
		status = add_stop(tour, names[i]);
	return status;
}

/* By its name it may be a package. */
static bool is_package(const struct tour *tour, const char *word)
{
	const char *suffix = tour->self == &command_apt ? ".deb" : ".rpm";
	size_t length = strlen(word);

	return *word != '-' && length > strlen(suffix) &&
	       strcmp(word + length - strlen(suffix), suffix) == 0;
}

/* What isn't a file of the machine may be one inside. */
static enum status add_packages(struct tour *tour)
{
	for (char **word = tour->argv + 1; *word; word++) {
		if (!is_package(tour, *word) || parcel_add(&tour->errand.parcel, *word) == 0 ||
		    errno == ENOENT || errno == ENOTDIR)
			continue;
		if (errno == EEXIST)
			return message_usage(tour->self, *word,
					     "there is another file of that name");
		if (errno == EINVAL)
			return message_usage(tour->self, *word, "it is not a regular file");
		return message_system(*word, NULL);
	}

	return STATUS_DONE;
}

static enum status make_errand(struct tour *tour, char **words, size_t count)
{
	static const char *const quiet[] = { "DEBIAN_FRONTEND=noninteractive", NULL };
	bool apt = tour->self == &command_apt;

	tour->argv = calloc(count + 2, sizeof(*tour->argv));
	if (!tour->argv)
		return message_system(tour->self->name, NULL);

	tour->argv[0] = (char *)(apt ? "apt-get" : "rpm");
	memcpy(tour->argv + 1, words, count * sizeof(*words));
	tour->errand.argv = tour->argv;
	tour->errand.terminal = !tour->json && tour->parallel == 1 && isatty(STDIN_FILENO) &&
				isatty(STDOUT_FILENO);
	if (apt && !tour->errand.terminal)
		tour->errand.environment = quiet;
	return add_packages(tour);
}

/* What is so for all of them is told once, and nothing is begun. */
static enum status look_at_machine(const struct tour *tour)
{
	vctl_auto_vserver struct vctl_vserver *vs = NULL;
	vctl_auto_error struct vctl_error *err = NULL;
	struct vctl_vserver_status status;

	if (tour->count == 0)
		return STATUS_DONE;
	if (vserver_open(tour->stops[0].name, &vs) != STATUS_DONE)
		return STATUS_FAILED;
	if (vctl_vserver_status(vs, &status, &err) < 0)
		return message_fail(err);

	vctl_vserver_status_free(&status);
	return STATUS_DONE;
}

static void begin(struct tour *tour, struct stop *stop)
{
	const char *bold = message_colour(stdout) ? "\033[1m" : "";

	stop->begun = true;
	if (!vserver_exists(stop->name)) {
		strcpy(stop->outcome.why, "there is no such vserver (vctl list shows all)");
		return;
	}

	if (tour->errand.terminal)
		printf("%s==> %s <==%s\n", bold, stop->name, *bold ? "\033[0m" : "");
	if (errand_begin(&tour->errand, stop->name, &stop->report) < 0) {
		snprintf(stop->outcome.why, sizeof(stop->outcome.why), "%s", strerror(errno));
		stop->report.child = 0;
	}
}

static void end(struct stop *stop)
{
	errand_end(&stop->report, &stop->outcome);
	stop->report.child = 0;
}

/* Wait until one of those that are under way ends, or there is a signal. */
static void await(struct tour *tour)
{
	struct pollfd lines[PARALLEL_MAX];
	struct stop *stops[PARALLEL_MAX];
	nfds_t count = 0;

	for (size_t i = 0; i < tour->count && count < PARALLEL_MAX; i++) {
		if (tour->stops[i].report.child <= 0)
			continue;
		stops[count] = &tour->stops[i];
		lines[count++] = (struct pollfd){ .fd = tour->stops[i].report.fd,
						  .events = POLLIN };
	}

	/* A signal may have come just before. */
	if (poll(lines, count, LOOK_MS) < 0)
		return;
	for (nfds_t i = 0; i < count; i++) {
		if (lines[i].revents)
			end(stops[i]);
	}
}

static size_t under_way(const struct tour *tour)
{
	size_t count = 0;

	for (size_t i = 0; i < tour->count; i++)
		count += tour->stops[i].report.child > 0;
	return count;
}

static void abort_each(const struct tour *tour, bool hard)
{
	for (size_t i = 0; i < tour->count; i++) {
		if (tour->stops[i].report.child > 0)
			errand_abort(&tour->stops[i].report, hard);
	}
}

/* A package manager that is killed leaves half of a package. */
static void abort_all(struct tour *tour)
{
	bool hard = false;

	if (under_way(tour) > 0)
		message_error(tour->self->name, "interrupted: what is under way is told to end",
			      "a second signal kills it");
	abort_each(tour, false);
	while (under_way(tour) > 0) {
		if (!hard && run_interrupted_again()) {
			abort_each(tour, true);
			hard = true;
		}
		await(tour);
	}
}

static void carry_out(struct tour *tour)
{
	size_t next = 0;

	while (!run_interrupted() && (next < tour->count || under_way(tour) > 0)) {
		if (next < tour->count && under_way(tour) < tour->parallel)
			begin(tour, &tour->stops[next++]);
		else
			await(tour);
	}

	abort_all(tour);
	for (size_t i = next; i < tour->count; i++)
		strcpy(tour->stops[i].outcome.why, "not begun: it was interrupted");
}

static struct json_object *number_or_null(bool is, int number)
{
	return is ? json_object_new_int(number) : NULL;
}

static struct json_object *row_of(const struct stop *stop)
{
	struct json_object *row = json_object_new_object();
	const struct outcome *outcome = &stop->outcome;
	char why[ERRAND_WHY];

	/* Bytes from inside can be in it. */
	snprintf(why, sizeof(why), "%s", outcome->why);
	message_defuse(why);
	json_object_object_add(row, "name", json_object_new_string(stop->name));
	json_object_object_add(row, "result",
			       json_object_new_string(outcome->done ? "done" : "failed"));
	json_object_object_add(row, "exit_status",
			       number_or_null(outcome->exit_status >= 0, outcome->exit_status));
	json_object_object_add(row, "signal", number_or_null(outcome->signal, outcome->signal));
	json_object_object_add(row, "was_stopped", json_object_new_boolean(outcome->was_stopped));
	json_object_object_add(row, "why", outcome->done ? NULL : json_object_new_string(why));
	return row;
}

/* The names of those that failed, for who reads no table. */
static void tell_failed(const struct tour *tour, size_t failed)
{
	auto_free char *names = NULL;
	auto_free char *why = NULL;
	size_t room;
	auto_file FILE *list = open_memstream(&names, &room);
	const char *gap = "";

	for (size_t i = 0; list && i < tour->count; i++) {
		if (tour->stops[i].outcome.done)
			continue;
		fprintf(list, "%s%s", gap, tour->stops[i].name);
		gap = ", ";
	}
	if (!list || fflush(list) != 0 ||
	    asprintf(&why, "failed in %zu of %zu vservers: %s", failed, tour->count, names) < 0)
		why = NULL;
	message_error(tour->self->name, why ? why : "failed", NULL);
}

static enum status report(const struct tour *tour)
{
	struct json_object *rows = json_object_new_array();
	size_t failed = 0;

	for (size_t i = 0; i < tour->count; i++) {
		failed += !tour->stops[i].outcome.done;
		json_object_array_add(rows, row_of(&tour->stops[i]));
	}

	table_print(columns, rows, tour->json);
	json_object_put(rows);
	if (failed > 0)
		tell_failed(tour, failed);
	return failed ? STATUS_FAILED : STATUS_DONE;
}

/* As "vctl unify" of those in which all is well; one alone is unified with all others. */
static enum status unify(const struct tour *tour)
{
	auto_free char **line = calloc(tour->count + 2, sizeof(*line));
	int count = 0;

	if (!line)
		return message_system(command_unify.name, NULL);

	line[count++] = (char *)command_unify.name;
	for (size_t i = 0; i < tour->count; i++) {
		if (tour->stops[i].outcome.done)
			line[count++] = (char *)tour->stops[i].name;
	}
	return count == 1 || run_interrupted() ? STATUS_DONE :
						 command_unify.run(&command_unify, count, line);
}

/* In JSON nothing is to be but that: what else is printed goes to the errors. */
static enum status carry_out_and_report(struct tour *tour)
{
	enum status unified = STATUS_DONE;
	auto_fd int out = -1;
	enum status status = look_at_machine(tour);

	if (status != STATUS_DONE)
		return status;
	if (tour->json) {
		out = dup(STDOUT_FILENO);
		if (out < 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
			return message_system("standard output", NULL);
	}

	run_catch_signals();
	carry_out(tour);
	if (tour->unify)
		unified = unify(tour);
	fflush(stdout);
	if (tour->json && dup2(out, STDOUT_FILENO) < 0)
		return message_system("standard output", NULL);
	status = report(tour);
	return status == STATUS_DONE ? unified : status;
}

static void free_tour(struct tour *tour)
{
	parcel_free(&tour->errand.parcel);
	vctl_names_free(tour->all);
	free(tour->stops);
	free(tour->argv);
}

/* What is behind -- is not ours. */
static int find_end(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--") == 0)
			return i;
	}

	return argc;
}

static enum status run(const struct command *self, int argc, char **argv)
{
	__attribute__((cleanup(free_tour))) struct tour tour = { .self = self, .parallel = 1 };
	int end = find_end(argc, argv);
	enum status status;
	int first;
	int go_on = option_parse(self, end, argv, take_option, &tour, &first);

	if (go_on <= 0)
		return go_on < 0 ? STATUS_USAGE : STATUS_DONE;
	if (first == end)
		return message_usage(self, self->name, "which vservers is missing, or ALL");
	if (end + 1 >= argc)
		return message_usage(self, self->name,
				     "what to do there is missing, behind the vservers and --");

	status = add_stops(&tour, argv + first, (size_t)(end - first));
	if (status == STATUS_DONE)
		status = make_errand(&tour, argv + end + 1, (size_t)(argc - end - 1));
	return status == STATUS_DONE ? carry_out_and_report(&tour) : status;
}

#define TEXT_TOUR \
	" with these arguments in each of the vservers, or with ALL in all that there\n" \
	"are, one after the other, also if it fails in one, and report how it went.\n\n" \
	"In a vserver that is stopped it runs all the same: that is started for it without\n" \
	"its services, and stopped again.  Packages that are files of the machine are copied\n" \
	"into each vserver's /tmp for that time.\n\n" \
	"On a terminal it can ask its questions there.  Without one, with --json or with\n" \
	"--parallel it reads nothing, and each line that it prints says whose it is; with\n" \
	"--json they are on standard error.  On a terminal what it prints reaches that as it\n" \
	"is; with --parallel 2 or </dev/null what would steer it is taken out of each line.\n\n" \
	"A signal (^C) asks what runs there to end, which a package manager does when nothing\n" \
	"is half-done; a second one, or half a minute, kills it.\n\n" \
	"What packages bring is a file of its own in each of them; --unify shares it again."
#define STATUS_TOUR "0 done in all, 1 it failed in one, 2 wrong usage"

const struct command command_rpm = {
	.name = "rpm",
	.classic = "vrpm",
	.usage = "[--unify] [--parallel N] [--json] NAME...|ALL -- ARG...",
	.summary = "rpm in several vservers",
	.text = "Run rpm" TEXT_TOUR,
	.status = STATUS_TOUR,
	.options = options,
	.anywhere = true,
	.run = run,
};

const struct command command_apt = {
	.name = "apt",
	.classic = "vapt",
	.usage = "[--unify] [--parallel N] [--json] NAME...|ALL -- ARG...",
	.summary = "apt-get in several vservers",
	.text = "Run apt-get" TEXT_TOUR "\n\n"
		"Where it reads nothing DEBIAN_FRONTEND is noninteractive; apt-get's own -y answers\n"
		"whether to go on.",
	.status = STATUS_TOUR,
	.options = options,
	.anywhere = true,
	.run = run,
};
