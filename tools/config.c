// SPDX-License-Identifier: GPL-2.0-only
/* vctl get, set: the configuration of a vserver. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "config.h"
#include "message.h"
#include "stage.h"
#include "table.h"
#include "trouble.h"
#include "vserver.h"

enum {
	OPTION_UNSET = OPTION_FIRST,
};

static const struct option_entry set_options[] = {
	{ "unset", "KEY", OPTION_UNSET, "go back to the default of KEY" },
	{ 0 },
};

static const struct option_entry get_options[] = {
	OPTION_ENTRY_JSON,
	{ 0 },
};

static const struct column columns[] = {
	{ "key", "KEY", COLUMN_PLAIN },
	{ "value", "VALUE", COLUMN_PLAIN },
	{ "set", "SET", COLUMN_PLAIN },
	{ 0 },
};

const char *config_value(char *const *settings, const char *key)
{
	size_t length = strlen(key);

	for (; *settings; settings++) {
		if (strncmp(*settings, key, length) == 0 && (*settings)[length] == '=')
			return *settings + length + 1;
	}

	return NULL;
}

enum status config_change(struct vctl_vserver *vs, const char *const *changes)
{
	__attribute__((cleanup(trouble_forget))) struct trouble trouble = { 0 };
	vctl_auto_error struct vctl_error *err = NULL;
	auto_free char *command = NULL;
	int result;

	if (asprintf(&command, "set %s", vctl_vserver_name(vs)) < 0)
		return message_system("set", NULL);
	if (stage_lock(vs, &trouble) < 0)
		return trouble_tell(&trouble, command, NULL);

	result = vctl_conf_change(vctl_vserver_conf(vs), changes, &err);
	if (result < 0)
		return vserver_fail(vctl_vserver_name(vs), err);

	printf("vserver %s: %s\n", vctl_vserver_name(vs),
	       result == 0 ? "changed; it holds from its next start on" : "it is so already");
	return STATUS_DONE;
}

struct set {
	const struct command *self;
	const char **changes;
	size_t count;
};

/* 0, or -1 and told. */
static int add_change(struct set *set, const char *change)
{
	const char **more = reallocarray(set->changes, set->count + 2, sizeof(*more));

	if (!more) {
		message_system(set->self->name, NULL);
		return -1;
	}

	more[set->count++] = change;
	more[set->count] = NULL;
	set->changes = more;
	return 0;
}

static int take_unset(int value, const char *argument, void *data)
{
	struct set *set = data;

	(void)value;
	if (*argument && !strchr(argument, '='))
		return add_change(set, argument);

	message_usage(set->self, *argument ? argument : "--unset", "it is a key, without a value");
	return -1;
}

static enum status take_changes(struct set *set, int argc, char **argv, const char **name)
{
	int first;
	int go_on = option_parse(set->self, argc, argv, take_unset, set, &first);

	*name = NULL;
	if (go_on <= 0)
		return go_on < 0 ? STATUS_USAGE : STATUS_DONE;
	if (first == argc)
		return message_usage(set->self, set->self->name, "which vserver is missing");

	for (int i = first + 1; i < argc; i++) {
		if (*argv[i] == '=' || !strchr(argv[i], '='))
			return message_usage(set->self, argv[i], "not a setting: KEY=VALUE");
		if (add_change(set, argv[i]) < 0)
			return STATUS_FAILED;
	}
	if (set->count == 0)
		return message_usage(set->self, set->self->name,
				     "what to change is missing: KEY=VALUE, or --unset KEY");

	*name = argv[first];
	return STATUS_DONE;
}

static enum status run_set(const struct command *self, int argc, char **argv)
{
	vctl_auto_vserver struct vctl_vserver *vs = NULL;
	struct set set = { .self = self };
	const char *name;
	enum status status = take_changes(&set, argc, argv, &name);

	if (status == STATUS_DONE && name)
		status = vserver_open(name, &vs);
	if (status == STATUS_DONE && name)
		status = config_change(vs, set.changes);
	free(set.changes);
	return status;
}

