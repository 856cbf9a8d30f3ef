// SPDX-License-Identifier: GPL-2.0-only
/* vctl info: what this kernel supports, and where the caller is. */
#include <string.h>
#include <sys/utsname.h>

#include <vctl.h>

#include "command.h"
#include "message.h"
#include "table.h"

static const struct option_entry options[] = {
	OPTION_ENTRY_JSON,
	{ 0 },
};

static const struct column columns[] = {
	{ "kernel", "Kernel", COLUMN_PLAIN },
	{ "stub", "Stub in the kernel", COLUMN_PLAIN },
	{ "module", "Module loaded", COLUMN_PLAIN },
	{ "abi", "Interface version", COLUMN_PLAIN },
	{ "flags", "Flags known", COLUMN_PLAIN },
	{ "context", "Own context", COLUMN_PLAIN },
	{ "context_flags", "Its flags", COLUMN_PLAIN },
	{ "contexts", "Contexts besides 0", COLUMN_PLAIN },
	{ 0 },
};

static struct json_object *yes_no_unknown(int answer)
{
	return answer < 0 ? NULL : json_object_new_boolean(answer);
}

static struct json_object *number_or_null(uint32_t number)
{
	return number == VCONTEXT_ID_ANY ? NULL : json_object_new_int64(number);
}

static struct json_object *record_of(const struct vcontext_info *info)
{
	struct json_object *record = json_object_new_object();
	struct utsname name;

	uname(&name);
	json_object_object_add(record, "kernel", json_object_new_string(name.release));
	json_object_object_add(record, "stub", yes_no_unknown(info ? 1 : vctl_stub_present()));
	json_object_object_add(record, "module", yes_no_unknown(info ? 1 : vctl_module_loaded()));
	json_object_object_add(record, "abi", info ? json_object_new_int64(info->abi) : NULL);
	json_object_object_add(record, "flags", info ? table_flags(info->flags) : NULL);
	json_object_object_add(record, "context", info ? number_or_null(info->id) : NULL);
	/* With the context its flags are hidden too. */
	json_object_object_add(record, "context_flags", info && info->id != VCONTEXT_ID_ANY ?
			       table_flags(info->own_flags) : NULL);
	json_object_object_add(record, "contexts", info ? number_or_null(info->contexts) : NULL);

	return record;
}

static enum status run(const struct command *self, int argc, char **argv)
{
	vctl_auto_device struct vctl_device *dev = NULL;
	vctl_auto_error struct vctl_error *err = NULL;
	struct vcontext_info info = VCTL_SIZED(struct vcontext_info);
	struct json_object *record;
	bool json;
	bool known;
	int go_on = option_parse_json(self, argc, argv, &json);

	if (go_on <= 0)
		return go_on < 0 ? STATUS_USAGE : STATUS_DONE;

	known = vctl_device_open(&dev, &err) == 0 && vctl_info(dev, &info, &err) == 0;
	record = record_of(known ? &info : NULL);
	table_print_record(columns, record, json);
	json_object_put(record);

	return known ? STATUS_DONE : message_fail(err);
}

const struct command command_info = {
	.name = "info",
	.usage = "[--json]",
	.summary = "what this kernel supports, and the own context",
	.text = "Tell what the kernel supports, and in which context the caller is.  What is not\n"
		"known, or not to be known from this context, is shown as -, in JSON as null.",
	.options = options,
	.run = run,
};
