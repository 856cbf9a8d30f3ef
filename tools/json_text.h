/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef JSON_TEXT_H
#define JSON_TEXT_H

#include <json-c/json.h>

/**
 * json_text() - A text that somebody else has chosen, for a terminal as well
 *
 * Names of vservers are ASCII; a path may be anything, which JSON can't hold: see message_defuse().
 */
struct json_object *json_text(const char *text);

#endif /* JSON_TEXT_H */
