// SPDX-License-Identifier: GPL-2.0-only
/* vctl running, status, list: what vservers are doing. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cleanup.h"
#include "message.h"
#include "table.h"
#include "vserver.h"

enum {
	OPTION_QUIET = OPTION_FIRST,
};

static const struct option_entry running_options[] = {
	{ "quiet", NULL, OPTION_QUIET, "print nothing, tell it by the exit status alone" },
	{ 0 },
};

static const struct option_entry json_options[] = {
	OPTION_ENTRY_JSON,
	{ 0 },
};

static const struct column list_columns[] = {
	{ "name", "NAME", COLUMN_PLAIN },
	{ "state", "STATE", COLUMN_PLAIN },
	{ "context", "CONTEXT", COLUMN_NUMBER },
	{ "processes", "PROCESSES", COLUMN_NUMBER },
	{ "onboot", "ONBOOT", COLUMN_PLAIN },
	{ "addresses", "ADDRESSES", COLUMN_PLAIN },
	{ 0 },
};

static const struct column status_columns[] = {
	{ "name", "NAME", COLUMN_PLAIN },
	{ "state", "STATE", COLUMN_PLAIN },
	{ "wish", "WISH", COLUMN_PLAIN },
	{ "context", "CONTEXT", COLUMN_NUMBER },
	{ "processes", "PROCESSES", COLUMN_NUMBER },
	{ "fakeinit", "INIT", COLUMN_PLAIN },
	{ "started", "STARTED", COLUMN_PLAIN },
	{ "onboot", "ONBOOT", COLUMN_PLAIN },
	{ "addresses", "ADDRESSES", COLUMN_PLAIN },
	{ 0 },
};

static const char *state_name(enum vctl_vserver_state state)
{
	switch (state) {
	case VCTL_STOPPED:
		return "stopped";
	case VCTL_STARTING:
		return "starting";
	case VCTL_RUNNING:
		return "running";
	case VCTL_ENDED:
		return "ended";
	case VCTL_LEFT:
		return "unfinished";
	}

	return "unknown";
}

static struct json_object *wish_or_null(enum vctl_vserver_wish wish)
{
	if (wish == VCTL_WISH_NONE)
		return NULL;

	return json_object_new_string(wish == VCTL_WISH_HALT ? "halt" : "reboot");
}

static struct json_object *time_or_null(int64_t seconds)
{
	time_t when = (time_t)seconds;
	struct tm local;
	char text[40];

	if (!seconds || !localtime_r(&when, &local) ||
	    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S%z", &local) == 0)
		return NULL;

	return json_object_new_string(text);
}

static struct json_object *addresses_or_null(char *text)
{
	struct json_object *addresses;
	char *rest = NULL;

	if (!text)
		return NULL;

	addresses = json_object_new_array();
	for (char *one = strtok_r(text, " ", &rest); one; one = strtok_r(NULL, " ", &rest))
		json_object_array_add(addresses, json_object_new_string(one));
	return addresses;
}

/* What doesn't run has neither context nor processes. */
static struct json_object *row_of(const char *name, struct vctl_vserver_status *status, bool all)
{
	struct json_object *row = json_object_new_object();
	bool has_context = status->context != VCONTEXT_ID_ANY;

	json_object_object_add(row, "name", json_object_new_string(name));
	json_object_object_add(row, "state", json_object_new_string(state_name(status->state)));
	if (all)
		json_object_object_add(row, "wish", wish_or_null(status->wish));
	json_object_object_add(row, "context",
			       has_context ? json_object_new_int64(status->context) : NULL);
	json_object_object_add(row, "processes",
			       has_context ? json_object_new_int64(status->processes) : NULL);
	if (all) {
		json_object_object_add(row, "fakeinit",
				       has_context ? json_object_new_boolean(status->fakeinit) :
						     NULL);
		json_object_object_add(row, "started", time_or_null(status->started));
	}
	json_object_object_add(row, "onboot", json_object_new_boolean(status->onboot));
	json_object_object_add(row, "addresses", addresses_or_null(status->addresses));

	return row;
}

static enum status ask(const char *name, struct vctl_vserver_status *status)
{
	vctl_auto_vserver struct vctl_vserver *vs = NULL;
	vctl_auto_error struct vctl_error *err = NULL;
	enum status opened = vserver_open(name, &vs);

	if (opened != STATUS_DONE)
		return opened;
	if (vctl_vserver_status(vs, status, &err) < 0)
		return vserver_fail(name, err);

	return STATUS_DONE;
}

