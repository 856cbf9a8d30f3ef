// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "cleanup.h"
#include "json_text.h"
#include "message.h"

struct json_object *json_text(const char *text)
{
	auto_free char *shown = strdup(text);

	if (shown)
		message_defuse(shown);
	return json_object_new_string(shown ? shown : "");
}