static int take_flag(int value, const char *argument, void *data)
{
	(void)value;
	(void)argument;
	*(bool *)data = true;
	return 0;
}

static void print_all(char *const *settings, bool json)
{
	struct json_object *rows = json_object_new_array();

	for (const struct vctl_conf_key *key = vctl_conf_key_list(); key->name; key++) {
		struct json_object *row = json_object_new_object();
		const char *value = config_value(settings, key->name);

		json_object_object_add(row, "key", json_object_new_string(key->name));
		json_object_object_add(row, "value", json_object_new_string(value ? value : key->value));
		json_object_object_add(row, "set", json_object_new_boolean(value != NULL));
		json_object_array_add(rows, row);
	}
	table_print(columns, rows, json);
	json_object_put(rows);
}

static const struct vctl_conf_key *find_key(const char *name)
{
	for (const struct vctl_conf_key *key = vctl_conf_key_list(); key->name; key++) {
		if (strcmp(key->name, name) == 0)
			return key;
	}

	return NULL;
}

static enum status complain_key(const struct command *self, const char *name)
{
	const char *names[64] = { NULL };
	auto_free char *why = NULL;
	const char *near;
	size_t count = 0;

	for (const struct vctl_conf_key *key = vctl_conf_key_list(); key->name; key++)
		names[count++] = key->name;

	near = vctl_nearest(name, names);
	if (!near || asprintf(&why, "there is no such key; did you mean %s?", near) < 0)
		why = NULL;
	return message_usage(self, name, why ? why : "there is no such key");
}

static enum status run_get(const struct command *self, int argc, char **argv)
{
	vctl_auto_vserver struct vctl_vserver *vs = NULL;
	vctl_auto_error struct vctl_error *err = NULL;
	bool json = false;
	char **settings;
	enum status opened;
	int first;
	int go_on = option_parse(self, argc, argv, take_flag, &json, &first);

	if (go_on <= 0)
		return go_on < 0 ? STATUS_USAGE : STATUS_DONE;
	if (first == argc)
		return message_usage(self, self->name, "which vserver is missing");
	if (json && first + 1 < argc)
		return message_usage(self, argv[first + 1], "JSON has all keys");
	for (int i = first + 1; i < argc; i++) {
		if (!find_key(argv[i]))
			return complain_key(self, argv[i]);
	}
	opened = vserver_open(argv[first], &vs);
	if (opened != STATUS_DONE)
		return opened;
	if (vctl_conf_settings(vctl_vserver_conf(vs), &settings, &err) < 0)
		return vserver_fail(argv[first], err);

	if (first + 1 == argc)
		print_all(settings, json);
	for (int i = first + 1; i < argc; i++) {
		const char *value = config_value(settings, argv[i]);

		puts(value ? value : "");
	}
	vctl_names_free(settings);
	return STATUS_DONE;
}

const struct command command_get = {
	.name = "get",
	.vserver = "NAME get [--json] [KEY...]",
	.usage = "[--json] NAME [KEY...]",
	.summary = "the configuration of a vserver",
	.text = "Print what /etc/vservers/NAME.conf sets, and what is left to the default; or the\n"
		"values of KEYs, each as a line, which is empty if it is not set.",
	.options = get_options,
	.anywhere = true,
	.run = run_get,
};

const struct command command_set = {
	.name = "set",
	.vserver = "NAME set KEY=VALUE... [--unset KEY]...",
	.usage = "NAME KEY=VALUE... [--unset KEY]...",
	.summary = "change the configuration of a vserver",
	.text = "Change /etc/vservers/NAME.conf.  Comments and all else in it stay; and if a value\n"
		"is wrong, or does not go with the others, nothing is changed.  What is set holds\n"
		"from the next start on.\n\n"
		"The comments in that file tell of the keys.",
	.options = set_options,
	.anywhere = true,
	.run = run_set,
};