/* One that is @named has to be there.  Fails if that can't be told, which is so with all then. */
static enum status add_row(struct json_object *rows, const char *name, bool all, bool named,
			   bool *missing)
{
	struct vctl_vserver_status status;
	enum status asked = ask(name, &status);

	if (asked != STATUS_DONE)
		return asked;

	if (named && status.state == VCTL_STOPPED && !vserver_exists(name)) {
		vserver_missing(name);
		*missing = true;
	} else {
		json_object_array_add(rows, row_of(name, &status, all));
	}
	vctl_vserver_status_free(&status);
	return STATUS_DONE;
}

static enum status print_names(const struct column *columns, char **names, bool named, bool json)
{
	struct json_object *rows = json_object_new_array();
	enum status status = STATUS_DONE;
	bool missing = false;

	for (; *names && status == STATUS_DONE; names++)
		status = add_row(rows, *names, columns == status_columns, named, &missing);
	if (status == STATUS_DONE && (json || !missing || json_object_array_length(rows) > 0))
		table_print(columns, rows, json);
	json_object_put(rows);

	return status == STATUS_DONE && missing ? STATUS_FAILED : status;
}

static enum status print_all(const struct column *columns, bool json)
{
	vctl_auto_error struct vctl_error *err = NULL;
	enum status status;
	char **names;

	if (vctl_vserver_list(&names, &err) < 0)
		return message_fail(err);

	status = print_names(columns, names, false, json);
	vctl_names_free(names);
	return status;
}

static enum status run_list(const struct command *self, int argc, char **argv)
{
	bool json;
	int go_on = option_parse_json(self, argc, argv, &json);

	if (go_on <= 0)
		return go_on < 0 ? STATUS_USAGE : STATUS_DONE;

	return print_all(list_columns, json);
}

static int take_flag(int value, const char *argument, void *data)
{
	(void)value;
	(void)argument;
	*(bool *)data = true;
	return 0;
}

static enum status run_status(const struct command *self, int argc, char **argv)
{
	bool json = false;
	int first;
	int go_on = option_parse(self, argc, argv, take_flag, &json, &first);

	if (go_on <= 0)
		return go_on < 0 ? STATUS_USAGE : STATUS_DONE;
	if (first == argc)
		return print_all(status_columns, json);

	return print_names(status_columns, argv + first, true, json);
}

static enum status run_running(const struct command *self, int argc, char **argv)
{
	struct vctl_vserver_status status;
	enum status asked;
	bool quiet = false;
	bool running;
	int first;
	int go_on = option_parse(self, argc, argv, take_flag, &quiet, &first);

	if (go_on <= 0)
		return go_on < 0 ? STATUS_USAGE : STATUS_DONE;
	if (first == argc)
		return message_usage(self, self->name, "which vserver is missing");
	if (first + 1 < argc)
		return message_usage(self, argv[first + 1], "one vserver at a time");

	asked = ask(argv[first], &status);
	if (asked != STATUS_DONE)
		return asked;
	running = status.state == VCTL_RUNNING;
	if (status.state == VCTL_STOPPED && !quiet && !vserver_exists(argv[first]))
		vserver_missing(argv[first]);
	else if (!quiet)
		printf("%s: %s\n", argv[first], state_name(status.state));
	vctl_vserver_status_free(&status);

	return running ? STATUS_DONE : STATUS_FAILED;
}

#define TEXT_STATES \
	"States: stopped, starting (a start, stop or restart is under way), running, ended\n" \
	"(its init has; a start or stop tidies up), unfinished (a start or stop was killed;\n" \
	"likewise).  What there is not is shown as -, in JSON as null.\n"

const struct command command_running = {
	.name = "running",
	.vserver = "NAME running [--quiet]",
	.usage = "[--quiet] NAME",
	.summary = "does a vserver run?",
	.text = "Tell whether a vserver runs, as a line and by the exit status.",
	.status = "0 it runs, 1 it does not, or that can't be told, 2 wrong usage",
	.options = running_options,
	.anywhere = true,
	.run = run_running,
};

const struct command command_status = {
	.name = "status",
	.vserver = "NAME status [--json]",
	.usage = "[--json] [NAME...]",
	.summary = "what vservers are doing",
	.text = "Tell what vservers are doing; all of them, if none is named.\n\n"
		TEXT_STATES
		"WISH is what the init of one that has ended wanted, halt or reboot.  INIT tells\n"
		"whether it has a process 1 of its own (the flag fakeinit).",
	.options = json_options,
	.anywhere = true,
	.run = run_status,
};

const struct command command_list = {
	.name = "list",
	.vserver = "list [--json]",
	.usage = "[--json]",
	.summary = "all vservers",
	.text = "List all vservers that have a configuration or run, with their addresses, if\n"
		"they are tied to some.\n\n"
		TEXT_STATES,
	.options = json_options,
	.anywhere = true,
	.run = run_list,
};
